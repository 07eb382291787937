"""What is published, and what became of it."""

import dataclasses
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Soon after the town's commissioning, where the models are warm at once.
START = dt.datetime(2026, 1, 2, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is published: one reading a second of each of so many devices, of all kinds."""

    devices: int = 800
    seconds: int = 25
    start: dt.datetime = START
    kinds: tuple[str, ...] = ()
    config: Path | None = None
    speed: str = "1"

    @property
    def count(self) -> int:
        """Readings in all."""
        return self.devices * self.seconds

    def selection(self) -> list[str]:
        """The options of the command line that all commands share."""
        until = self.start + dt.timedelta(seconds=self.seconds)
        kinds = [word for kind in self.kinds for word in ("--kind", kind)]
        window = ["--start", self.start.isoformat(), "--until", until.isoformat()]
        town = [] if self.config is None else ["--config", str(self.config)]
        return ["--devices", str(self.devices), "--interval", "1s", *kinds, *town, *window]


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was published, what became of it, and what was done to the parts meanwhile.

    Attributes:
        received: by all ingesters, those that were killed included, as far as they could be asked before.
    """

    faults: dict[str, int]
    seconds: float
    simulate: dict[str, Any]
    ingest: dict[str, Any]
    received: int
    dead_letters: int
    verify: dict[str, Any]

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(count for name, count in self.faults.items() if name.endswith("killed"))

    def figures(self) -> dict[str, Any]:
        """The ledger as one line of figures."""
        offered = self.simulate["offered"]
        return {
            "seconds": round(self.seconds),
            "kills": self.kills,
            **self.faults,
            "offered": offered,
            "acknowledged by the broker": self.simulate["acknowledged"],
            "published again": self.simulate["sent"] - offered,
            "received by ingesters, at least": self.received,
            "dead letters": self.dead_letters,
            **{name: self.verify[name] for name in ("expected", "found", "lost", "altered", "duplicated")},
        }

    def hold(self, *, dead_letters: int = 0) -> None:
        """Assert that nothing was lost, altered or stored twice."""
        figures = json.dumps(dataclasses.asdict(self), indent=1)
        count = self.simulate["offered"]
        assert count > 0, figures
        assert self.simulate["acknowledged"] == count, figures
        assert (self.verify["expected"], self.verify["found"]) == (count, count), figures
        assert (self.verify["lost"], self.verify["altered"], self.verify["duplicated"]) == (0, 0, 0), figures
        assert self.ingest["received"] == self.ingest["stored"] + self.ingest["dead_lettered"], figures
        assert self.dead_letters == dead_letters, figures
