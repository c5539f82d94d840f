"""Hosts as real network namespaces on one bridge, each listening on every port of interest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager

import pytest

LISTEN = """
import selectors, socket, sys
chosen = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    chosen.register(socket.create_server(("0.0.0.0", port)), selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in chosen.select():
        key.fileobj.accept()[0].close()
"""
ASK = """
import asyncio, json, sys
async def answers(address, port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 1.0)
    except (OSError, TimeoutError):
        return None
    writer.close()
    return [address, port]
async def main():
    places = json.loads(sys.argv[1])
    found = await asyncio.gather(*(answers(*place) for place in places))
    print(json.dumps([one for one in found if one]))
asyncio.run(main())
"""


class Lab:
    """Some hosts; whatever is made here ends with the block of `lab`."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self._prefix = f"tf{os.getpid() % 100000}"

    def namespace(self, host: str) -> str:
        return f"{self._prefix}-{host}"

    def make(self, stack: ExitStack, ports: Iterable[int]) -> None:
        bridge = f"{self._prefix}b"
        run("ip", "link", "add", bridge, "type", "bridge")
        stack.callback(run, "ip", "link", "del", bridge)
        run("ip", "link", "set", bridge, "up")
        for number, (host, address) in enumerate(self.addresses.items()):
            name, veth = self.namespace(host), f"{self._prefix}v{number}"
            run("ip", "netns", "add", name)
            stack.callback(run, "ip", "netns", "del", name)
            run("ip", "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "link", "set", veth, "master", bridge, "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
            self._listen(stack, host, ports)

    def load(self, host: str, rules: str) -> None:
        """Have a host follow nftables rules."""
        command = ["ip", "netns", "exec", self.namespace(host), "nft", "-f", "-"]
        subprocess.run(command, input=rules, text=True, check=True, timeout=20)

    def answering(self, source: str, ports: Iterable[int]) -> set[tuple[str, int]]:
        """Which ports of which other hosts answer a host."""
        asked = list(ports)
        places = [
            (address, port)
            for host, address in self.addresses.items()
            if host != source
            for port in asked
        ]
        command = ["ip", "netns", "exec", self.namespace(source), sys.executable, "-c", ASK]
        told = subprocess.run(
            [*command, json.dumps(places)], capture_output=True, check=True, timeout=60
        )
        hosts = {address: host for host, address in self.addresses.items()}
        return {(hosts[address], port) for address, port in json.loads(told.stdout)}

    def _listen(self, stack: ExitStack, host: str, ports: Iterable[int]) -> None:
        command = ["ip", "netns", "exec", self.namespace(host), sys.executable, "-c", LISTEN]
        process = subprocess.Popen([*command, *map(str, ports)], stdout=subprocess.PIPE)
        stack.callback(_end, process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"


@contextmanager
def lab(addresses: Mapping[str, str], ports: Iterable[int]) -> Generator[Lab]:
    """Hosts by name, listening; the test is skipped where the machine forbids them."""
    for program in ("ip", "nft"):
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            pytest.skip(f"NOT TESTED: {program} is missing (make engines)")
    made = Lab(addresses)
    with ExitStack() as stack:
        try:
            made.make(stack, list(ports))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"NOT TESTED: network namespaces are forbidden here ({error.stderr})")
        yield made


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
