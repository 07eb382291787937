"""What a load costs: the generator, the parts of the pipeline on this host, and the whole host."""

import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from park_cli.capacity import watch
from simulator.progress import Progress

GENERATOR = "generator (park simulate)"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What it was.

    Attributes:
        cpu_us: microseconds of CPU a message, of each part that was there to the end.
        cores: processors that each of these kept busy.
        host_cores: processors that were busy with anything; None if the system does not tell.
    """

    cpu_us: Mapping[str, float]
    cores: Mapping[str, float]
    host_cores: float | None


@dataclass(kw_only=True)
class Meter:
    """Reads what the system has counted, at two moments.

    Attributes:
        ports: of broker and store on this host; None of one that is elsewhere.
        acknowledged: how many messages were, at the first moment.
    """

    ports: tuple[int | None, int | None]
    parts: dict[str, list[int]]
    cpu_s: Mapping[str, float]
    host_s: float | None
    acknowledged: int
    at_s: float

    @classmethod
    def begin(cls, ports: tuple[int | None, int | None], progress: Progress) -> "Meter":
        """From now on."""
        own = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
        found = watch.parts_of(*ports, own) if any(ports) else {}
        parts = {GENERATOR: own, **{name: [pid] for name, pid in found.items()}}
        return cls(
            ports=ports,
            parts=parts,
            cpu_s=watch.cpu_of(parts),
            host_s=watch.host_s(),
            acknowledged=progress.acknowledged,
            at_s=time.monotonic(),
        )

    def end(self, progress: Progress) -> Cost:
        """Until now."""
        seconds, messages = time.monotonic() - self.at_s, progress.acknowledged - self.acknowledged
        now, host_s = watch.cpu_of(self.parts), watch.host_s()
        called = self._called()
        spent = {called(name): now[name] - before for name, before in self.cpu_s.items() if name in now}
        return Cost(
            cpu_us={name: round(one / messages * 1e6, 2) for name, one in spent.items()} if messages else {},
            cores={name: round(one / seconds, 3) for name, one in spent.items()},
            host_cores=None if host_s is None or self.host_s is None else round((host_s - self.host_s) / seconds, 3),
        )

    def _called(self) -> Callable[[str], str]:
        """What a part is called by now: who has not stored anything at first is not known to be an ingester."""
        own = self.parts[GENERATOR]
        now = {pid: name for name, pid in watch.parts_of(*self.ports, own).items()} if any(self.ports) else {}
        return lambda name: name if name == GENERATOR else now.get(self.parts[name][0], name)
