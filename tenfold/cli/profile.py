"""`tenfold profile`: load a server of this machine and show where its time goes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli import load_options as flags
from tenfold.cli.console import err, out
from tenfold.measure import PrivateTenfold, Processes, write_json
from tenfold.measure.profile_flame import flame_svg, self_times
from tenfold.measure.profile_run import ProfiledRun, profiled_run
from tenfold.measure.profile_values import CacheUse, Profile, ServerUse

SHOWN_STATEMENTS = 5
SHOWN_FUNCTIONS = 8
SQL_LETTERS = 160


def profile(
    url: flags.Url = None,
    /,
    *,
    workload: flags.WorkloadName = "default",
    rate: Annotated[
        float | None, Parameter(help="Requests a second, instead of the workload's.")
    ] = None,
    seconds: flags.Seconds = None,
    records: flags.Records = None,
    superuser: flags.Superuser = None,
    workers: Annotated[int, Parameter(help="Workers of the fresh Tenfold; 0: one per core.")] = 0,
    connections: flags.Connections = 64,
    processes: flags.Processes_ = 0,
    timeout: flags.Timeout = 10.0,
    seed: flags.Seed = 1,
    stacks: Annotated[bool, Parameter(help="Look into the processes with py-spy, too.")] = True,
    flame: Annotated[
        Path | None, Parameter(help="Draw the stacks as a flame graph (SVG).", negative=())
    ] = None,
    json: flags.Json = None,
) -> int:
    """Load a server and show what each part of it does meanwhile.

    Processor, memory, disk and network of the machine and of each process, the delay of the event
    loop, statements with how the database runs them, the group commit, caches, queues and hooks;
    with py-spy also where in the program the time goes. The server must run on this machine. One
    that is not Tenfold tells nothing of itself: then only the machine and its processes are seen.

    For example:

        tenfold profile
        tenfold profile --workload writes --rate 2000 --flame flame.svg
        tenfold profile http://127.0.0.1:8090 --superuser you@example.com --json profile.json
    """
    chosen = flags.chosen_workload(workload, records, seconds, rate)
    effort = flags.effort(connections, timeout, seed)
    with flags.stoppable(), ExitStack() as stack:
        target = (
            stack.enter_context(PrivateTenfold(workers)).target
            if url is None
            else flags.named_target(url, superuser, allow_remote=False)
        )
        generator = stack.enter_context(Processes(flags.process_count(processes)))
        site = stack.enter_context(flags.filled(target, chosen))
        with err.status("load, and a look at the server"):
            found = profiled_run(generator, target, site, chosen, effort, stacks=stacks)
    show(found)
    if flame:
        flame.write_text(flame_svg(found.profile.stacks) or "<svg/>")
    if json:
        write_json(json, found)
    return 0


def show(found: ProfiledRun) -> None:
    """All parts, for people."""
    run, seen = found.run, found.profile
    out.print(
        f"[bold]{escape(run.target)}[/]: {run.good_per_s:,.0f} good answers/s of"
        f" {run.planned_per_s:,.0f} planned, p50 {run.latencies.p50_ms:,.2f} ms,"
        f" p99 {run.latencies.p99_ms:,.2f} ms, {run.failed:,} failed\n"
    )
    out.print(_machine(seen))
    out.print(_threads(seen))
    if seen.server:
        out.print(_parts(seen.server))
        _show_statements(seen.server)
        for hook in seen.server.hooks[:SHOWN_STATEMENTS]:
            out.print(
                f"hook {escape(hook.place)}: {hook.count:,} times,"
                f" {hook.total_s / hook.count * 1_000:,.2f} ms each"
            )
    _show_functions(seen)
    if run.generator.limit:
        err.print(f"[red]This run does not count:[/] {escape(run.generator.limit)}")
    for note in seen.notes:
        err.print(f"[yellow]note:[/] {escape(note)}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def _machine(seen: Profile) -> Table:
    use = seen.machine
    table = _table(f"machine, {use.cores} cores, {seen.took_s:.0f} s", "part", "used", "")
    rows = (
        ("processor", f"{use.cpu_ratio:.0%}", f"{use.runnable:.1f} tasks want to run"),
        ("  the server", f"{use.server_cores:.2f} cores", ""),
        ("  the load generator", f"{use.generator_cores:.2f} cores", ""),
        ("  py-spy", f"{use.profiler_cores:.2f} cores", ""),
        ("  other programs", f"{use.others_cores:.2f} cores", f"{use.stolen_ratio:.0%} stolen"),
        ("disk", f"{use.disk_ratio:.0%}", f"{use.disk_write_ms:.2f} ms a write"),
        ("disk writes", f"{use.disk_writes_per_s:,.0f}/s", _per_s(use.disk_written_bytes_per_s)),
        ("network", _per_s(use.net_bytes_per_s), "without loopback"),
        (
            "memory",
            f"{1 - use.memory_available_ratio:.0%}",
            _per_s(use.swapped_bytes_per_s, "swap"),
        ),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _per_s(count: float, what: str = "") -> str:
    return f"{count / 1e6:,.1f} MB/s {what}".strip()


def _threads(seen: Profile) -> Table:
    table = _table("\nprocesses and their threads, in cores", "thread", "ran", "waited for a core")
    for process in seen.processes:
        table.add_row(
            f"process {process.pid}, {process.memory_bytes / 1e6:,.0f} MB",
            f"{process.cpu_cores:.2f}",
            "",
            style="bold",
        )
        for use in process.threads:
            if use.wanted_cores >= 0.005:
                name = f"  {use.kind}" + (f" x{use.count}" if use.count > 1 else "")
                table.add_row(name, f"{use.cpu_cores:.2f}", f"{use.waited_cores:.2f}")
    return table


def _parts(server: ServerUse) -> Table:
    table = _table("\nparts of the service", "part", "figure", "")
    writer, passwords, delay = server.writer, server.passwords, server.loop_delay
    busy = (writer.commit_s + writer.work_s) / server.took_s if server.took_s else 0.0
    rows = (
        ("event loop is late", f"p99 {delay.p99_ms:g} ms", f"mean {delay.mean_ms:.2f} ms"),
        ("requests", f"{server.answered:,}", f"{server.routed:,} by the routes"),
        ("records remembered", *_cache(server.records)),
        ("lists remembered", *_cache(server.lists)),
        (
            "writer",
            f"{busy:.0%} busy",
            f"{writer.writes:,} writes, {writer.group_size:.1f} to a commit of"
            f" {writer.commit_ms:.2f} ms",
        ),
        (
            "passwords",
            f"{passwords.checks:,} checked",
            f"{passwords.wait_ms:,.0f} ms wait for one of {passwords.threads} threads,"
            f" {passwords.refused:,} refused",
        ),
        ("slow reads", f"{server.slow_reads:,}", f"{server.slow_read_s:.2f} s in threads"),
        ("garbage collector", f"{server.gc_s * 1_000:,.1f} ms", ""),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _cache(use: CacheUse) -> tuple[str, str]:
    return (
        f"{use.hit_ratio:.1%} hits",
        f"{use.used_bytes / 1e6:,.1f} of {use.limit_bytes / 1e6:,.0f} MB,"
        f" {use.evictions:,} evicted",
    )


def _show_statements(server: ServerUse) -> None:
    if not server.statements:
        return
    out.print("\n[bold]statements that took most time[/]")
    for statement in server.statements[:SHOWN_STATEMENTS]:
        out.print(
            f"{statement.total_s * 1_000:,.1f} ms in {statement.count:,} runs,"
            f" {statement.mean_ms:,.3f} ms each: {escape(statement.sql[:SQL_LETTERS])}"
        )
        for step in statement.plan:
            out.print(f"    {escape(step)}", style="dim")


def _show_functions(seen: Profile) -> None:
    total = sum(seen.stacks.values())
    if not total:
        return
    table = _table(f"\nwhere the program was, {total:,} looks", "function", "share")
    for name, count in list(self_times(seen.stacks).items())[:SHOWN_FUNCTIONS]:
        table.add_row(escape(name), f"{count / total:.1%}")
    out.print(table)
