"""Twelve bottlenecks, planted in a Tenfold of their own; one more that needs a stage to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tenfold.measure import PrivateTenfold, Site, Target
from tenfold.measure.samplers import superuser_token

Prepare = Callable[[Target, Site], None]
Take = Callable[[PrivateTenfold], None]

READS_ONLY = 1e9

COMPUTE = '''"""Planted: a hook that computes."""
from tenfold.hooks import hooks

@hooks.view()
async def decorate(event):
    sum(number * number for number in range({rounds}))
'''

WATCH_LISTS = '''"""Planted: every list passes a hook, so none is remembered."""
from tenfold.hooks import hooks

@hooks.list()
async def look(event):
    pass
'''

WAIT_INSIDE = '''"""Planted: the turn to write is held while something else is waited for."""
import asyncio
from tenfold.hooks import hooks

@hooks.before_update()
async def tell_another_service(event):
    if event.record.id.endswith("0000"):
        await asyncio.sleep(0.003)
'''

WAIT_AFTER = WAIT_INSIDE.replace("before_update", "after_update")

SLOW_SYNC = '''"""Planted: a disk whose every fsync takes longer, as a file system of SQLite."""
import time
import apsw

class SlowFile(apsw.VFSFile):
    def __init__(self, name, flags):
        super().__init__("unix", name, flags)

    def xSync(self, flags):
        time.sleep(0.03)
        super().xSync(flags)

class SlowDisk(apsw.VFS):
    def __init__(self):
        super().__init__("slow", "unix", makedefault=True)

    def xOpen(self, name, flags):
        return SlowFile(name, flags)

disk = SlowDisk()
'''


def drop_indexes(target: Target, site: Site) -> None:
    """Take the index away that the lists of a site need."""
    token = superuser_token(target.address.url, target.credentials)
    path = f"{target.address.url}/api/collections/{site.open_name}"
    headers = {"Authorization": token}
    httpx.patch(path, json={"indexes": []}, headers=headers, timeout=60).raise_for_status()


def nothing(target: Target, site: Site) -> None:
    """Leave the site as it is."""


@dataclass(frozen=True)
class Planted:
    """One bottleneck. `expected` are the names that are right.

    `mends` takes the step by hand; where it is None and `takes_advice`, the advised step is
    taken as `tenfold loop` would. `mended_workload` changes what the app asks for instead.
    """

    name: str
    what: str
    expected: tuple[str, ...]
    workload: Mapping[str, Any]
    workers: int = 1
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    hooks: str = ""
    connections: int = 64
    timeout_s: float = 2.0
    start_per_s: float = 200.0
    prepare: Prepare = nothing
    is_pushed: bool = True
    takes_advice: bool = False
    mends: Take | None = None
    mended_workload: Mapping[str, Any] | None = None


def _with_hooks(text: str) -> Take:
    def take(private: PrivateTenfold) -> None:
        private.hooks = text
        private.restart(private.workers)

    return take


SOME_LISTS = {"records": 400, "list_share": 0.1, "reads_per_write": 10.0}
PAGES = {"records": 300, "list_share": 1.0, "reads_per_write": 3.0}
SIGN_INS = {"records": 50, "auth_share": 1.0, "reads_per_write": READS_ONLY}

ALL: tuple[Planted, ...] = (
    Planted(
        name="none",
        what="nothing: a small load",
        expected=("none",),
        workload={"records": 500, "rate": {"per_s": 150}},
        is_pushed=False,
    ),
    Planted(
        name="hook",
        what="a hook computes for half a millisecond at each view",
        expected=("hook_cpu",),
        workload={"records": 500},
        hooks=COMPUTE.format(rounds=8_000),
        mends=_with_hooks(COMPUTE.format(rounds=1)),
    ),
    Planted(
        name="index",
        what="the index of the lists' order is gone",
        expected=("missing_index",),
        workload=SOME_LISTS,
        prepare=drop_indexes,
        takes_advice=True,
    ),
    Planted(
        name="pool",
        what="one thread checks passwords, a core is free",
        expected=("password_pool",),
        workload=SIGN_INS,
        settings={"password_threads": "1"},
        connections=16,
        timeout_s=6.0,
        start_per_s=8.0,
        takes_advice=True,
    ),
    Planted(
        name="hot row",
        what="a hook waits 3 ms inside the transaction for one row",
        expected=("write_lock",),
        workload={
            "records": 500,
            "update_share": 1.0,
            "reads_per_write": 0.0,
            "zipf_exponent": 1.3,
        },
        hooks=WAIT_INSIDE,
        mends=_with_hooks(WAIT_AFTER),
    ),
    Planted(
        name="slow disk",
        what="each fsync takes 30 ms longer",
        expected=("slow_disk",),
        workload={"records": 300, "reads_per_write": 0.0, "update_share": 0.5},
        hooks=SLOW_SYNC,
        connections=32,
        mends=_with_hooks(""),
    ),
    Planted(
        name="cold cache",
        what="room for a twentieth of the records that are read",
        expected=("cold_cache",),
        workload={"records": 6_000, "zipf_exponent": 0.0, "reads_per_write": 1_000.0},
        settings={"cache_bytes": str(640 << 10)},
        start_per_s=2_000.0,
        takes_advice=True,
    ),
    Planted(
        name="hot key",
        what="nearly all writes change one record",
        expected=("hot_key",),
        workload={
            "records": 300,
            "update_share": 1.0,
            "reads_per_write": 0.0,
            "zipf_exponent": 5.0,
        },
    ),
    Planted(
        name="bcrypt storm",
        what="sign-ins only, threads for every core",
        expected=("password_cpu",),
        workload=SIGN_INS,
        workers=2,
        settings={"password_threads": "2"},
        connections=32,
        timeout_s=6.0,
        start_per_s=16.0,
    ),
    Planted(
        name="big answers",
        what="pages of 400 KB",
        expected=("big_answers",),
        workload=PAGES | {"record_bytes": 4_000, "list_size": 100},
        mended_workload=PAGES | {"record_bytes": 4_000, "list_size": 10},
    ),
    Planted(
        name="generator",
        what="answers that are dear to check and cheap to give",
        expected=("generator",),
        workload={
            "records": 500,
            "record_bytes": 150,
            "list_share": 1.0,
            "list_size": 500,
            "reads_per_write": READS_ONLY,
        },
        workers=2,
        start_per_s=1_000.0,
    ),
    Planted(
        name="one worker",
        what="one worker, dear requests, a free core",
        expected=("few_workers",),
        workload={
            "records": 300,
            "list_share": 1.0,
            "list_size": 15,
            "reads_per_write": READS_ONLY,
        },
        hooks=WATCH_LISTS,
        takes_advice=True,
    ),
)

NOT_HERE = {
    "slow replica": "replicas come with stage `cached`",
}
"""Planted bottlenecks that need a stage that is not there yet, and why."""
