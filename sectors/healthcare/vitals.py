"""Vital signs: own baseline, clock, fever and severity, and what the minutes add.

What severity does to somebody differs from stay to stay: fever in some, short breath in others, low pressure in a
third. The daily rhythm fades with severity.

References:
    Jensen et al. (2019). Effect of body temperature on heart and respiratory rate, 4,493 acute patients: heart rate
    +7.2 /min per Cel, respiration +1.4 /min per Cel.
    Davidson et al. (2021); van Goor et al. (2022). Daily rhythms of vital signs, in wards and intensive care.
    Severinghaus (1979). Simple, accurate equations for human blood O2 dissociation computations. J Appl Physiol 46.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import Sampler, smooth_noise
from park.model import Floats, Ints, Streams
from sectors.healthcare.severity import Course, courses, keys
from sectors.healthcare.stays import Beds

_HEART_PER_CEL, _BREATHS_PER_CEL = 6.0, 1.4
#: Hour of the day at which each rhythm is highest.
_WARMEST, _FASTEST, _HIGHEST = 17.5, 15.5, 14.5
#: Severity at which the daily rhythm begins to fade, and at which it is gone.
_FADES, _GONE = 0.10, 0.27
_SECOND_SCALE = 0.12
#: Arterial oxygen, mm[Hg], that a litre a minute adds, and that oxygen is given for.
_PER_LITRE, _TARGET, _TARGET_2 = 7.0, 74.0, 57.0
_GIVEN_BELOW, _GIVEN_BELOW_2 = 66.0, 53.0
_MOST_OXYGEN = 15.0
#: Noise: name to every how many steps of the grid it has a knot.
_NOISES = {"heart": 1, "heart.slow": 6, "breath": 1, "breath.slow": 6, "warmth": 36, "pressure": 6, "oxygen": 3}


@dataclass(frozen=True, kw_only=True, eq=False)
class Traits:
    """What is one's own in a stay, (S,) each.

    Attributes:
        heart, breath, warmth, systolic, oxygen: when well: /min, /min, Cel, mm[Hg], arterial mm[Hg].
        heart_swing, warmth_swing, dip: amplitudes of the day's rhythm: /min, Cel, share of the pressure.
        fever, racing, panting, falling, short: what severity 1 does: Cel, /min, /min, mm[Hg] less, mm[Hg] less.
        wakeful: severity at which the mind clouds.
        second: whether the second saturation scale holds.
    """

    heart: Floats
    breath: Floats
    warmth: Floats
    systolic: Floats
    oxygen: Floats
    diastolic_share: Floats
    heart_swing: Floats
    warmth_swing: Floats
    dip: Floats
    fever: Floats
    racing: Floats
    panting: Floats
    falling: Floats
    short: Floats
    wakeful: Floats
    second: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Signs:
    """(N,) true vital signs: /min, /min, Cel, mm[Hg], mm[Hg], arterial oxygen without any given, mm[Hg]."""

    heart: Floats
    breath: Floats
    warmth: Floats
    systolic: Floats
    diastolic: Floats
    oxygen: Floats


class Patients:
    """The stays of a day of B beds, and what their bodies do."""

    def __init__(self, streams: Streams, beds: Beds, day: int) -> None:
        self.beds = beds
        self._streams, self._day = streams, day

    @cached_property
    def course(self) -> Course:
        """Of each stay, flat (B, 2)."""
        return courses(self._streams, self.beds)

    @cached_property
    def traits(self) -> Traits:
        """Of each stay, flat (B, 2)."""
        return _traits(self._streams, self.beds)

    @cached_property
    def _noise(self) -> dict[str, Floats]:
        number = self.beds.number
        return {
            name: smooth_noise(self._streams, f"healthcare.{name}", (number,), self._day, every)
            for name, every in _NOISES.items()
        }

    def hour(self, x: Floats) -> Floats:
        """Hours since the first morning at places on the day's grid."""
        return 24.0 * self._day + x / 12.0

    def severity(self, row: Ints, x: Floats) -> Floats:
        """(N,) of who lies in the bed, or lay there last."""
        hour = self.hour(x)
        place, _taken = self.beds.which(row, hour)
        return self.course.severity(place, hour)

    def signs(self, row: Ints, x: Floats, severity: Floats) -> Signs:
        """(N,) the vital signs of who lies in the bed."""
        place, _taken = self.beds.which(row, self.hour(x))
        own, noise, here = self.traits, self._noise, Sampler(row, x)
        clock = (4.0 + x / 12.0) * (np.pi / 12.0)
        rhythm = np.clip((_GONE - severity) / (_GONE - _FADES), 0.0, 1.0)
        daily = own.warmth_swing.take(place) * rhythm * np.cos(clock - _WARMEST * np.pi / 12.0)
        hotter = daily + own.fever.take(place) * severity + 0.14 * here.line(noise["warmth"])
        swing = own.heart_swing.take(place) * rhythm * np.cos(clock - _FASTEST * np.pi / 12.0)
        heart = own.heart.take(place) + swing + _HEART_PER_CEL * hotter + own.racing.take(place) * severity
        heart += 2.4 * here.line(noise["heart"]) + 1.6 * here.line(noise["heart.slow"])
        breath = own.breath.take(place) + _BREATHS_PER_CEL * hotter + own.panting.take(place) * severity
        breath += 0.45 * rhythm * np.cos(clock - _FASTEST * np.pi / 12.0)
        breath += 0.7 * here.line(noise["breath"]) + 0.5 * here.line(noise["breath.slow"])
        dip = own.dip.take(place) * rhythm * 0.5 * (1.0 - np.cos(clock - _HIGHEST * np.pi / 12.0))
        systolic = own.systolic.take(place) * (1.0 - dip) - own.falling.take(place) * severity
        systolic += 5.0 * here.line(noise["pressure"])
        oxygen = own.oxygen.take(place) - own.short.take(place) * severity + 1.6 * here.line(noise["oxygen"])
        return Signs(
            heart=heart,
            breath=breath,
            warmth=own.warmth.take(place) + hotter,
            systolic=systolic,
            diastolic=systolic * own.diastolic_share.take(place),
            oxygen=oxygen,
        )


