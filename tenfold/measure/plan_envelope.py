"""The arithmetic of sizing: rates, cores, storage and network, each with its formula. Pure."""

from __future__ import annotations

from tenfold.measure.plan_machine import MachineFigures
from tenfold.measure.plan_prices import Prices
from tenfold.measure.plan_values import GB, MONTH_S, MONTHS, YEARS, Demand, Line


class Envelope:
    """The arithmetic; names of values are those of the lines."""

    def __init__(self, demand: Demand, figures: MachineFigures, prices: Prices) -> None:
        self.demand = demand
        self.figures = figures
        self.prices = prices
        assume = prices.assume
        self.reads_peak = demand.reads_per_s * demand.peak_ratio
        self.writes_peak = demand.writes_per_s * demand.peak_ratio
        self.sign_ins_peak = (
            demand.users * assume["sign_ins_per_user_month"] / MONTH_S * demand.peak_ratio
        )
        self.view_us = figures.costs["view"].cpu_us
        self.list_us = figures.costs["list"].cpu_us
        self.write_us = figures.costs["create"].cpu_us
        self.sign_in_us = figures.costs["sign-in"].cpu_us
        self.busy = assume["busy_ratio"]
        lists = assume["list_share"]
        self.read_us = (1 - lists) * self.view_us + lists * self.list_us
        self.read_cores = self.reads_peak * self.read_us / 1e6 / self.busy
        self.write_cores = self.writes_peak * self.write_us / 1e6 / self.busy
        self.sign_in_cores = self.sign_ins_peak * self.sign_in_us / 1e6 / self.busy
        self.cores = self.read_cores + self.write_cores + self.sign_in_cores
        self.month_gb = demand.writes_per_s * MONTH_S * demand.record_bytes / GB
        self.data_gb = self.month_gb * MONTHS * figures.stored_ratio
        kept = self.kept_months = min(MONTHS, assume["warehouse_after_months"])
        self.online_gb = self.month_gb * kept * figures.stored_ratio
        self.out_gb = demand.reads_per_s * MONTH_S * figures.answer_bytes / GB
        self.out_mbit = self.reads_peak * figures.answer_bytes * 8 / 1e6
        self.hot_gb = self.month_gb * kept * assume["hot_ratio"]

    def lines(self) -> list[Line]:
        """Every figure with its formula."""
        d, f, assume = self.demand, self.figures, self.prices.assume
        peak = d.peak_ratio
        lists = assume["list_share"]
        busy = self.busy
        return [
            Line(
                "reads",
                d.reads_per_s,
                "/s",
                f"{d.reads_per_s * MONTH_S:.3g} a month / {MONTH_S:,.0f} s",
                "asked",
            ),
            Line(
                "writes",
                d.writes_per_s,
                "/s",
                f"{d.writes_per_s * MONTH_S:.3g} a month / {MONTH_S:,.0f} s",
                "asked",
            ),
            Line(
                "reads at the peak",
                self.reads_peak,
                "/s",
                f"{d.reads_per_s:,.0f}/s x {peak:g}",
                "assumed",
            ),
            Line(
                "writes at the peak",
                self.writes_peak,
                "/s",
                f"{d.writes_per_s:,.0f}/s x {peak:g}",
                "assumed",
            ),
            Line(
                "sign-ins at the peak",
                self.sign_ins_peak,
                "/s",
                f"{d.users:,.0f} users x {assume['sign_ins_per_user_month']:g} a month /"
                f" {MONTH_S:,.0f} s x {peak:g}",
                "assumed",
            ),
            Line(
                "cost of a read",
                self.read_us,
                "µs",
                f"{1 - lists:g} x view {self.view_us:,.0f} µs + {lists:g} x list"
                f" {self.list_us:,.0f} µs",
                "measured",
            ),
            Line(
                "cost of a write",
                self.write_us,
                "µs",
                "processor time of the server for a create",
                "measured",
            ),
            Line(
                "cost of a sign-in",
                self.sign_in_us,
                "µs",
                "processor time of the server, nearly all of it bcrypt",
                "measured",
            ),
            Line(
                "cores for reads",
                self.read_cores,
                "cores",
                f"{self.reads_peak:,.0f}/s x {self.read_us:,.0f} µs / {busy:g} busy",
                "measured",
            ),
            Line(
                "cores for writes",
                self.write_cores,
                "cores",
                f"{self.writes_peak:,.0f}/s x {self.write_us:,.0f} µs / {busy:g} busy",
                "measured",
            ),
            Line(
                "cores for sign-ins",
                self.sign_in_cores,
                "cores",
                f"{self.sign_ins_peak:,.1f}/s x {self.sign_in_us:,.0f} µs / {busy:g} busy",
                "measured",
            ),
            Line(
                "durable writes of one box",
                f.costs["create"].per_s,
                "/s",
                f"one worker, {f.costs['create'].group_size:.0f} writes to a commit of"
                f" {f.costs['create'].commit_ms:.1f} ms",
                "measured",
            ),
            Line(
                "new data",
                self.month_gb,
                "GB/month",
                f"{d.writes_per_s:,.0f}/s x {MONTH_S:,.0f} s x {d.record_bytes:,.0f} B",
                "asked",
            ),
            Line(
                f"stored after {YEARS} years",
                self.data_gb,
                "GB",
                f"{self.month_gb:,.0f} GB x {MONTHS} months x {f.stored_ratio:.2f} bytes on"
                f" disk a byte",
                "measured",
            ),
            Line(
                "of it online",
                self.online_gb,
                "GB",
                f"{self.month_gb:,.0f} GB x {min(MONTHS, assume['warehouse_after_months']):g}"
                f" months x {f.stored_ratio:.2f}; older rows move to the warehouse",
                "assumed",
            ),
            Line(
                "read again and again",
                self.hot_gb,
                "GB",
                f"{assume['hot_ratio']:g} of {self.month_gb * self.kept_months:,.0f} GB as written",
                "assumed",
            ),
            Line(
                "sent to users",
                self.out_gb,
                "GB/month",
                f"{d.reads_per_s:,.0f}/s x {MONTH_S:,.0f} s x {f.answer_bytes:,.0f} B an answer",
                "measured",
            ),
            Line(
                "network at the peak",
                self.out_mbit,
                "Mbit/s",
                f"{self.reads_peak:,.0f}/s x {f.answer_bytes:,.0f} B x 8",
                "measured",
            ),
        ]
