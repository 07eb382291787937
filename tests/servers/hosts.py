"""Hosts on this machine: each a network namespace, with an address of its own on each of two networks.

They are made within a network namespace that is empty but for them, and nothing leaves it: see scripts/test-cluster.
"""

import ctypes
import os
import socket
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from tests.servers.process import ServerError

_NAMESPACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_Answer = TypeVar("_Answer")


class Network(Enum):
    """The first three numbers of its addresses."""

    CLUSTER = "10.77.0"
    FIELD = "10.78.0"

    @property
    def bridge(self) -> str:
        """The interface that joins the hosts."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Host:
    """One of them; whoever stands outside reaches it by its address in the field."""

    number: int

    @property
    def name(self) -> str:
        return f"host-{self.number}"

    def address(self, network: Network) -> str:
        return f"{network.value}.{self.number}"

    def argv(self, command: Sequence[str]) -> list[str]:
        """The command, as one that runs on this host; its process is the command's own."""
        return ["nsenter", f"--net={_NAMESPACES / self.name}", *command]

    def inside(self, work: Callable[[], _Answer]) -> _Answer:
        """The work done on this host, in a thread that ends with it: 127.0.0.1 is the host's, whatever is cut off."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(self._enter_and, work).result()

    def _enter_and(self, work: Callable[[], _Answer]) -> _Answer:
        libc = ctypes.CDLL(None, use_errno=True)
        with (_NAMESPACES / self.name).open("rb") as namespace:
            if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self.name)
        return work()

    def cut(self, networks: Iterable[Network]) -> None:
        """Pull its cable out of each network."""
        for network in networks:
            _ip("link", "set", self._port(network), "down")

    def join(self, networks: Iterable[Network]) -> None:
        """Put the cables in again."""
        for network in networks:
            _ip("link", "set", self._port(network), "up")

    def _port(self, network: Network) -> str:
        """The bridge's end of the cable."""
        return f"{network.bridge}-{self.number}"

    def make(self) -> None:
        """Make it, with a cable into each network."""
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        for network in Network:
            port, its_end = self._port(network), network.bridge
            _ip("link", "add", port, "type", "veth", "peer", "name", its_end, "netns", self.name)
            _ip("link", "set", port, "master", network.bridge, "up")
            _ip("-n", self.name, "address", "add", f"{self.address(network)}/24", "dev", its_end)
            _ip("-n", self.name, "link", "set", its_end, "up")


def make_hosts(count: int) -> list[Host]:
    """Make both networks and so many hosts, numbered from 1. They end with the namespace that they are made in.

    Raises:
        ServerError: we stand in the machine's own network, or may not make another.
    """
    if {name for _, name in socket.if_nameindex()} != {"lo"}:
        raise ServerError("hosts are made in an empty network alone: run this by scripts/test-cluster")
    for network in Network:
        _ip("link", "add", network.bridge, "type", "bridge")
        _ip("link", "set", network.bridge, "up")
    _ip("address", "add", f"{Network.FIELD.value}.100/24", "dev", Network.FIELD.bridge)
    hosts = [Host(number=number) for number in range(1, count + 1)]
    for host in hosts:
        host.make()
    return hosts


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=10)
    if done.returncode:
        raise ServerError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