def saturation(oxygen: Floats) -> Floats:
    """Oxygen saturation of haemoglobin, %, at an arterial pressure of oxygen, mm[Hg] (Severinghaus 1979)."""
    return np.asarray(100.0 / (23_400.0 / (oxygen**3 + 150.0 * oxygen) + 1.0))


def given_oxygen(oxygen: Floats, second: Floats) -> Floats:
    """Half litres a minute that bring who needs it to the target: 94-98 %, or 88-92 % on the second scale."""
    target = np.where(second > 0, _TARGET_2, _TARGET)
    needed = oxygen < np.where(second > 0, _GIVEN_BELOW_2, _GIVEN_BELOW)
    return np.asarray(
        np.where(needed, np.clip(np.ceil(2.0 * (target - oxygen) / _PER_LITRE) / 2.0, 0.5, _MOST_OXYGEN), 0.0)
    )


def with_given(oxygen: Floats, flow: Floats) -> Floats:
    """Arterial oxygen, mm[Hg], with so many L/min."""
    return oxygen + _PER_LITRE * flow


def _traits(streams: Streams, beds: Beds) -> Traits:
    number, key = np.repeat(beds.number, 2)[:, None], keys(beds)[:, None]
    z = streams.normal("healthcare.baseline", number, key, np.arange(6)).T
    u = streams.uniform("healthcare.trait", number, key, np.arange(10)).T
    infected, second = u[0] < 0.45, u[1] < _SECOND_SCALE
    return Traits(
        heart=np.clip(74.0 + 8.0 * z[0], 52.0, 92.0),
        breath=np.clip(15.6 + 1.4 * z[1], 12.0, 18.5),
        warmth=36.75 + 0.2 * np.clip(z[2], -2.5, 2.5),
        systolic=np.clip(133.0 + 16.0 * z[3], 104.0, 190.0),
        oxygen=np.where(second, 60.0 + 2.0 * z[4], np.clip(90.0 + 6.0 * z[4], 78.0, 104.0)),
        diastolic_share=np.clip(0.58 + 0.04 * z[5], 0.46, 0.7),
        heart_swing=1.5 + 1.5 * u[2],
        warmth_swing=0.25 + 0.2 * u[3],
        dip=0.15 + 0.10 * u[4],
        fever=np.where(infected, 2.0 + 1.2 * u[5], 0.15),
        racing=np.where(infected, 5.0, 24.0) + 12.0 * u[6],
        panting=1.5 + 8.0 * u[7],
        falling=10.0 + 38.0 * u[8],
        short=np.where(second, 14.0, 16.0) + 28.0 * u[9],
        wakeful=0.60 + 0.12 * u[7],
        second=second.astype(np.float64),
    )
