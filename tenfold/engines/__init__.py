"""Engines: the products that a fleet is made of, and how to run each of them on one host."""

from tenfold.engines.contract import (
    Command,
    Endpoint,
    Engine,
    Limits,
    Node,
    Program,
    Tls,
    Unhealthy,
)
from tenfold.engines.registry import ENGINES

__all__ = [
    "ENGINES",
    "Command",
    "Endpoint",
    "Engine",
    "Limits",
    "Node",
    "Program",
    "Tls",
    "Unhealthy",
]
