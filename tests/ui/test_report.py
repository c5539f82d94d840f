"""The page: it holds what was measured, escapes what it shows, and is read in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tenfold.errors import OperatorError
from tenfold.measure import Goal, read_json
from tenfold.measure.advise import advise
from tenfold.measure.advise_values import Gain, Step
from tenfold.measure.latencies import summary
from tenfold.measure.loop_history import Growth
from tenfold.measure.profile_values import Moment, StatementUse
from tenfold.measure.report import versions, write_report
from tenfold.measure.report_charts import Line, bar_chart, latency_chart, line_chart
from tenfold.measure.report_page import page
from tenfold.measure.report_values import Report
from tenfold.measure.results import Slot, this_machine
from tests.ui.chromium import Chromium, program
from tests.unit.measure.measured import full, profiled, run, server, threads

LATENCIES = summary({1_000 * (1 + n): 200 for n in range(20)})
SLOTS = [Slot(float(n), 1_000, 1_000 - n, n, 1.0, 9.0 + n) for n in range(10)]
MOMENTS = [Moment(n / 2, 1.5, 0.8, 0.3, 0.1, 1e6, 0.0, 2, 10**9) for n in range(1, 12)]
STACKS = {"MainThread;serve (a.py:1);find <b> (b.py:2)": 60, "thread (2);read (c.py:3)": 40}
HOSTILE = "<script>document.title='taken'</script>"


def _report() -> Report:
    calm = profiled(run(latencies=LATENCIES, by_kind={"view": LATENCIES}, slots=SLOTS))
    strained = profiled(
        full(latencies=LATENCIES, slots=SLOTS),
        server(statements=[StatementUse(f"SELECT {HOSTILE}", 9, 1.0, 0.5, 9, ["SCAN t0"])]),
        threads_=threads(MainThread=0.6, io=0.4),
        stacks=STACKS,
    )
    calm = replace(calm, profile=replace(calm.profile, moments=MOMENTS))
    strained = replace(strained, profile=replace(strained.profile, moments=MOMENTS))
    grown = Growth(
        at=0.0,
        target="Tenfold",
        workload="a test",
        bottleneck="few_workers",
        step=Step("add_worker", "Start 2 workers instead of 1."),
        predicted=Gain(1.9, 1.6, 2.2, "medium", "by hand"),
        before_per_s=1_000.0,
        after_per_s=1_800.0,
        machine=this_machine(),
    )
    return Report(
        at=0.0,
        machine=this_machine(),
        versions=versions(),
        goal=Goal(),
        calm=calm,
        calm_advice=advise(calm),
        full=strained,
        full_advice=advise(strained),
        growth=[grown],
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, _report())
    return path


def test_json_stands_beside_the_page(written: Path) -> None:
    assert read_json(written.with_suffix(".json"), Report) == _report()


def test_a_page_must_not_be_its_own_json(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="is no page"):
        write_report(tmp_path / "report.json", _report())


def test_it_needs_nothing_else(written: Path) -> None:
    text = written.read_text()
    assert not re.search(r"(src|href)=|@import|url\(", text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http://127.", "")
    assert "<script" not in text


@pytest.mark.parametrize(
    "told",
    [
        "nothing is needed",
        "the workers are busy while cores are free",
        "×1.90",
        "×1.80",
        "+6%",
        "99.9%",
        "MainThread",
        "SCAN t0",
        "p99 up to 50 ms, failures up to 0.10%",
    ],
)
def test_what_it_shows(told: str) -> None:
    assert told in page(_report())


def test_no_figure_is_left_unfilled() -> None:
    assert not re.findall(r"\{[a-z_.]+[:}]", re.sub(r"<style>.*?</style>", "", page(_report())))


def test_charts_without_points_are_left_out() -> None:
    assert not line_chart("t", [Line("a", [], "a")], x_name="s", y_name="")
    assert not latency_chart("t", [Line("a", [(50, 1.0)], "a")])
    assert not bar_chart("t", [])


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def shown(
    request: pytest.FixtureRequest, written: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What a browser makes of the page."""
    if program() is None:
        pytest.skip("CHROMIUM IS MISSING: the report is not looked at")
    with Chromium(tmp_path_factory.mktemp("profile"), dark=request.param) as browser:
        browser.open(written.as_uri())
        browser.wait_for_text("What breaks first")
        found = browser.run(
            """JSON.stringify({
                title: document.title,
                overflows: document.documentElement.scrollWidth > innerWidth,
                page: getComputedStyle(document.body).backgroundColor,
                text: getComputedStyle(document.body).color,
                charts: document.querySelectorAll('svg').length,
                empty: [...document.querySelectorAll('svg')]
                    .filter((e) => e.getBoundingClientRect().height < 40).length,
                outside: [...document.querySelectorAll('svg .line')].filter((e) => {
                    const own = e.getBBox(), all = e.ownerSVGElement.viewBox.baseVal;
                    return own.x < 0 || own.y < 0 || own.x + own.width > all.width
                        || own.y + own.height > all.height;
                }).length,
                lines: document.querySelectorAll('svg .line').length,
            })"""
        )
        assert not browser.complaints
        return {**json.loads(found), "scheme": "dark" if request.param else "light"}


def test_a_browser_draws_every_chart(shown: dict[str, str]) -> None:
    assert (shown["charts"], shown["empty"], shown["outside"]) == (7, 0, 0)
    assert int(shown["lines"]) >= 9
    assert not shown["overflows"]


def test_nothing_that_was_measured_runs_in_the_page(shown: dict[str, str]) -> None:
    assert shown["title"].startswith("Tenfold")


def test_text_can_be_read_in_both_schemes(shown: dict[str, str]) -> None:
    page_light, text_light = (_lightness(shown[part]) for part in ("page", "text"))
    assert abs(page_light - text_light) > 150
    assert (page_light > text_light) == (shown["scheme"] == "light")


def _lightness(color: str) -> float:
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3
