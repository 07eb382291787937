"""When a question is put to rollups instead of readings, and what of them answers it.

Up to two days are asked of readings. Beyond, of rollups, where the store has them for the window: whoever does not make
any, or has stopped, is answered by readings, however long that takes.
"""

from collections.abc import Callable, Mapping

from dashboards.sources.base import Window
from dashboards.sources.shape import Shape
from park.panel import Aggregate
from park.rollup import COARSE, FINE, Step

#: More hours than this are asked of 5 minutes, and of hours; of those, in which the window's kind has readings.
FINE_HOURS = 48
COARSE_HOURS = 336
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


def step_for(asked: Shape, window: Window, *, touched: int, made: int) -> Step | None:
    """The buckets that answer a question; None are the readings.

    Args:
        asked: what is asked.
        window: of which time.
        touched: hours of the window in which the kind has readings.
        made: those that have rollups.
    """
    if touched - made > BEHIND_HOURS:
        return None
    fitting = [step for step, hours in ((COARSE, COARSE_HOURS), (FINE, FINE_HOURS)) if made > hours]
    if asked.over_time:
        fitting = [step for step in fitting if window.interval % step.ms == 0]
    return fitting[0] if fitting else None


def may_roll(asked: Shape, window: Window) -> bool:
    """Whether rollups can come into question at all."""
    return asked.rolls and window.until - window.start > FINE_HOURS * COARSE.ms
