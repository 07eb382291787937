"""What the system must allow before thousands of connections are begun: open files, and ports to connect from."""

import resource
from pathlib import Path

from simulator.errors import TooManyConnections

_OTHER_FILES = 100
_OTHER_PORTS = 500
_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def allow(connections: int, processes: int = 1) -> None:
    """Make room for so many connections of this host, dealt to so many processes.

    Raises the limit of open files as far as this process may; its children inherit it.

    Raises:
        TooManyConnections: the system does not allow as many; says what to do.
    """
    _allow_files(-(-connections // processes) + _OTHER_FILES)
    ports = _local_ports()
    if ports is not None and connections + _OTHER_PORTS > ports:
        raise TooManyConnections(
            f"--connect device: {connections:,} connections to one address need as many local ports, and this host has "
            f"{ports:,}: widen them with `sysctl net.ipv4.ip_local_port_range='1024 65535'`, or share the devices "
            "among hosts by --shards and --shard"
        )


def _allow_files(needed: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooManyConnections(
            f"--connect device: a process needs {needed:,} open files, and its limit is {hard:,}: raise it with "
            f"`ulimit -Hn {needed}` as root or in limits.conf, share the devices among --processes, or take fewer"
        )
    # As far as it goes: sites are dealt out whole, so one process may hold more than its share.
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed * 2 if hard == resource.RLIM_INFINITY else hard, hard))


def _local_ports() -> int | None:
    """How many ports connections may leave from; None where the system does not say."""
    try:
        first, last = map(int, _PORTS.read_text().split())
    except (OSError, ValueError):
        return None
    return last - first + 1
