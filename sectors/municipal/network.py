"""The pipes of a block: what leaks, and what pressure is left at the farthest tap.

Inflow is what meters and greens draw, and leaks: background ones as the pressure to the power 1.5, bursts as its root
(Lambert 2001, FAVAD). Friction is Hazen and Williams', as 10.67 L Q^1.852 / (C^1.852 D^4.87), with one main for all.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import devices
from park.model import DAY_MS, Floats, Ints, Setting
from sectors.municipal.catalogue import WATER_METER
from sectors.municipal.demand import homes

_HOME_M3_H = 0.0175
_LEAK_SHARE = 0.76  # of what always leaks, of what is drawn on average
_REFERENCE_KPA = 260.0
_FIXED = 0.35  # of it, through holes that do not widen
_EXPONENT = 1.852
SLOT_DAYS = 45
_BURST_CHANCE = 0.22
_DRIFT_DAYS, _DRIFT = 12, 0.09


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Pipes of R cells, (R,) each.

    Attributes:
        cell: numbers.
        mean: m3/h that is drawn on average.
        climb: kPa that the highest tap stands above the inlet.
        friction: kPa over (m3/h)^1.852.
        setpoint: kPa that the zone was set up with.
        opening: m3/h through the open valve at a fall of 100 kPa.
    """

    cell: Ints
    mean: Floats
    climb: Floats
    friction: Floats
    setpoint: Floats
    opening: Floats

    def take(self, row: Ints) -> "Network":
        """Those of some rows."""
        parts = {name: getattr(self, name)[row] for name in ("mean", "climb", "friction", "setpoint", "opening")}
        return Network(cell=self.cell[row], **parts)


def network(setting: Setting, cells: Ints) -> Network:
    """Of these cells."""
    streams = setting.streams
    meters = devices(cells, setting.per_cell[WATER_METER.name])
    count = np.zeros(len(cells), dtype=np.int64)
    for unit in range(meters.shape[1]):
        count += homes(streams, meters[:, unit])
    own = [streams.uniform(f"municipal.network.{what}", cells) for what in ("climb", "friction", "setpoint", "valve")]
    mean: Floats = _HOME_M3_H * count.astype(np.float64)
    return Network(
        cell=cells,
        mean=mean,
        climb=15.0 + 35.0 * own[0],
        friction=(14.0 + 14.0 * own[1]) / (2.2 * mean) ** _EXPONENT,
        setpoint=260.0 + 5.0 * np.floor(9 * own[2]),
        opening=mean * (6.0 + 2.0 * own[3]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaks:
    """What leaks at the reference pressure, m3/h: always, and through bursts."""

    background: Floats
    burst: Floats

    def at(self, pressure: Floats) -> Floats:
        """M3/h at a mean pressure, kPa."""
        head = np.maximum(pressure, 1.0) / _REFERENCE_KPA
        root = np.sqrt(head)
        steady = _FIXED * self.background
        return np.asarray((self.background - steady) * head * root + (steady + self.burst) * root)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bursts:
    """Real events: a main bursts, runs for days, is found and repaired; at most one in 45 days."""

    setting: Setting
    cell: Ints

    def of(self, slot: Ints) -> tuple[Ints, Ints, Floats]:
        """Begin and end, milliseconds since the first day's beginning, and share of the mean that is drawn; or 0s."""
        streams = self.setting.streams
        chance, begin, long, size = (
            streams.uniform(f"municipal.burst.{what}", self.cell, slot) for what in ("comes", "begin", "long", "size")
        )
        comes = chance < _BURST_CHANCE
        first = np.rint((slot * SLOT_DAYS + 30.0 * begin) * DAY_MS).astype(np.int64)
        last = first + np.rint((2.0 + 9.0 * long) * DAY_MS).astype(np.int64)
        zero = np.zeros_like(first)
        return np.where(comes, first, zero), np.where(comes, last, zero), np.where(comes, 0.35 + 0.6 * size, 0.0)

    def running(self, day: Ints, ms: Ints) -> Floats:
        """Share of the mean that runs out on days at milliseconds of them."""
        first, last, share = self.of(day // SLOT_DAYS)
        now = day * DAY_MS + ms
        return np.asarray(np.where((now >= first) & (now < last), share, 0.0))


def leaks(setting: Setting, pipes: Network, day: Ints, ms: Ints) -> Leaks:
    """Of networks on days at milliseconds of them; all (N,)."""
    knot = day // _DRIFT_DAYS
    left, right = (setting.streams.normal("municipal.leak.drift", pipes.cell, knot + k) for k in (0, 1))
    part = (day % _DRIFT_DAYS + ms / DAY_MS) / _DRIFT_DAYS
    drift = np.exp(_DRIFT * (left + (right - left) * part))
    running = Bursts(setting=setting, cell=pipes.cell).running(day, ms)
    return Leaks(background=_LEAK_SHARE * pipes.mean * drift, burst=running * pipes.mean)


def balance(pipes: Network, leak: Leaks, inlet: Floats, demand: Floats) -> tuple[Floats, Floats, Floats]:
    """Inflow, m3/h, pressure at the farthest tap, and the mean at which leaks run, kPa; (N,) each."""
    loss = np.zeros_like(inlet)
    inflow = mean = inlet
    for _ in range(4):
        mean = inlet - 0.5 * (pipes.climb + loss)
        inflow = demand + leak.at(mean)
        loss = pipes.friction * np.power(inflow, _EXPONENT)
    return inflow, np.maximum(inlet - pipes.climb - loss, 0.0), mean
