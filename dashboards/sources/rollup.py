"""When a question is put to rollups instead of readings, and what of them answers it.

Up to two days are asked of readings. Beyond, of rollups, where the store has them for the window and they cost less:
whoever does not make any, or has stopped, is answered by readings, however long that takes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.sources.base import Window
from dashboards.sources.shape import Shape
from park.panel import Aggregate
from park.rollup import COARSE, FINE, HOUR_MS, Step

#: More hours than this are asked of 5 minutes, and of hours; of those, in which the window's kind has readings. From
#: there on the viewer's intervals are whole hours.
FINE_HOURS = 48
COARSE_HOURS = 180
#: Buckets of 5 minutes answer where so many readings are in one. A mean is two fields of buckets, and one of readings.
LEAST_READINGS = 3
#: Of so many buckets in an interval a mean rate is told by the last alone: the newest may not be made yet.
MANY = 6
#: So many of a window's hours may be without rollups: the one that goes on, and the one before it.
BEHIND_HOURS = 2

#: What a field's readings come to, by the functions that InfluxQL and SQL have in common.
WITHIN: Mapping[Aggregate, Callable[[str], str]] = {
    Aggregate.MEAN: lambda field: f'sum("{field}_sum") / sum("{field}_count")',
    Aggregate.MIN: lambda field: f'min("{field}_min")',
    Aggregate.MAX: lambda field: f'max("{field}_max")',
    Aggregate.SUM: lambda field: f'sum("{field}_sum")',
    Aggregate.COUNT: lambda field: f'sum("{field}_count")',
    Aggregate.SPREAD: lambda field: f'max("{field}_max") - min("{field}_min")',
}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What the marks say of a kind in a window.

    Attributes:
        touched: hours in which it has readings.
        made: those that have rollups.
        readings, buckets: about how many readings those have, and of how many buckets of 5 minutes.
    """

    touched: int = 0
    made: int = 0
    readings: int = 0
    buckets: int = 0


def progress_of(figures: Sequence[Any]) -> Progress:
    """The figures as a store tells them, in their order; what it has none of is nothing."""
    touched, made, readings, buckets = (int(figure or 0) for figure in (*figures, *[0] * 4)[:4])
    return Progress(touched=touched, made=made, readings=readings, buckets=buckets)


def step_for(asked: Shape, window: Window, there: Progress) -> Step | None:
    """The buckets that answer a question; None are the readings.

    Args:
        asked: what is asked.
        window: of which time.
        there: what the store has for it.
    """
    if there.touched - there.made > BEHIND_HOURS:
        return None
    fitting = [COARSE] if there.made > COARSE_HOURS else []
    if there.made > FINE_HOURS and there.readings >= LEAST_READINGS * there.buckets:
        fitting.append(FINE)
    if asked.over_time:
        fitting = [step for step in fitting if window.interval % step.ms == 0]
    return fitting[0] if fitting else None


def may_roll(asked: Shape, window: Window) -> bool:
    """Whether rollups can come into question at all."""
    return asked.rolls and window.until - window.start > FINE_HOURS * HOUR_MS
