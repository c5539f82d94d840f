"""Samples as text that Prometheus reads (exposition format 0.0.4).

docs: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.telemetry.figures import Sample

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PARTS_OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


def exposition(workers: Iterable[tuple[str, Iterable[Sample]]]) -> str:
    """The samples of all workers, each with its worker's number as a label."""
    by_name: dict[str, list[str]] = {}
    for worker, samples in workers:
        for sample in samples:
            labels = (*sample.labels, ("worker", worker))
            by_name.setdefault(sample.name, []).append(_line(sample, labels))
    histograms = {name.removesuffix("_bucket") for name in by_name if name.endswith("_bucket")}
    lines: list[str] = []
    declared: set[str] = set()
    for name in sorted(by_name, key=lambda name: (_family(name, histograms), name)):
        family = _family(name, histograms)
        if family not in declared:
            declared.add(family)
            lines.append(f"# TYPE {family} {_kind(family, histograms)}")
        lines += by_name[name]
    return "\n".join([*lines, ""])


def _family(name: str, histograms: set[str]) -> str:
    for ending in _PARTS_OF_HISTOGRAMS:
        if name.endswith(ending) and name.removesuffix(ending) in histograms:
            return name.removesuffix(ending)
    return name


def _kind(family: str, histograms: set[str]) -> str:
    if family in histograms:
        return "histogram"
    return "counter" if family.endswith("_total") else "gauge"


def _line(sample: Sample, labels: tuple[tuple[str, str], ...]) -> str:
    shown = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{sample.name}{{{shown}}} {_number(sample.value)}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
