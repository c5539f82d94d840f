"""Workload files: right ones are read, wrong ones are refused with all that is wrong."""

from __future__ import annotations

import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.measure.rate import SHAPES, Rate
from tenfold.measure.workload import (
    KEYS,
    RATE_PARSERS,
    Workload,
    WorkloadError,
    changed,
    load_workload,
    parse_workload,
    preset_names,
)

TEXT = """
title = "mine"
reads_per_write = 4
records = 7
list_share = 0.25

[rate]
shape = "ramp"
per_s = 10
peak_per_s = 30.5
"""

NAMES = st.sampled_from([*KEYS, *RATE_PARSERS, "read_per_write", "x", ""])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=6,
)


def test_the_mission_is_the_default() -> None:
    mission = load_workload("default")
    assert mission.reads_per_write == 100
    assert mission.record_bytes == 1_000
    assert mission.zipf_exponent == 1.0
    assert mission == Workload(title=mission.title)


@pytest.mark.parametrize("name", preset_names())
def test_presets(name: str) -> None:
    assert load_workload(name).title


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    rate = Rate("ramp", per_s=10.0, peak_per_s=30.5)
    assert load_workload(str(path)) == Workload(
        title="mine", reads_per_write=4.0, records=7, list_share=0.25, rate=rate
    )


def test_everything_wrong_is_told_at_once() -> None:
    text = 'read_per_write = 5\nrecords = 0\nlist_share = "much"\n[rate]\nper_sec = 1\nshape = "up"'
    with pytest.raises(WorkloadError) as caught:
        parse_workload(text, "w.toml")
    assert caught.value.problems == [
        "w.toml: read_per_write is not a key; did you mean reads_per_write?",
        "w.toml: records must be a whole number from 1 to 1,000,000, not 0",
        "w.toml: list_share must be a number from 0 to 1, not 'much'",
        "w.toml: rate.per_sec is not a key; did you mean per_s?",
        "w.toml: rate.shape must be one of steady, ramp, spike, day, not 'up'",
    ]
    assert "docs/measuring.md" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("list_share = 0.7\nfile_share = 0.7", "make 1.4 together"),
        ('[rate]\nshape = "spike"', "needs rate.peak_per_s"),
        ("rate = 5", "rate must be a table"),
        ("zipf_exponent = nan", "zipf_exponent must be a number"),
        ("records = true", "records must be a whole number"),
        ("a = ", "is not TOML"),
        ("\udcff", "is not TOML"),
    ],
)
def test_refused(text: str, problem: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        parse_workload(text)
    assert problem in caught.value.problems[0]


def test_a_missing_file() -> None:
    with pytest.raises(WorkloadError, match="did you mean writes"):
        load_workload("write")


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_keys(raw: dict[str, object]) -> None:
    """Either a workload within all limits, or a WorkloadError."""
    try:
        workload = changed(Workload(), raw, "any")
    except WorkloadError as error:
        assert error.problems
        return
    assert 0 <= workload.list_share + workload.file_share + workload.auth_share <= 1 + 1e-6
    assert all(math.isfinite(v) for v in asdict(workload).values() if isinstance(v, float))


@given(
    st.fixed_dictionaries(
        {
            "reads_per_write": st.floats(0, 1e9),
            "records": st.integers(1, 1_000_000),
            "zipf_exponent": st.floats(0, 5),
            "list_share": st.floats(0, 0.3),
            "file_share": st.floats(0, 0.3),
            "auth_share": st.floats(0, 0.3),
            "rate": st.fixed_dictionaries(
                {
                    "shape": st.sampled_from(SHAPES),
                    "per_s": st.floats(1, 1e5),
                    "duration_s": st.floats(0.1, 100),
                }
            ),
        }
    )
)
def test_right_keys_are_kept(raw: dict[str, Any]) -> None:
    raw["rate"]["peak_per_s"] = raw["rate"]["per_s"]
    workload = changed(Workload(), raw, "right")
    found = asdict(workload)
    for name, value in raw.items():
        if name != "rate":
            assert found[name] == value
    assert {name: found["rate"][name] for name in raw["rate"]} == raw["rate"]


def test_another_rate() -> None:
    ramp = changed(Workload(), {"rate": {"shape": "ramp", "peak_per_s": 9, "warmup_s": 3}}, "x")
    assert ramp.at(50.0).rate == Rate(per_s=50.0, warmup_s=3.0)


def test_keys_are_documented() -> None:
    """docs/measuring.md names every key with its default and its meaning."""
    text = (Path(__file__).parents[3] / "docs/measuring.md").read_text()
    for name, key in {**KEYS, **RATE_PARSERS}.items():
        default = asdict(Workload()).get(name, asdict(Rate()).get(name))
        shown = f'"{default}"' if isinstance(default, str) else f"{default}"
        assert name == "rate" or f"| `{name}` | `{shown}` | {key.help} |" in text
    assert {field.name for field in fields(Rate)} == set(RATE_PARSERS)
    for name in preset_names():
        assert f"`{name}`" in text
