"""Local sigma: how much a channel moves, which severities are counted in."""

import enum
from dataclasses import dataclass


class Sigma(enum.Enum):
    """Over what time a channel's local sigma is taken: as long as it takes to see the fault."""

    STEP = "from one reading to the next"
    DAY = "from day to day"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Of one channel of a kind in a season, in its unit.

    A sigma is that of the normal distribution whose rare ones are as large. Loads, rain and traffic are not normal, and
    what stands out there is far beyond their standard deviation. Nor are they symmetric: a flow that is small by day
    and nothing by night is wrong by little if it is below nothing.

    Attributes:
        step: sigma of the steps from one reading to the next.
        below, above: sigma of the values below their median and above it.
        level: the median of their amounts, where they are not nothing.
    """

    step: float
    below: float
    above: float
    level: float

    def sigma(self, over: Sigma, sign: float) -> float:
        """Of what a fault in this direction has to stand out from."""
        if over is Sigma.STEP:
            return self.step
        return self.above if sign > 0 else self.below
