"""What every engine renders, and what it must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tenfold.cluster.folder import FleetFolder
from tenfold.engines import ENGINES, Node, Program, mariadb, seaweedfs
from tenfold.engines.mariadb_keys import MOST_KEYS, add_key, make_keys, newest_key
from tenfold.errors import OperatorError
from tests.fleet.stage import skip_without_programs


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[dict[str, Node]]:
    skip_without_programs()
    folder = FleetFolder(tmp_path / "fleet")
    topology = folder.make("split", "127.0.0.1:8090")
    yield {part.engine: folder.node(topology, part) for part in topology.parts}


def secrets_of(node: Node) -> list[str]:
    texts = [path.read_text().strip() for path in node.secrets.iterdir()]
    return [line.rpartition(";")[2] for text in texts for line in text.splitlines()]


def test_the_same_node_gives_the_same_files(nodes: dict[str, Node]) -> None:
    for name, node in nodes.items():
        assert ENGINES[name].render(node) == ENGINES[name].render(node)
        assert ENGINES[name].command(node) == ENGINES[name].command(node)


def test_no_secret_is_in_a_command_line_or_shown(nodes: dict[str, Node]) -> None:
    for name, node in nodes.items():
        command = ENGINES[name].command(node)
        assert not [secret for secret in secrets_of(node) if secret in repr(command)]


def test_the_services_settings_and_the_databases_users_hold_no_password(
    nodes: dict[str, Node],
) -> None:
    settings = ENGINES["tenfold"].render(nodes["tenfold"])["tenfold.toml"]
    users = ENGINES["mariadb"].render(nodes["mariadb"])["users.sql"]
    for secret in secrets_of(nodes["tenfold"]):
        assert secret not in settings + users


def test_what_mariadb_must_not_do_without(nodes: dict[str, Node]) -> None:
    text = ENGINES["mariadb"].render(nodes["mariadb"])["my.cnf"]
    for line in (
        "innodb-flush-log-at-trx-commit=1",
        "sync-binlog=1",
        "require-secure-transport=1",
        "innodb-encrypt-tables=FORCE",
        "encrypt-binlog=1",
        "local-infile=0",
    ):
        assert f"\n{line}\n" in text


def test_instances_on_one_machine_share_no_port(nodes: dict[str, Node]) -> None:
    node = nodes["seaweedfs"]
    ports = [port for slot in range(1, 251) for port in seaweedfs.grpc_ports(slot).values()]
    assert len(set(ports)) == len(ports)
    other = replace(node, slot=node.slot % 250 + 1)
    assert seaweedfs.inner_address(node) != seaweedfs.inner_address(other)


def test_a_missing_program_is_named_with_what_installs_it() -> None:
    program = Program("no-such-program", "apt-get install no-such-package")
    assert program.find() is None
    with pytest.raises(OperatorError) as caught:
        program.path()
    assert "no-such-program" in str(caught.value)
    assert caught.value.hint == "apt-get install no-such-package"


def test_keys_are_added_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / mariadb.KEYS
    path.write_text(make_keys() + "\n")
    before = path.read_text()
    assert newest_key(before) == 3
    assert add_key(path) == 4
    assert path.read_text().startswith(before)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(f"{MOST_KEYS};00\n")
    with pytest.raises(ValueError, match="no more than"):
        add_key(path)
