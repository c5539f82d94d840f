"""The page of a report: one HTML file that needs nothing else, light and dark, on paper too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from importlib import resources

from tenfold.measure.advise_values import Advice, Finding
from tenfold.measure.latencies import Latencies, decode, histogram_of
from tenfold.measure.loop_history import Growth
from tenfold.measure.profile_flame import flame_svg, self_times
from tenfold.measure.profile_run import ProfiledRun
from tenfold.measure.profile_values import ServerUse
from tenfold.measure.report_charts import Line, bar_chart, latency_chart, line_chart
from tenfold.measure.report_values import Report

SHOWN_STATEMENTS = 6
SHOWN_FUNCTIONS = 10
COLORS = "abcdef"
PERCENTILES = (1, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99)


def page(report: Report) -> str:
    """The whole document."""
    title = f"{report.calm.run.target}: {report.full_advice.bottleneck.title}"
    sections = (
        _verdict(report),
        _section("Latency", _latency(report)),
        _section("Over time", _over_time(report.calm)),
        _section("When it is full", _when_full(report)),
        _section("Growth so far: prediction and result", _growth(report.growth)),
        _section("Where the time goes", _flame(report.full)),
        _section("Statements", _statements(report.full.profile.server)),
        _section("Workload", _workload(report)),
        _section("Machine, versions, settings", _machine(report)),
    )
    style = (resources.files("tenfold.measure") / "report.css").read_text()
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style></head><body><main>",
            *sections,
            "</main></body></html>",
        ]
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


# --- the verdict -------------------------------------------------------------------------------


def _verdict(report: Report) -> str:
    run, full = report.calm.run, report.full.run
    when = datetime.fromtimestamp(report.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    calm = report.calm_advice
    mark = "bad" if calm.is_needed else "good"
    figures = (
        ("asked", f"{run.planned_per_s:,.0f}/s"),
        ("answered well", f"{run.good_per_s:,.0f}/s"),
        ("p50", f"{run.latencies.p50_ms:,.2f} ms"),
        ("p99", f"{run.latencies.p99_ms:,.2f} ms"),
        ("failed", f"{run.failed:,}"),
        ("carries when full", f"{full.good_per_s:,.0f}/s"),
    )
    tiles = "".join(f"<div><b>{value}</b><span>{name}</span></div>" for name, value in figures)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in _notes(report))
    return (
        f"<header><h1>{escape(run.target)}</h1>"
        f'<p class="quiet">{escape(run.workload.title)}; {when}</p>'
        f'<p class="verdict {mark}">At this load: {escape(calm.bottleneck.title)}.</p>'
        f'<div class="tiles">{tiles}</div>{notes}'
        f"{_finding('At this load', calm) if calm.is_needed else ''}"
        f"{_finding('What breaks first', report.full_advice)}</header>"
    )


def _notes(report: Report) -> Iterable[str]:
    limits = (report.calm.run.generator.limit, report.full.run.generator.limit)
    told = (*report.calm_advice.notes, *report.full_advice.notes, *filter(None, limits))
    return dict.fromkeys(told)


def _finding(title: str, advice: Advice) -> str:
    found = advice.bottleneck
    evidence = "".join(f"<li>{escape(line)}</li>" for line in found.evidence)
    others = "".join(
        f"<li>{escape(other.title)} ({other.share:.0%}): {escape(other.step.text)}</li>"
        for other in advice.others
    )
    also = f'<p>Also found:</p><ul class="quiet">{others}</ul>' if others else ""
    return (
        f"<article><h3>{escape(title)}: {escape(found.title)}</h3>"
        f'<ul class="evidence">{evidence}</ul>'
        f"<p><b>Next step.</b> {escape(found.step.text)}</p>{_prediction(found)}{also}</article>"
    )


def _prediction(found: Finding) -> str:
    gain = found.gain
    return (
        f"<p><b>Predicted gain ×{gain.ratio:.2f}</b>, most likely ×{gain.low:.2f} to"
        f" ×{gain.high:.2f}; confidence {escape(gain.confidence)}."
        f' <span class="quiet">{escape(gain.formula)}</span></p>'
    )


# --- charts -----------------------------------------------------------------------------------


def _latency(report: Report) -> str:
    run = report.calm.run
    lines = [Line("all requests", _percentiles(run.latencies), "a")]
    for place, (kind, latencies) in enumerate(run.by_kind.items()):
        lines.append(Line(kind, _percentiles(latencies), COLORS[(place + 1) % len(COLORS)]))
    chart = latency_chart("latency by percentile, from the planned send time", lines)
    rows = [
        (kind, f"{found.count:,}", *(f"{value:,.2f}" for value in _figures(found)))
        for kind, found in {"all": run.latencies, **run.by_kind}.items()
    ]
    table = _table(("ms", "count", "mean", "p50", "p90", "p99", "p99.9", "max"), rows)
    return f"{chart}{table}"


def _figures(found: Latencies) -> Sequence[float]:
    return (found.mean_ms, found.p50_ms, found.p90_ms, found.p99_ms, found.p999_ms, found.max_ms)


def _percentiles(found: Latencies) -> list[tuple[float, float]]:
    histogram = histogram_of(decode(found.histogram))
    points: list[tuple[float, float]] = []
    for percentile in PERCENTILES:
        # Beyond the last single request there is nothing to read off.
        if found.count * (1 - percentile / 100) >= 1:
            value = histogram.get_value_at_percentile(percentile) / 1_000
            points.append((percentile, max(value, 1e-3)))
    return points


def _over_time(found: ProfiledRun) -> str:
    run = found.run
    slot_s = run.slots[1].start_s - run.slots[0].start_s if len(run.slots) > 1 else 1.0
    # The last slot may be shorter than the others.
    slots = [
        slot for slot in run.slots if slot.start_s + slot_s <= run.workload.rate.duration_s + 1e-6
    ]
    throughput = line_chart(
        "throughput",
        [
            Line("planned", [(s.start_s, s.planned / slot_s) for s in slots], "d"),
            Line("good answers", [(s.start_s, s.good / slot_s) for s in slots], "a", True),
        ],
        x_name="s",
        y_name="/s",
    )
    latency = line_chart(
        "latency over time",
        [
            Line("p99", [(s.start_s, s.p99_ms) for s in slots], "b"),
            Line("p50", [(s.start_s, s.p50_ms) for s in slots], "a"),
        ],
        x_name="s",
        y_name="ms",
    )
    return (
        f"<h3>Throughput</h3>{throughput}<h3>Latency</h3>{latency}<h3>Processor</h3>{_cores(found)}"
    )


def _cores(found: ProfiledRun) -> str:
    moments = found.profile.moments
    return line_chart(
        "cores that were busy",
        [
            Line("the machine", [(m.at_s, m.machine_cores) for m in moments], "d"),
            Line("the server", [(m.at_s, m.server_cores) for m in moments], "a", True),
            Line("the load generator", [(m.at_s, m.generator_cores) for m in moments], "c"),
        ],
        x_name="s",
        y_name="cores",
    )


def _when_full(report: Report) -> str:
    calm = {part.name: part for part in report.calm_advice.parts}
    bars = [(p.name, p.busy_ratio, p.detail) for p in report.full_advice.parts]
    rows = [
        (
            p.name,
            f"{calm[p.name].busy_ratio:.0%}" if p.name in calm else "",
            f"{p.busy_ratio:.0%}",
            p.detail,
        )
        for p in report.full_advice.parts
    ]
    chart = bar_chart("how busy each part is when the server is full", bars)
    table = _table(("part", "at the workload's rate", "when full", ""), rows)
    return f"{chart}{table}<h3>Processor</h3>{_cores(report.full)}{_threads(report.full)}"


def _threads(found: ProfiledRun) -> str:
    rows = [
        (f"{process.pid}: {use.kind}", f"{use.cpu_cores:.2f}", f"{use.waited_cores:.2f}")
        for process in found.profile.processes
        for use in process.threads
        if use.wanted_cores >= 0.005
    ]
    return f"<h3>Threads</h3>{_table(('process and thread', 'cores', 'waited for a core'), rows)}"


def _growth(steps: Sequence[Growth]) -> str:
    if not steps:
        return (
            '<p class="quiet">No step has been taken yet: <code>tenfold loop</code> takes them.</p>'
        )
    rows = [
        (
            datetime.fromtimestamp(step.at, UTC).strftime("%Y-%m-%d %H:%M"),
            step.bottleneck,
            step.step.text,
            f"{step.before_per_s:,.0f}",
            f"{step.after_per_s:,.0f}",
            f"×{step.predicted.ratio:.2f}",
            f"×{step.measured_ratio:.2f}",
            f"{step.off_ratio:+.0%}",
        )
        for step in steps
    ]
    names = ("when", "bottleneck", "step", "before/s", "after/s", "predicted", "measured", "off by")
    return _table(names, rows)


def _flame(found: ProfiledRun) -> str:
    stacks = found.profile.stacks
    total = sum(stacks.values())
    if not total:
        return ""
    rows = [
        (name, f"{count / total:.1%}")
        for name, count in list(self_times(stacks).items())[:SHOWN_FUNCTIONS]
    ]
    return (
        f'<p class="quiet">{total:,} looks at the full server; wider is more often, callers above.'
        f" Point at a frame to read it.</p>{flame_svg(stacks)}{_table(('function', 'share'), rows)}"
    )


# --- tables -----------------------------------------------------------------------------------


def _statements(server: ServerUse | None) -> str:
    if server is None or not server.statements:
        return ""
    parts: list[str] = []
    for statement in server.statements[:SHOWN_STATEMENTS]:
        plan = "<br>".join(escape(step) for step in statement.plan)
        parts.append(
            f"<details><summary>{statement.total_s * 1_000:,.1f} ms in {statement.count:,} runs,"
            f" {statement.mean_ms:,.3f} ms each</summary><pre>{escape(statement.sql)}</pre>"
            f'<p class="quiet">{plan}</p></details>'
        )
    return "".join(parts)


def _workload(report: Report) -> str:
    workload = report.calm.run.workload
    rate = workload.rate
    rows = [
        (name, str(getattr(workload, name)))
        for name in workload.__dataclass_fields__
        if name not in ("title", "rate")
    ]
    rows += [(f"rate.{name}", str(getattr(rate, name))) for name in rate.__dataclass_fields__]
    return _table(("key", "value"), rows)


def _machine(report: Report) -> str:
    machine, server = report.machine, report.full.profile.server
    generator = report.calm.run.generator
    rows = [
        ("processor", f"{machine.processor}, {machine.cores} cores"),
        ("memory", f"{machine.memory_bytes / 1e9:,.1f} GB"),
        ("system", f"{machine.system}, Python {machine.python}"),
        *report.versions.items(),
        *((name, str(value)) for name, value in (server.settings if server else {}).items()),
        (
            "load generator",
            f"{generator.processes} process(es), {generator.connections}"
            " connections,"
            f" {generator.cpu_us_per_request:.0f} µs a request, {generator.scheduling} priority",
        ),
        (
            "goal",
            f"p99 up to {report.goal.p99_ms:g} ms, failures up to {report.goal.error_ratio:.2%}",
        ),
    ]
    return _table(("", ""), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'
