"""What a fault of each class does to the values of one channel.

The classes are those of Ni et al. (2009), Sensor network data fault types, ACM TOSN 5(3), and of Sharma, Golubchik &
Govindan (2010), Sensor faults: detection methods and prevalence in real-world datasets, ACM TOSN 6(3).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from park.model import Floats, Ints, Streams
from simulator.faults.sigma import Scale, Sigma

_SPIKED = 0.1
_LIVE_SHARE = 0.7
#: The median of the amount of a standard normal number: its probable error.
_PROBABLE = 0.67449


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """N clean readings of one channel of one device while a fault lasts, and what the fault is.

    Attributes:
        x: (N,) clean values, in the channel's unit.
        seq: (N,) their slots.
        along: (N,) how far the fault has come, 0 at its onset, 1 at its end.
        shape: (N,) how much of it is there: rises from 0 at the onset, falls to 0 at the end, 1 between.
        amount: severity times the local sigma, with its sign; for a fault of the unit's own size, that.
        level: how large the channel's values usually are.
        first, last: the clean values at the first reading of the fault, and at the first after it.
        streams, device: for what is drawn anew at each reading.
    """

    x: Floats
    seq: Ints
    along: Floats
    shape: Floats
    amount: float
    level: float
    first: float
    last: float
    streams: Streams
    device: int
    name: str

    def normal(self) -> Floats:
        """(N,) standard normal, drawn by slot."""
        return self.streams.normal(f"fault.{self.name}.normal", self.device, self.seq)

    def uniform(self) -> Floats:
        """(N,) uniform, drawn by slot."""
        return self.streams.uniform(f"fault.{self.name}.uniform", self.device, self.seq)


#: Turns clean values into those that are told; NaN is not told.
Alter = Callable[[Patch], Floats]


@dataclass(frozen=True, kw_only=True)
class FaultClass:
    """A class of faults.

    Attributes:
        sigma: that its severity is counted in; None where severity has no meaning.
        ends: whether it needs the clean values at its onset and end.
        absolute: whether it is told in the channel's unit, not as a severity.
        amount: of a severity of one, in sigma: such that half of what is befallen is wrong by at least the severity.
        upright: whether its amount is never below minus the level, where it would turn the sign.
    """

    name: str
    description: str
    alter: Alter
    sigma: Sigma | None = None
    ends: bool = False
    absolute: bool = False
    amount: float = 1.0
    upright: bool = False

    def sized(self, severity: float, scale: Scale, sign: float) -> float:
        """The amount of a severity, in the channel's unit, with its sign; nothing if it has no severity.

        Args:
            severity: in local sigma.
            scale: of the channel.
            sign: that it would have.
        """
        if self.sigma is None:
            return 0.0
        size = severity * self.amount * scale.sigma(self.sigma, sign)
        if self.upright and sign < 0 and size > scale.level:
            return severity * self.amount * scale.sigma(self.sigma, 1.0)
        return sign * size

    @property
    def measured(self) -> bool:
        """Whether its size has a meaning in the channel's unit."""
        return self.sigma is not None or self.absolute


def _spike(at: Patch) -> Floats:
    side = np.where(at.uniform() < _SPIKED / 2, 1.0, np.where(at.uniform() > 1 - _SPIKED / 2, -1.0, 0.0))
    return at.x + at.amount * side


def _gain(at: Patch) -> Floats:
    return at.x * (1.0 + at.amount * at.shape / at.level)


def _clip(at: Patch) -> Floats:
    return np.minimum(at.x, at.first) if at.amount > 0 else np.maximum(at.x, at.first)


def _quantise(at: Patch) -> Floats:
    step = abs(at.amount)
    return np.asarray(np.rint(at.x / step) * step)


def _low_battery(at: Patch) -> Floats:
    noisy = at.x + at.amount * (at.along / _LIVE_SHARE) * at.normal()
    return np.where(at.along < _LIVE_SHARE, noisy, np.nan)


CLASSES = {
    one.name: one
    for one in (
        FaultClass(
            name="spike",
            description="Single readings, one in ten, stand far above or below.",
            alter=_spike,
            sigma=Sigma.STEP,
        ),
        FaultClass(
            name="noise",
            description="Every reading scatters more than it should.",
            alter=lambda at: at.x + at.amount * at.shape * at.normal(),
            sigma=Sigma.STEP,
            amount=1 / _PROBABLE,
        ),
        FaultClass(
            name="bias",
            description="A constant is added.",
            alter=lambda at: at.x + at.amount * at.shape,
            sigma=Sigma.DAY,
        ),
        FaultClass(
            name="gain",
            description="Values are multiplied; severity is at the channel's usual level.",
            alter=_gain,
            sigma=Sigma.DAY,
            upright=True,
        ),
        FaultClass(
            name="drift",
            description="An error that grows evenly, to its severity in the middle and twice that at the end.",
            alter=lambda at: at.x + at.amount * at.along,
            sigma=Sigma.DAY,
            amount=2.0,
        ),
        FaultClass(
            name="quantisation",
            description="Steps as coarse as the severity: a converter that has lost its lower bits.",
            alter=_quantise,
            sigma=Sigma.STEP,
        ),
        FaultClass(
            name="stuck",
            description="The value of the onset, told again and again.",
            alter=lambda at: np.full_like(at.x, at.first),
            ends=True,
        ),
        FaultClass(
            name="clip",
            description="Nothing beyond the value of the onset: an amplifier that is saturated.",
            alter=_clip,
            ends=True,
        ),
        FaultClass(
            name="interpolation",
            description="A straight line between the two ends: somebody has filled a gap.",
            alter=lambda at: at.first + (at.last - at.first) * at.along,
            ends=True,
        ),
        FaultClass(
            name="dropout",
            description="The channel is not told.",
            alter=lambda at: np.full_like(at.x, np.nan),
        ),
        FaultClass(
            name="low_battery",
            description="Ever more noise, then nothing.",
            alter=_low_battery,
            sigma=Sigma.STEP,
        ),
        FaultClass(
            name="rail",
            description="One value, that of an open or a shorted input, or of a counter that sees nothing.",
            alter=lambda at: np.full_like(at.x, at.amount),
            absolute=True,
        ),
        FaultClass(
            name="reversed",
            description="The sign is turned: a meter or a probe connected the wrong way round.",
            alter=lambda at: -at.x,
        ),
    )
}
