"""How far a gateway is: where a decision finds its place in time."""

import math
from dataclasses import dataclass

from simulator.forward import Forward


@dataclass(frozen=True, kw_only=True)
class Standpoint:
    """How far the gateway is, in the town's time.

    Attributes:
        cursor_ms: everything before it is made, sent or not.
        until_ms: the end of its schedule, None without one.
        live: whether its readings are no history.
    """

    cursor_ms: int
    now_ms: int
    until_ms: int | None = None
    live: bool = True

    @staticmethod
    def of(forward: Forward, now_s: float) -> "Standpoint":
        """Where a gateway's readings are, at a time on the clock of `time.time`."""
        schedule = forward.schedule
        return Standpoint(
            cursor_ms=forward.cursor_ms,
            now_ms=schedule.town_ms(now_s),
            until_ms=schedule.until_ms,
            live=forward.live and not math.isinf(schedule.speed),
        )
