"""What the parts of a pipeline on this host cost, as the system counts it: who listens where, who is connected to whom.

Only of this host, and of processes that this user may look at; on systems without /proc nobody is found.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_PROC = Path("/proc")
_LISTENS, _ESTABLISHED = "0A", "01"
_LOCAL = {"127.0.0.1", "::1", "localhost"}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class _Socket:
    """A socket of TCP.

    Attributes:
        inode: the system's number of it.
        local, remote: ports.
    """

    inode: int
    state: str
    local: int
    remote: int


def local_port(url: str, default: int) -> int | None:
    """The port of this host that a URL names; None if it names another host, or a file."""
    parts = urlsplit(url)
    return (parts.port or default) if parts.hostname in _LOCAL else None


def parts_of(broker: int | None, store: int | None, own: Iterable[int]) -> dict[str, int]:
    """The pipeline's processes, by what they are.

    Args:
        broker: its port on this host; None if it is elsewhere.
        store: likewise.
        own: processes that generate the load, or measure.
    """
    sockets = {one.inode: one for table in ("tcp", "tcp6") for one in _sockets(_PROC / "net" / table)}
    wanted = {
        one.inode
        for one in sockets.values()
        if {one.local, one.remote} & {broker, store} and one.state in {_LISTENS, _ESTABLISHED}
    }
    found: dict[str, int] = {}
    for pid, inodes in _owners(wanted):
        mine = [sockets[inode] for inode in inodes]
        listens = {one.local for one in mine if one.state == _LISTENS}
        calls = {one.remote for one in mine if one.state == _ESTABLISHED}
        role = _role(listens, calls, broker, store)
        if role is not None and pid not in {*own, os.getpid()}:
            name = f"{role} ({_name(pid)})"
            found[name if name not in found else f"{name} {pid}"] = pid
    return found


def _role(listens: set[int], calls: set[int], broker: int | None, store: int | None) -> str | None:
    if broker in listens:
        return "broker"
    if store in listens:
        return "store"
    if broker in calls:
        return "ingester" if store in calls else "client"
    return None


def cpu_s(pid: int) -> float | None:
    """User and system time of a process, all its threads; None if there is none such."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / _TICKS


def cpu_of(parts: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """The same of each part that is still there."""
    found = {name: [seconds for pid in pids if (seconds := cpu_s(pid)) is not None] for name, pids in parts.items()}
    return {name: sum(seconds) for name, seconds in found.items() if seconds}


def host_s() -> float | None:
    """How long this host's processors have been busy since it was started; None if the system does not tell."""
    try:
        words = (_PROC / "stat").read_text().splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _waiting, *rest = map(int, words[1:8])
    return (user + nice + system + sum(rest)) / _TICKS


def _sockets(table: Path) -> list[_Socket]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    rows = (line.split() for line in lines)
    return [
        _Socket(
            inode=int(row[9]),
            state=row[3],
            local=int(row[1].rpartition(":")[2], 16),
            remote=int(row[2].rpartition(":")[2], 16),
        )
        for row in rows
    ]


def _owners(inodes: set[int]) -> list[tuple[int, set[int]]]:
    names = {f"socket:[{inode}]": inode for inode in inodes}
    owners = []
    for folder in _PROC.glob("[0-9]*/fd"):
        try:
            found = {names[link] for one in os.scandir(folder) if (link := _link(one.path)) in names}
        except OSError:  # it has gone, or is another user's
            continue
        if found:
            owners.append((int(folder.parent.name), found))
    return owners


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return str(pid)
