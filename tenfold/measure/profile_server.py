"""The difference between two looks at what a Tenfold tells of itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.measure.profile_values import (
    CacheUse,
    HookUse,
    LoopDelay,
    PasswordUse,
    ServerUse,
    StatementUse,
    WriterUse,
)
from tenfold.measure.samplers import WorkerMoment

Look = Mapping[str, WorkerMoment]
KEPT_STATEMENTS = 15


def server_use(before: Look, after: Look) -> ServerUse:
    """What happened between two looks, over all workers.

    A worker that came meanwhile counts from its start; one that went does not count.
    """
    added = _Added(before, after)
    took = [moment.at - before[n].at for n, moment in after.items() if n in before]
    requests = added.by_label("tenfold_requests_total", "family")
    statements = _statements(before, after)
    hot_collection, hot_record, hot_changes = _hottest(before, after)
    first = next(iter(after.values()), None)
    return ServerUse(
        took_s=max(took, default=0.0),
        workers=len(after),
        requests={family: int(count) for family, count in requests.items() if count > 0},
        request_s=added.by_label("tenfold_request_seconds_total", "family"),
        routed=int(added.by_label("tenfold_requests_total", "lane").get("routes", 0)),
        failures=int(added.total("tenfold_request_failures_total")),
        records=_records(added),
        lists=_lists(added),
        writer=WriterUse(
            writes=int(added.total("tenfold_commit_group_size_sum")),
            groups=int(added.total("tenfold_commit_group_size_count")),
            commit_s=added.total("tenfold_commit_seconds_sum"),
            work_s=added.total("tenfold_write_work_seconds_total"),
            turn_wait_s=added.total("tenfold_write_turn_wait_seconds_total"),
            waiting=int(added.now("tenfold_writes_waiting")),
        ),
        passwords=PasswordUse(
            checks=int(added.total("tenfold_password_run_total")),
            run_s=added.total("tenfold_password_run_seconds_total"),
            wait_s=added.total("tenfold_password_wait_seconds_total"),
            refused=int(added.total("tenfold_password_refused_total")),
            threads=int(added.now("tenfold_password_threads")),
            busiest_ratio=_busiest_pool(before, after),
        ),
        loop_delay=_loop_delay(added),
        gc_s=added.total("tenfold_gc_seconds_total"),
        statements=statements[:KEPT_STATEMENTS],
        statement_s=added.total("tenfold_statement_seconds_total"),
        slow_reads=int(added.total("tenfold_slow_read_total")),
        slow_read_s=added.total("tenfold_slow_read_seconds_total"),
        given_up_s=added.total("tenfold_read_given_up_seconds_total"),
        hooks=_hooks(before, after),
        hot_collection=hot_collection,
        hot_record=hot_record,
        hot_changes=hot_changes,
        changes=_changes(before, after),
        settings=first.settings if first else {},
    )


def _busiest_pool(before: Look, after: Look) -> float:
    """How busy the password threads of the busiest worker were."""
    ratios = [0.0]
    for number, moment in after.items():
        if _is_same(before, moment, number):
            one = _Added({number: before[number]}, {number: moment})
            room = one.now("tenfold_password_threads") * (moment.at - before[number].at)
            ratios.append(one.total("tenfold_password_run_seconds_total") / max(room, 1e-9))
    return min(1.0, max(ratios))


class _Added:
    """Sums over the workers of how much samples grew, and of what they are now."""

    def __init__(self, before: Look, after: Look) -> None:
        self._grown: dict[str, float] = {}
        self._now: dict[str, float] = {}
        for number, moment in after.items():
            old = before[number].totals() if _is_same(before, moment, number) else {}
            for key, value in moment.totals().items():
                self._now[key] = self._now.get(key, 0.0) + value
                self._grown[key] = self._grown.get(key, 0.0) + value - old.get(key, 0.0)

    def total(self, name: str, **labels: str) -> float:
        """How much all samples with a name and some labels grew together."""
        return _sum(self._grown, name, labels)

    def now(self, name: str, **labels: str) -> float:
        """The sum of what they are now."""
        return _sum(self._now, name, labels)

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """How much they grew, by the values of a label."""
        found: dict[str, float] = {}
        for key, value in self._grown.items():
            if key.startswith(f"{name}{{"):
                text = _labels(key).get(label, "")
                found[text] = found.get(text, 0.0) + value
        return found


def _is_same(before: Look, moment: WorkerMoment, number: str) -> bool:
    return number in before and before[number].pid == moment.pid


def _sum(values: Mapping[str, float], name: str, labels: Mapping[str, str]) -> float:
    return sum(
        value
        for key, value in values.items()
        if key.partition("{")[0] == name and labels.items() <= _labels(key).items()
    )


def _labels(key: str) -> dict[str, str]:
    inside = key.partition("{")[2].removesuffix("}")
    return dict(part.split("=", 1) for part in inside.split(",") if "=" in part)


def _records(added: _Added) -> CacheUse:
    return _cache(added, "records", added.total("tenfold_cache_misses_total", cache="records"))


def _lists(added: _Added) -> CacheUse:
    # A list that no lane answers was not remembered.
    missed = added.total("tenfold_requests_total", family="list", lane="routes")
    return _cache(added, "lists", missed)


def _cache(added: _Added, name: str, misses: float) -> CacheUse:
    return CacheUse(
        hits=int(added.total("tenfold_cache_hits_total", cache=name)),
        misses=int(misses),
        evictions=int(added.total("tenfold_cache_evictions_total", cache=name)),
        entries=int(added.now("tenfold_cache_entries", cache=name)),
        used_bytes=int(added.now("tenfold_cache_bytes", cache=name)),
        limit_bytes=int(added.now("tenfold_cache_limit_bytes", cache=name)),
    )


def _loop_delay(added: _Added) -> LoopDelay:
    buckets = added.by_label("tenfold_loop_delay_seconds_bucket", "le")
    beats = added.total("tenfold_loop_delay_seconds_count")
    total = added.total("tenfold_loop_delay_seconds_sum")
    return LoopDelay(
        beats=int(beats),
        mean_ms=total / beats * 1_000 if beats else 0.0,
        p50_ms=_percentile_ms(buckets, beats, 0.5),
        p99_ms=_percentile_ms(buckets, beats, 0.99),
    )


def _percentile_ms(buckets: Mapping[str, float], count: float, share: float) -> float:
    """The upper end of the bucket that a share of all values lies in or below."""
    if not count:
        return 0.0
    bounds = sorted((float(bound), seen) for bound, seen in buckets.items())
    finite = [bound for bound, _ in bounds if bound != float("inf")]
    for bound, seen in bounds:
        if seen >= share * count:
            return min(bound, finite[-1] if finite else 0.0) * 1_000
    return 0.0


def _statements(before: Look, after: Look) -> list[StatementUse]:
    """Those that took most time first."""
    total: dict[str, StatementUse] = {}
    for number, moment in after.items():
        same = _is_same(before, moment, number)
        old = {s.sql: s for s in before[number].statements} if same else {}
        for now in moment.statements:
            then = old.get(now.sql)
            known = total.get(now.sql)
            total[now.sql] = StatementUse(
                sql=now.sql,
                count=now.count - (then.count if then else 0) + (known.count if known else 0),
                total_s=now.total_s
                - (then.total_s if then else 0)
                + (known.total_s if known else 0),
                longest_s=max(now.longest_s, known.longest_s if known else 0.0),
                rows=now.rows - (then.rows if then else 0) + (known.rows if known else 0),
                plan=now.plan,
            )
    grown = [statement for statement in total.values() if statement.count > 0]
    return sorted(grown, key=lambda statement: -statement.total_s)


def _hooks(before: Look, after: Look) -> list[HookUse]:
    total: dict[str, tuple[int, float]] = {}
    for number, moment in after.items():
        old = before[number].hooks if _is_same(before, moment, number) else {}
        for place, (count, seconds) in moment.hooks.items():
            then = old.get(place, (0, 0.0))
            known = total.get(place, (0, 0.0))
            total[place] = known[0] + count - then[0], known[1] + seconds - then[1]
    uses = [HookUse(place, count, s) for place, (count, s) in total.items() if count > 0]
    return sorted(uses, key=lambda use: -use.total_s)


def _changes(before: Look, after: Look) -> int:
    """Each worker hears of all changes: the one that heard most counts."""
    return max(
        (
            moment.hottest.total - (before[n].hottest.total if _is_same(before, moment, n) else 0)
            for n, moment in after.items()
        ),
        default=0,
    )


def _hottest(before: Look, after: Look) -> tuple[str, str, int]:
    """Collection and id of the record that was changed most often, how often since then."""
    moment = max(after.values(), key=lambda moment: moment.hottest.total, default=None)
    if moment is None:
        return "", "", 0
    hot = moment.hottest
    old = next((m.hottest for m in before.values() if m.pid == moment.pid), None)
    was_hot = old is not None and (old.collection, old.record) == (hot.collection, hot.record)
    since = hot.count - (old.count if old and was_hot else 0)
    return hot.collection, hot.record, max(0, since)
