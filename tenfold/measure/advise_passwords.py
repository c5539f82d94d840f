"""Rules about passwords: too few threads, or too many sign-ins. Pure."""

from __future__ import annotations

from tenfold.measure.advise_figures import MIN_S, Figures
from tenfold.measure.advise_gain import FULL, gain
from tenfold.measure.advise_values import Finding, Gain, Step


def password_pool(figures: Figures) -> Finding | None:
    """Sign-ins wait for a thread although cores are free."""
    server = figures.server
    if server is None or figures.pool_busy < FULL or not server.passwords.checks:
        return None
    passwords = server.passwords
    each_s = figures.password_cores * figures.took_s / passwords.checks
    rate = passwords.checks / figures.took_s
    machine = figures.machine
    # Other programs share the cores with more threads; what else serves does not.
    room = machine.cores - machine.generator_cores
    room -= machine.server_cores - figures.password_cores
    workers = max(1, server.workers)
    per_worker = max(1, round(machine.cores / workers))
    threads = per_worker * workers
    ratio = min(threads, room) / max(each_s, MIN_S) / max(rate, MIN_S)
    if threads <= passwords.threads or ratio < 1.15:
        return None
    is_quiet = machine.others_cores < 0.2 * machine.cores
    formula = (
        f"min({threads} threads, {room:.2f} cores) / {each_s * 1_000:.0f} ms / {rate:.1f} checks/s"
    )
    return Finding(
        name="password_pool",
        title="too few threads check passwords",
        evidence=[
            f"{passwords.threads} password threads are {figures.pool_busy:.0%} busy;"
            f" {passwords.wait_ms:,.0f} ms wait for one (Little:"
            f" {passwords.wait_s / figures.took_s:.1f} wait at a time)",
            f"{figures.free_cores:.1f} of {machine.cores} cores are free",
            *([f"{passwords.refused:,} were refused"] if passwords.refused else []),
        ],
        step=Step(
            "set",
            f"Raise password_threads from {server.settings.get('password_threads')} to"
            f" {per_worker} (TENFOLD_PASSWORD_THREADS={per_worker}).",
            {"setting": "password_threads", "value": str(per_worker)},
            is_here=True,
        ),
        gain=gain(ratio, "high" if is_quiet else "low", formula),
        share=1.0,
        cost=0,
    )


def password_cpu(figures: Figures) -> Finding | None:
    """Checking passwords takes all cores there are."""
    server, machine = figures.server, figures.machine
    if server is None or machine.cpu_ratio < FULL or not server.passwords.checks:
        return None
    share = figures.password_cores / max(machine.server_cores, MIN_S)
    if share < 0.5 or password_pool(figures):
        return None
    each_ms = figures.password_cores * figures.took_s / server.passwords.checks * 1_000
    return Finding(
        name="password_cpu",
        title="a storm of sign-ins takes the processor",
        evidence=[
            f"{figures.password_cores:.2f} of {machine.cores} cores check passwords,"
            f" {each_ms:.0f} ms each",
            f"{server.passwords.wait_ms:,.0f} ms wait for a thread,"
            f" {server.passwords.refused:,} were refused",
            f"the processor is {machine.cpu_ratio:.0%} busy",
        ],
        step=Step(
            "bigger_machine",
            "Sign in less often (longer token durations, refresh instead of signing in), limit"
            " sign-ins by rate, or use a machine with more cores: bcrypt is meant to be slow.",
        ),
        gain=Gain(2.0, 1.6, 2.0, "medium", "twice the cores / the same cost of a check"),
        share=share,
        cost=3,
    )
