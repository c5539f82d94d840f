"""Listen and serve, in this very process or in several worker processes."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable

from tenfold.api.supervisor import Supervisor
from tenfold.api.worker import BACKLOG, STOP_LIMIT_S, Factory, run_worker
from tenfold.errors import OperatorError


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 finds a free one. Raises: OperatorError."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> OperatorError:
    hint = "Is another server running there? Choose another address with --http HOST:PORT."
    return OperatorError(f"Can't listen on {host}:{port}: {error.strerror}.", hint)


def serve(
    factory: Factory,
    listener: socket.socket,
    *,
    workers: int = 1,
    stop_limit_s: float = STOP_LIMIT_S,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, then stop gracefully.

    `factory` runs in each worker, after the fork: nothing that can't cross one (databases,
    threads) may be open before. The first worker starts alone, so that it can prepare the data;
    `on_ready` is called when all take connections. Workers that die are replaced. Requests that
    still run `stop_limit_s` after the stop was asked for are cut.
    Raises: OperatorError when workers can't start; with one worker whatever its start raises.
    """
    _allow_many_files()
    if workers <= 1:
        run_worker(factory, listener, stop_limit_s=stop_limit_s, on_ready=on_ready)
    else:
        Supervisor(factory, listener, workers, stop_limit_s, on_ready).run()


def _allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        return
