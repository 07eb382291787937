"""Buildings: what they draw by type, by the people in them, by temperature and by what is switched.

A building's load has two parts: a smooth one that follows the people of the world and the temperature, in straight
lines on the grid, and appliances that are switched at any second: those of homes in uses.py, others' in appliances.py.
Of the latter a meter shows the mean of the last minute, which is what its register has counted in it. The V-shaped
answer to temperature follows Henley & Peirson (1997), Non-linearities in electricity demand and temperature, Oxf. Bull.
Econ. Stat. 59.

Sizes of a home's jumps, memory and days are those of a metered one (UCI's individual household, one minute): 6 % of
minutes jump by more than 500 W, days differ by .40 of their mean.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import GRID_H, HOURS, STEPS, Sampler, integral, smooth_noise
from park.model import Floats, Ints, Streams
from sectors.energy.appliances import SLOT_HOURS, SLOT_STEPS, SLOTS, Kit, Switched
from sectors.energy.habits import awake
from sectors.energy.uses import Uses, uses
from sectors.energy.weather import SiteWeather

HOME, OFFICE, SHOP, FACTORY, SCHOOL = range(5)
HEATING_BELOW, COOLING_ABOVE = 14.0, 23.5  # Cel
_AT_WORK, _OUT = 0.45, 0.16  # shares of people on a workday's forenoon, and in a Saturday afternoon's shops

_SIZE_KW = np.array([1.0, 7.0, 5.0, 9.0, 5.5])
#: Smooth load as shares of the size: always, with people at work, out, at home and awake.
_SMOOTH = np.array(
    [
        [0.18, 0.00, 0.00, 0.07],
        [0.42, 0.54, 0.00, 0.02],
        [0.43, 0.06, 0.25, 0.02],
        [0.51, 0.37, 0.00, 0.00],
        [0.36, 0.52, 0.02, 0.00],
    ]
)
_HEATING_PER_K = np.array([0.030, 0.020, 0.015, 0.006, 0.018])
_COOLING_PER_K = np.array([0.080, 0.050, 0.045, 0.018, 0.040])
_TAN_PHI = np.array([0.25, 0.38, 0.42, 0.55, 0.36])
_PHASES = np.array([1.0, 3.0, 3.0, 3.0, 3.0])
#: By unit: types and how likely each is. Every block has a home first.
_MIX = (((HOME,), (1.0,)), ((OFFICE, SHOP), (0.5, 0.5)), ((FACTORY, SCHOOL, SHOP), (0.5, 0.25, 0.25)))

_KINDS = 4
_ALWAYS = 9.0
#: By type, each appliance: kW over the size, minutes of a cycle, share of it on, half hours of a use, and how likely
#: it is in use: with people at work, out. A home's are in uses.py.
_APPLIANCES = np.array(
    [
        [[0.0, 9, 0.5, 1, _ALWAYS, 0]] * 4,
        [  # lifts, a compressor, a server's cooling, a kitchen
            [0.08, 4, 0.40, 4, 0.8, 0],
            [0.10, 26, 0.55, 8, 0.8, 0],
            [0.06, 17, 0.50, 1, _ALWAYS, 0],
            [0.06, 11, 0.40, 1, 0.3, 0],
        ],
        [  # two cold stores, an oven, a door's air curtain
            [0.12, 19, 0.60, 1, _ALWAYS, 0],
            [0.10, 31, 0.55, 1, _ALWAYS, 0],
            [0.10, 13, 0.50, 4, 0, 0.5],
            [0.06, 6, 0.40, 4, 0, 0.6],
        ],
        [  # a compressor by night and day, presses, a furnace, a crane
            [0.10, 6, 0.55, 1, _ALWAYS, 0],
            [0.06, 2.5, 0.40, 6, 0.8, 0],
            [0.10, 24, 0.60, 1, _ALWAYS, 0],
            [0.05, 9, 0.30, 4, 0.6, 0],
        ],
        [  # a kitchen, two pumps, a lift
            [0.10, 9, 0.50, 2, 0.5, 0],
            [0.05, 33, 0.50, 1, _ALWAYS, 0],
            [0.06, 21, 0.55, 8, 0.7, 0],
            [0.04, 5, 0.30, 4, 0.6, 0],
        ],
    ],
    dtype=np.float64,
)
_HEAT_PER_K = 0.16  # of a home's uses of heat
_AT_ONCE = 128  # buildings
_RESTLESS = 0.04  # of what is switched elsewhere than at home, from minute to minute
_MINUTES, _FIVE = 1440, 5
#: How what is on stirs: minutes for which it stays as it is, what passes within a minute over what stays, and by how
#: much days differ (spread of the logarithm).
_HELD, _PASSING, _UNREST_SPREAD = 3, 0.4, 0.35
_RESISTIVE = 0.16  # reactive over active power of what is switched
_DAY_SPREAD = 0.34  # of the logarithm of how much a household does on a day
_LEFT, _LEFT_SHARE = 0.03, 0.10  # days on which hardly anybody is at home, and what is left of them
_HOLIDAY, _HOLIDAY_DAYS = 0.04, 7  # share of weeks that a household is away
_LATE_H = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Buildings:
    """Buildings, (rows,) each.

    Attributes:
        type: index into the tables of this module.
        size: scale of the load, kW.
        tan_phi: reactive over active power.
        phases: of the connection.
        kit: what is switched in them.
    """

    type: Ints
    size: Floats
    tan_phi: Floats
    phases: Floats
    kit: Kit


def buildings(streams: Streams, device: Ints, unit: Ints) -> Buildings:
    """The buildings of these devices."""
    draw = streams.uniform("energy.load.type", device)
    types = np.zeros(len(device), dtype=np.int64)
    for place, (choices, shares) in enumerate(_MIX):
        chosen = np.array(choices)[np.searchsorted(np.cumsum(shares[:-1]), draw, side="right")]
        types = np.where(unit % len(_MIX) == place, chosen, types)
    size = _SIZE_KW[types] * (0.75 + 0.5 * streams.uniform("energy.load.size", device))
    return Buildings(
        type=types,
        size=size,
        tan_phi=_TAN_PHI[types] * (0.9 + 0.2 * streams.uniform("energy.load.phi", device)),
        phases=_PHASES[types],
        kit=_kit(streams, device, types, size),
    )


def _kit(streams: Streams, device: Ints, types: Ints, size: Floats) -> Kit:
    table = _APPLIANCES[types]
    each = (device[:, None], np.arange(_KINDS))
    own = [0.8 + 0.4 * streams.uniform(f"energy.load.{what}", *each) for what in ("kw", "period", "duty")]
    return Kit(
        power=table[..., 0] * size[:, None] * own[0],
        period=table[..., 1] * own[1],
        duty=np.where(table[..., 2] < 1, table[..., 2] * own[2], 1.0),
        phase=streams.uniform("energy.load.phase", *each),
        always=table[..., 4] == _ALWAYS,
    )


class Loads:
    """What buildings draw through a day, under these rows of the weather."""

    def __init__(self, buildings: Buildings, streams: Streams, device: Ints, row: Ints, weather: SiteWeather) -> None:
        self._buildings = buildings
        self._streams = streams
        self._device = device
        self._row = row
        self._weather = weather

    @cached_property
    def smooth(self) -> Floats:
        """Without what is switched, kW; (rows, points)."""
        buildings, weather, row = self._buildings, self._weather, self._row
        up = awake(4.0 + HOURS) * weather.at_home
        always, work, out, home = _SMOOTH[buildings.type].T[..., None]
        share = always + (work / _AT_WORK) * weather.at_work[row] + (out / _OUT) * weather.out[row] + home * up[row]
        air = weather.temperature
        cooling, heating = np.maximum(air - COOLING_ABOVE, 0.0)[row], np.maximum(HEATING_BELOW - air, 0.0)[row]
        climate = cooling * _COOLING_PER_K[buildings.type][:, None] + heating * _HEATING_PER_K[buildings.type][:, None]
        habits = smooth_noise(self._streams, "energy.load.habit", (self._device,), weather.index[row], 12)
        return np.asarray(share * (1.0 + climate) * (1.0 + 0.03 * habits) * buildings.size[:, None])

    @cached_property
    def motors(self) -> Floats:
        """Reactive power of the smooth part, kvar; (rows, points)."""
        noise = smooth_noise(self._streams, "energy.load.motors", (self._device,), self._day, 12)
        return self.smooth * self._buildings.tan_phi[:, None] * (1.0 + 0.06 * noise)

    @cached_property
    def _homes(self) -> Ints:
        return np.flatnonzero(self._buildings.type == HOME)

    @cached_property
    def _others(self) -> Ints:
        return np.flatnonzero(self._buildings.type != HOME)

    @cached_property
    def _switched(self) -> Switched:
        """What is switched by half hours, elsewhere than at home."""
        rows = self._others
        table = _APPLIANCES[self._buildings.type[rows]]
        people, row, day = self._weather, self._row[rows], self._day[rows]
        at_work = people.at_work[:, SLOT_STEPS // 2 :: SLOT_STEPS][row]
        out = people.out[:, SLOT_STEPS // 2 :: SLOT_STEPS][row]
        wanted = (table[..., 4, None] / _AT_WORK) * at_work[:, None] + (table[..., 5, None] / _OUT) * out[:, None]
        block = np.arange(SLOTS) // np.maximum(table[..., 3, None], 1)
        which = block.astype(np.int64) + SLOTS * np.arange(_KINDS)[:, None]
        draw = self._streams.uniform("energy.load.use", self._device[rows, None, None], day[:, None, None], which)
        return Switched(self._buildings.kit.some(rows), day, wanted, draw)

    @cached_property
    def uses(self) -> Uses:
        """What people at home run, of homes alone."""
        rows = self._homes
        device, day, row = self._device[rows], self._day[rows], self._row[rows]
        hour = SLOT_HOURS - _LATE_H * self._streams.normal("energy.load.late", device, day)[:, None]
        up = awake(hour) * self._weather.at_home[:, SLOT_STEPS // 2 :: SLOT_STEPS][row]
        air = self._weather.temperature[:, SLOT_STEPS // 2 :: SLOT_STEPS][row].mean(axis=1)
        need = np.maximum(air - COOLING_ABOVE, 0.0) + np.maximum(HEATING_BELOW - air, 0.0)
        doing = self._household(device, day)
        heat = 0.5 + _HEAT_PER_K * np.minimum(need, 15.0)
        return uses(self._streams, device, day, up=up, doing=doing, hour=hour, heat=heat)

    @cached_property
    def energy(self) -> Floats:
        """Since the start of the day, kWh; (rows, points)."""
        total = self.smooth_energy.copy()
        total[self._others] += self._switched.energy(STEPS)
        total[self._homes, 1:] += np.cumsum(self.uses.drawn(_FIVE)[0][:, 1:], axis=1)
        return total

    @cached_property
    def minutes(self) -> Floats:
        """What is switched in the minute before 04:00 and every minute since, kWh, (rows, 1441).

        Over five minutes it is what the grid says.
        """
        total, restless = (np.empty((len(self._row), 1 + _MINUTES)) for _ in range(2))
        total[self._others, 0] = self._switched.before
        total[self._others, 1:] = np.diff(self._switched.energy(_MINUTES), axis=1)
        restless[self._others] = _RESTLESS * total[self._others]
        total[self._homes], restless[self._homes] = self.uses.drawn(1)
        # What stirs ends before days meet.
        restless[:, [*range(1 + _FIVE), *range(-_FIVE, 0)]] = 0.0
        for first in range(0, len(total), _AT_ONCE):  # so that what is needed on the way stays small
            some = slice(first, first + _AT_ONCE)
            total[some, 1:] = _stirred(total[some, 1:], restless[some, 1:], self._unrest(some))
        return total

    def _unrest(self, rows: slice) -> Floats:
        """By minute, (rows, 1440): what is held until a moment in every three minutes, and what is not."""
        device, day, held = self._device[rows], self._day[rows], _MINUTES // _HELD
        number = day[:, None] * held + np.arange(-1, held)
        level = self._streams.normal("energy.load.minute", device[:, None], number)
        moment = self._streams.uniform("energy.load.moment", device[:, None], number[:, 1:])
        old = np.arange(_HELD) < (moment * _HELD)[..., None]
        stays = np.where(old, level[:, :-1, None], level[:, 1:, None]).reshape(-1, _MINUTES)
        minute = day[:, None] * _MINUTES + np.arange(_MINUTES)
        passing = self._streams.normal("energy.load.passing", device[:, None], minute)
        of_day = np.exp(_UNREST_SPREAD * self._streams.normal("energy.load.unrest", device, day))
        return (stays + _PASSING * passing) * of_day[:, None]

    @cached_property
    def _counted(self) -> Floats:
        """What is switched until the end of these minutes since 04:00, kWh; (rows, 1441)."""
        total = np.cumsum(self.minutes, axis=1)
        total -= self.minutes[:, :1]
        return total

    def at(self, row: Ints, x: Floats) -> tuple[Floats, Floats]:
        """(N,) of what is switched: mean power of the last minute, kW, and energy since 04:00, kWh, at some places."""
        here = Sampler(row, x * _FIVE, 1 + _MINUTES)
        return here.line(self.minutes) * 60.0, here.line(self._counted)

    @cached_property
    def smooth_energy(self) -> Floats:
        """Of the smooth part since the start of the day, kWh; (rows, points)."""
        return integral(self.smooth)

    @property
    def _day(self) -> Ints:
        return np.asarray(self._weather.index[self._row])

    def _household(self, device: Ints, day: Ints) -> Floats:
        """How much a household does on a day: 1 on average while it is there; (homes,)."""
        streams = self._streams
        own = streams.normal("energy.load.household", device, day)
        week = (day + (_HOLIDAY_DAYS * streams.uniform("energy.load.leave", device)).astype(np.int64)) // _HOLIDAY_DAYS
        away = streams.uniform("energy.load.holiday", device, week) < _HOLIDAY
        left = streams.uniform("energy.load.left", device, day) < _LEFT
        factor = np.exp(_DAY_SPREAD * own - _DAY_SPREAD**2 / 2)
        return np.asarray(np.where(away, 0.0, np.where(left, _LEFT_SHARE, factor)))


def reactive_of(motors: Floats, switched: Floats) -> Floats:
    """Lagging reactive power, kvar, of both parts of a load."""
    return motors + _RESISTIVE * switched


def steps_mean(energy: Floats) -> Floats:
    """Mean power of the steps of the grid, kW, from the energy since the start of the day; (..., points - 1)."""
    return np.diff(energy, axis=-1) / GRID_H


def _stirred(steady: Floats, restless: Floats, draw: Floats) -> Floats:
    """Energies of minutes, (rows, 1440), that stray as their restless part does; over five minutes nothing changes."""
    draw *= np.abs(draw)  # now and then much more than mostly
    fives, stray = (part.reshape(-1, _FIVE) for part in (steady, restless))
    stray = stray * draw.reshape(-1, _FIVE)
    stray -= stray.mean(axis=1, keepdims=True)
    room = np.where(stray < 0, fives, np.inf) / np.maximum(np.abs(stray), 1e-12)
    fives = fives + stray * np.minimum(room.min(axis=1, keepdims=True), 1.0)
    return np.asarray(np.maximum(fives, 0.0).reshape(-1, _MINUTES))
