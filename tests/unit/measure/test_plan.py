"""Sizing: what people write, the arithmetic by hand, price files, a simulated day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.errors import OperatorError
from tenfold.measure.plan import plan, server_per_s
from tenfold.measure.plan_day import (
    DAY_S,
    STEP_S,
    Policy,
    Spike,
    day_load,
    simulate_day,
    usual_spikes,
)
from tenfold.measure.plan_machine import Cost, MachineFigures, read_figures, save_figures
from tenfold.measure.plan_prices import PricesError, default_text, load_prices
from tenfold.measure.plan_values import (
    MONTH_S,
    Demand,
    Plan,
    parse_bytes,
    parse_count,
    parse_rate,
)
from tenfold.measure.results import this_machine

FIGURES = MachineFigures(
    machine=this_machine(),
    at=0.0,
    costs={
        "view": Cost(50.0, 15_000.0),
        "view from the database": Cost(80.0, 10_000.0),
        "list": Cost(250.0, 3_000.0),
        "create": Cost(400.0, 2_500.0, 20.0, 2.0),
        "sign-in": Cost(60_000.0, 16.0),
    },
    answer_bytes=1_200.0,
    stored_ratio=1.5,
    worker_bytes=80_000_000,
    others_cores=0.0,
)
SMALL = Demand(5_000, 2.0, 200.0, 1_000.0, 5.0)
MISSION = Demand(10e6, 1e9 / MONTH_S, 1e11 / MONTH_S, 1_000.0, 5.0)


@pytest.mark.parametrize(
    ("text", "value"), [("2500", 2_500), ("10M", 1e7), ("1e9", 1e9), ("1.5K", 1_500), ("3b", 3e9)]
)
def test_counts(text: str, value: float) -> None:
    assert parse_count(text) == value


@pytest.mark.parametrize(
    ("text", "per_s"), [("400/s", 400), ("1e9/month", 1e9 / MONTH_S), ("86400/day", 1)]
)
def test_rates(text: str, per_s: float) -> None:
    assert parse_rate(text) == pytest.approx(per_s)


@pytest.mark.parametrize(("text", "size"), [("1KB", 1_000), ("300", 300), ("2 MB", 2e6)])
def test_sizes(text: str, size: float) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "many", "-1", "1e999", "10M/fortnight", "1" * 400 + "x"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(OperatorError):
        parse_rate(text)


def _line(found: Plan, name: str) -> float:
    return next(line.value for line in found.lines if line.name == name)


def test_arithmetic_by_hand() -> None:
    found = plan(SMALL, FIGURES, load_prices(None))
    assert _line(found, "reads at the peak") == 1_000
    # 9 of 10 reads are views: 0.9 x 50 + 0.1 x 250.
    assert _line(found, "cost of a read") == pytest.approx(70)
    assert _line(found, "cores for reads") == pytest.approx(1_000 * 70e-6 / 0.6)
    assert _line(found, "cores for writes") == pytest.approx(10 * 400e-6 / 0.6)
    assert _line(found, "new data") == pytest.approx(2 * MONTH_S * 1_000 / 1e9)
    assert _line(found, "sent to users") == pytest.approx(200 * MONTH_S * 1_200 / 1e9)


def test_every_figure_shows_its_formula_and_source() -> None:
    for line in plan(MISSION, FIGURES, load_prices(None)).lines:
        assert line.formula and line.source in ("measured", "assumed", "asked")


def test_a_small_app_stays_on_one_box() -> None:
    advised = plan(SMALL, FIGURES, load_prices(None)).advised
    assert advised and advised.name == "single" and advised.month < 100


def test_the_mission_needs_the_last_stage_and_each_other_says_why_not() -> None:
    found = plan(MISSION, FIGURES, load_prices(None))
    assert [stage.name for stage in found.stages] == [
        *("single", "split", "balanced", "cached", "elastic", "vast")
    ]
    assert found.advised and found.advised.name == "vast"
    assert all(stage.fails for stage in found.stages[:-1])
    assert all(part.formula for stage in found.stages for part in stage.parts)


def test_a_price_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('currency = "EUR"\n[price]\ncore = 40\n')
    dear, usual = load_prices(path), load_prices(None)
    assert (dear.currency, dear.price["core"]) == ("EUR", 40)
    assert dear.price["disk_gb"] == usual.price["disk_gb"]
    costs = [plan(SMALL, FIGURES, prices).stages[0].month for prices in (usual, dear)]
    assert costs[1] == pytest.approx(costs[0] + 20)


def test_the_file_that_is_shown_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "copy.toml"
    path.write_text(default_text())
    assert load_prices(path) == load_prices(None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[price]\ncores = 1\n", "did you mean core?"),
        ("[price]\ncore = 0\n", "must be a number above 0"),
        ('[price]\ncore = "dear"\n', "must be a number above 0"),
        ("prices = 1\n", "is not a table"),
        ("[price\n", "is not TOML"),
    ],
)
def test_a_wrong_price_file_is_explained(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(PricesError, match=told):
        load_prices(path)


def test_a_missing_price_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(PricesError, match="can't be read"):
        load_prices(tmp_path / "none.toml")


def test_figures_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "machine.json"
    save_figures(path, FIGURES)
    assert read_figures(path) == FIGURES


def test_without_figures_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as caught:
        read_figures(tmp_path / "none.json")
    assert "--measure" in caught.value.hint


def test_a_day_has_the_mean_that_was_asked_for() -> None:
    load = day_load(100, 2.0, [])
    assert sum(load) / len(load) == pytest.approx(100)
    assert max(load) == pytest.approx(200)
    assert len(load) == DAY_S / STEP_S


def test_scaling_follows_the_wave_without_late_requests() -> None:
    day = simulate_day(day_load(1_000, 2.0, []), 100, Policy(), [])
    assert day.late_s == 0
    assert day.fixed_servers == 34
    assert 0.2 < day.saved_ratio < 0.6
    assert min(tick.servers for tick in day.ticks) < 5


def test_a_spike_is_late_until_servers_have_started() -> None:
    spikes = [Spike(12 * 3_600, 900, 4.0)]
    slow, fast = (
        simulate_day(day_load(1_000, 2.0, spikes), 100, Policy(starts_in_s=seconds), spikes)
        for seconds in (300.0, 30.0)
    )
    assert 0 < fast.late_s < slow.late_s <= 400
    assert slow.most_servers >= slow.fixed_servers


def test_scaling_keeps_to_its_bounds() -> None:
    policy = Policy(fewest=3, most=8)
    day = simulate_day(day_load(1_000, 5.0, usual_spikes(5.0)), 100, policy, [])
    assert {tick.servers for tick in day.ticks} <= set(range(3, 9))
    assert day.late_ratio > 0


def test_what_a_server_carries() -> None:
    assert server_per_s(SMALL, FIGURES, load_prices(None)) == pytest.approx(2 / 70e-6)
