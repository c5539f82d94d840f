"""Real child processes: merged figures, errors passed on, nothing left behind."""

from __future__ import annotations

import multiprocessing

import pytest

from tenfold.errors import OperatorError
from tenfold.measure.load import Processes
from tenfold.measure.results import RunResult, read_json, write_json
from tenfold.measure.runs import Effort, run
from tests.measure.servers import StubServer, answer_rightly, views

EFFORT = Effort(connections=8, timeout_s=2.0)


def test_two_processes_share_a_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    workload = views(200, 1.5, 0.5, arrivals="poisson")
    with StubServer(answer_rightly) as server, Processes(2) as processes:
        result = run(processes, server.site(), workload, EFFORT, target="stub", round_=2)
        again = run(processes, server.site(), workload.at(100), EFFORT)
    assert result.planned == result.sent == result.good == result.latencies.count == 300
    assert (again.planned, again.good) == (150, 150)
    assert sum(slot.planned for slot in result.slots) == 300
    assert [slot.start_s for slot in result.slots] == [0.0, 1.0]
    assert result.by_kind.keys() == {"view"}
    assert result.generator.processes == 2
    assert result.generator.cpu_s > 0
    assert result.generator.cpu_us_per_request > 0
    assert not multiprocessing.active_children()
    path = tmp_path_factory.mktemp("results") / "run.json"
    write_json(path, result)
    assert read_json(path, RunResult) == result


def test_children_that_cannot_connect() -> None:
    with StubServer(answer_rightly) as server:
        site = server.site()
    with Processes(2) as processes, pytest.raises(OperatorError, match="can't connect"):
        run(processes, site, views(10, 1), EFFORT)
    assert not multiprocessing.active_children()


def test_a_child_that_dies() -> None:
    with StubServer(answer_rightly) as server, Processes(1) as processes:
        run(processes, server.site(), views(20, 0.5), EFFORT)
        multiprocessing.active_children()[0].kill()
        with pytest.raises(OperatorError, match="ended unexpectedly"):
            run(processes, server.site(), views(20, 0.5), EFFORT)


def test_other_json_is_no_result(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("results") / "run.json"
    path.write_text('{"target": 5}')
    with pytest.raises(OperatorError, match="is no RunResult"):
        read_json(path, RunResult)
