"""What a source of answers is, and the values that go in and out of it."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from dashboards.annotations import Annotation, Row
from dashboards.measured import Measured
from dashboards.resolved import ResolvedPanel

Value = float | int | bool | str

# Lengths of intervals that people read easily, in seconds.
_NICE_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which readings are asked for, [start, until) in Unix milliseconds, and the axis's interval in ms.

    Attributes:
        sites: the sites chosen; empty means all.
    """

    start: int
    until: int
    interval: int = 60_000
    sites: tuple[str, ...] = ()

    def shifted(self, by: int) -> Self:
        """The same window on a clock that is `by` ms ahead."""
        return dataclasses.replace(self, start=self.start + by, until=self.until + by)


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One field of one group over time. `times` are the starts of the intervals."""

    field: str
    values: Sequence[Value]
    times: Sequence[int]
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def shifted(self, by: int) -> Self:
        """The same series on a clock that is `by` ms ahead."""
        return dataclasses.replace(self, times=[time + by for time in self.times])


class Source(Protocol):
    """A store that answers panels. A measurement without readings is no error: no series."""

    async def over_time(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's series over the window."""

    async def newest(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """One value per series: the newest in the window, for a table that of the whole window."""

    async def answer(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's answer in its own view."""

    async def spacing(self, stored: Measured, window: Window) -> float | None:
        """How many whole seconds, rounded up, lie between two readings of a device; None if none has two.

        A device's is the median of its last three in the window; of all devices, nine in ten have this or a
        shorter one, so that a single sick device does not make every chart coarse.
        """

    async def notes(self, asked: Annotation, sector: str | None, window: Window, /) -> list[Row]:
        """Rows that explain charts, of a sector or of the whole park; none is no error."""

    async def sites(self, sector: str | None = None) -> list[str]:
        """Names of the sites that have readings."""

    async def rolled(self) -> bool:
        """Whether any rollups are made, by which long windows are answered soon."""

    async def close(self) -> None:
        """Let go of connections."""


def nice_interval(span_ms: int, points: int, least_s: float) -> int:
    """The shortest easy interval, in ms, that gives at most `points` and is at least `least_s`; then whole days."""
    wanted = max(span_ms / points / 1000, least_s)
    days = math.ceil(wanted / _NICE_S[-1]) * _NICE_S[-1]
    return int(1000 * next((length for length in _NICE_S if length >= wanted), days))
