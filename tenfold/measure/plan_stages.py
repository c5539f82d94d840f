"""Each stage of the ladder under a demand: its parts, what they cost, why it would not do. Pure."""

from __future__ import annotations

import math

from tenfold.measure.plan_envelope import Envelope
from tenfold.measure.plan_values import MONTHS, PartCount, StagePlan


class Stages:
    """The ladder for one envelope."""

    def __init__(self, envelope: Envelope) -> None:
        self._of = envelope
        self._price = envelope.prices.price
        self._machine = envelope.prices.machine
        self._assume = envelope.prices.assume

    def all(self) -> list[StagePlan]:
        """The ladder, each stage with what it would take."""
        return [
            self._single(),
            self._split(),
            self._balanced(),
            self._cached(),
            self._elastic(),
            self._vast(),
        ]

    # --- stages ---------------------------------------------------------------------------

    def _single(self) -> StagePlan:
        m = self._machine
        cores = math.ceil(self._of.cores)
        parts = [
            self._box(
                "one box",
                1,
                cores,
                max(4, 2 * cores),
                self._of.data_gb,
                f"{self._of.cores:.1f} cores rounded up",
            ),
            self._egress(),
        ]
        fails = self._first(
            (
                cores > m["largest_cores"],
                f"{cores:,} cores, the largest machine has {m['largest_cores']:,.0f}",
            ),
            self._one_writer(),
            (
                self._of.data_gb > m["largest_disk_gb"],
                f"{self._of.data_gb:,.0f} GB, the largest disk has {m['largest_disk_gb']:,.0f}",
            ),
        )
        return StagePlan("single", parts, fails)

    def _split(self) -> StagePlan:
        m = self._machine
        cores = math.ceil(self._of.cores)
        parts = [
            self._box(
                "app box", 1, cores, max(4, cores), 50, f"{self._of.cores:.1f} cores rounded up"
            ),
            self._database("database", 1, self._of.data_gb, "one primary"),
            self._egress(),
        ]
        fails = self._first(
            (
                cores > m["largest_cores"],
                f"{cores:,} cores in one app box, the largest machine has"
                f" {m['largest_cores']:,.0f}",
            ),
            self._primary_reads(1.0),
            self._primary_writes(),
            self._primary_disk(self._of.data_gb),
        )
        return StagePlan("split", parts, fails)

    def _balanced(self) -> StagePlan:
        parts = [
            self._app_servers(),
            self._balancers(),
            self._database(
                "database", 3, self._of.data_gb, "Galera: one written, two to take over"
            ),
            *self._edge(),
        ]
        fails = self._first(
            self._primary_reads(1.0), self._primary_writes(), self._primary_disk(self._of.data_gb)
        )
        return StagePlan("balanced", parts, fails)

    def _cached(self) -> StagePlan:
        parts = self._cached_parts(self._of.data_gb)
        fails = self._first(self._primary_writes(), self._primary_disk(self._of.data_gb))
        return StagePlan("cached", parts, fails)

    def _elastic(self) -> StagePlan:
        average = max(2, math.ceil(self._app_count() * self._mean_share()) + 1)
        parts = [
            self._app_servers(
                average,
                f"{self._app_count()} at the peak, {self._mean_share():.0%} of them on"
                f" average, one spare",
            ),
            *self._cached_parts(self._of.data_gb)[1:],
            self._box("monitoring", 2, 2, 8, 100, "Prometheus and Alertmanager, two of them"),
        ]
        fails = self._first(self._primary_writes(), self._primary_disk(self._of.data_gb))
        return StagePlan("elastic", parts, fails)

    def _vast(self) -> StagePlan:
        assume, m = self._assume, self._machine
        by_writes = math.ceil(
            self._of.writes_peak / (assume["database_writes_per_s"] * self._of.busy)
        )
        by_disk = math.ceil(self._of.online_gb / m["largest_disk_gb"])
        shards = max(1, by_writes, by_disk)
        old_gb = max(
            0.0, self._of.month_gb * MONTHS - self._of.month_gb * assume["warehouse_after_months"]
        )
        packed_gb = old_gb / assume["warehouse_compression"]
        parts = [
            self._elastic().parts[0],
            *self._cached_parts(self._of.online_gb / shards, shards)[1:],
            self._box("queue", 3, 2, 8, 100, "NATS JetStream, three for a quorum"),
            PartCount(
                "warehouse",
                1,
                f"{packed_gb:,.0f} GB",
                packed_gb * self._price["object_gb"],
                f"{old_gb:,.0f} GB older than {assume['warehouse_after_months']:g} months"
                f" / {assume['warehouse_compression']:g}",
            ),
        ]
        return StagePlan("vast", parts, "")

    # --- parts ----------------------------------------------------------------------------

    def _cached_parts(self, disk_gb: float, shards: int = 1) -> list[PartCount]:
        assume, m = self._assume, self._machine
        missed = self._of.reads_peak * (1 - assume["cache_hit_ratio"])
        per_replica = m["database_cores"] * assume["database_reads_per_core_s"] * self._of.busy
        replicas = max(1, math.ceil(missed / per_replica))
        caches = max(2, math.ceil(self._of.hot_gb / m["cache_memory_gb"]))
        return [
            self._app_servers(),
            self._balancers(),
            self._database(
                "database",
                3 * shards,
                disk_gb,
                f"{shards} shard(s) of one written and two to take over",
            ),
            self._database(
                "replicas",
                replicas * shards,
                disk_gb,
                f"{self._of.reads_peak:,.0f}/s x {1 - assume['cache_hit_ratio']:.2f} missed /"
                f" {per_replica:,.0f}/s a replica (assumed)",
            ),
            self._box(
                "cache",
                caches,
                2,
                m["cache_memory_gb"],
                0,
                f"{self._of.hot_gb:,.0f} GB read again and again / {m['cache_memory_gb']:g} GB",
            ),
            *self._edge(),
        ]

    def _app_count(self) -> int:
        return max(2, math.ceil(self._of.cores / self._machine["app_cores"]))

    def _mean_share(self) -> float:
        return 1 / self._of.demand.peak_ratio

    def _app_servers(self, count: int = 0, formula: str = "") -> PartCount:
        m = self._machine
        shown = formula or f"{self._of.cores:.1f} cores / {m['app_cores']:g}, one spare"
        return self._box(
            "app servers",
            count or self._app_count() + 1,
            m["app_cores"],
            m["app_memory_gb"],
            50,
            shown,
        )

    def _balancers(self) -> PartCount:
        return PartCount("balancers", 2, "a pair", 2 * self._price["balancer"], "one takes over")

    def _database(self, name: str, count: int, disk_gb: float, formula: str) -> PartCount:
        m = self._machine
        return self._box(
            name, count, m["database_cores"], m["database_memory_gb"], disk_gb, formula
        )

    def _box(
        self, name: str, count: int, cores: float, memory_gb: float, disk_gb: float, formula: str
    ) -> PartCount:
        price = self._price
        one = cores * price["core"] + memory_gb * price["memory_gb"] + disk_gb * price["disk_gb"]
        size = f"{cores:g} cores, {memory_gb:g} GB" + (
            f", {disk_gb:,.0f} GB disk" if disk_gb else ""
        )
        return PartCount(name, count, size, count * one, formula)

    def _egress(self) -> PartCount:
        price = self._price["egress_gb"]
        return PartCount(
            "traffic",
            1,
            f"{self._of.out_gb:,.0f} GB",
            self._of.out_gb * price,
            f"{self._of.out_gb:,.0f} GB x {price:g}",
        )

    def _edge(self) -> list[PartCount]:
        share = self._assume["cdn_hit_ratio"]
        price = self._price
        cdn_gb, rest_gb = self._of.out_gb * share, self._of.out_gb * (1 - share)
        return [
            PartCount(
                "CDN",
                1,
                f"{cdn_gb:,.0f} GB",
                cdn_gb * price["cdn_gb"],
                f"{share:g} of {self._of.out_gb:,.0f} GB (assumed)",
            ),
            PartCount(
                "traffic",
                1,
                f"{rest_gb:,.0f} GB",
                rest_gb * price["egress_gb"],
                f"the rest x {price['egress_gb']:g}",
            ),
        ]

    # --- why a stage does not do ------------------------------------------------------------

    def _one_writer(self) -> tuple[bool, str]:
        most = self._of.figures.costs["create"].per_s * self._of.busy
        return (
            self._of.writes_peak > most,
            f"{self._of.writes_peak:,.0f} writes/s at the peak, one box carries {most:,.0f}"
            f" ({self._of.busy:.0%} of what was measured)",
        )

    def _primary_writes(self) -> tuple[bool, str]:
        most = self._assume["database_writes_per_s"] * self._of.busy
        return (
            self._of.writes_peak > most,
            f"{self._of.writes_peak:,.0f} writes/s at the peak, one primary carries"
            f" {most:,.0f} (assumed)",
        )

    def _primary_reads(self, missed: float) -> tuple[bool, str]:
        m = self._machine
        most = m["database_cores"] * self._assume["database_reads_per_core_s"] * self._of.busy
        return (
            self._of.reads_peak * missed > most,
            f"{self._of.reads_peak * missed:,.0f} reads/s at the peak, one database carries"
            f" {most:,.0f} (assumed)",
        )

    def _primary_disk(self, disk_gb: float) -> tuple[bool, str]:
        most = self._machine["largest_disk_gb"]
        return disk_gb > most, f"{disk_gb:,.0f} GB, the largest disk has {most:,.0f}"

    @staticmethod
    def _first(*checks: tuple[bool, str]) -> str:
        return next((why for is_failing, why in checks if is_failing), "")
