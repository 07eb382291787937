"""Who comes to the squares and goes: registers whose difference is the people inside, at every instant.

The day's visitors follow the shares of people who are out, under way and at work, for those leave it to eat and to
buy; before a free day some stay late. Their number is negative binomial (a gamma mean, a Poisson count), and is halved
by binomials down to the minute. They leave by the stay's distribution, over what came in: entered is never less than
left. A few are inside at 04:00.
"""

from dataclasses import dataclass

import numpy as np

from park.chance import binomial, dealt, gamma, leaves, many
from park.days import Days
from park.grid import HOURS, STEPS, Sampler, integral, means_about, smooth_noise
from park.model import GRID_POINTS, Floats, Ints, Moments, Observation, Setting, Streams, WorldDay
from sectors.public_safety.catalogue import LINES, ZONES
from sectors.public_safety.gathering import Gatherings, chance, gatherings, people
from sectors.public_safety.square import Squares

MINUTES = STEPS * 5
#: Grid steps at the day's end in which nobody comes who leaves before it.
_CLOSING = 6
_EMPTYING = 12
#: Of the visitors of a mean day.
_OVERNIGHT = 0.0014
#: Log spread of an hour at one square from what the town's people would bring.
_HABIT = 0.14
#: Of those who are out, under way or at work at 04:00, who drive and watch: they are not seen in a square.
_UNSEEN = 0.3
#: Steps of the grid by which people are in a square before or after the town's mean.
_EARLIER = 12
#: By weekday how many stay late, hours since 04:00 about which, and the width. An hour after midnight Auckland's
#: streets have half of their mean on Friday and Saturday, when more are out anyway, and a tenth on other nights.
_LATE = np.stack(
    [
        share * np.exp(-0.5 * ((HOURS - hour) / width) ** 2)
        for share, hour, width in [*[(0.45, 19.6, 1.7)] * 4, (1.4, 21.2, 1.5), (1.3, 22.6, 1.3), (0.0, 19.6, 1.7)]
    ]
)
#: Log spreads of what one square's hours stray by on a day, for half an hour and for hours, and how much more they do
#: by night. With what the town's people stray it makes the CV of a weekday's hour .2; Auckland's streets have .22.
_BRIEF, _LASTING, _BY_NIGHT = 0.18, 0.06, 0.2
_NIGHT = np.clip((HOURS - 14.0) / 5.0, 0.0, 1.0) + np.clip((2.0 - HOURS) / 2.0, 0.0, 1.0)
_HANDED = np.clip(np.arange(GRID_POINTS) / _CLOSING, 0.0, 1.0)
#: A stay lasts at least one step, and is log-normal with a median of 11 minutes beyond that.
_LAGS = 30


def _stay() -> Floats:
    minutes = 5.0 * (np.arange(1, _LAGS + 1) - 0.5)
    density = np.exp(-0.5 * (np.log(minutes / 11.0) / 0.7) ** 2) / minutes
    return np.asarray(density / density.sum())


_STAY = _stay()


@dataclass(frozen=True, kw_only=True, eq=False)
class Totals:
    """A day of C squares in whole numbers.

    Attributes:
        came: (C, LINES) who come over each line by themselves.
        entered, left: (C, LINES) all who cross each line.
        before, after: (C,) inside at the day's beginning and end.
        expected: (C, GRID_POINTS) by which `came` is dealt out.
        gathered: (C,) who come for a gathering, besides.
    """

    came: Ints
    entered: Ints
    left: Ints
    before: Ints
    after: Ints
    expected: Floats
    gathered: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Visitors:
    """A day of C squares.

    Attributes:
        entered: (C * LINES, MINUTES + 1) running counts since 04:00.
        left: (C, GRID_POINTS) running counts over all lines, not rounded.
        out: (C,) share of those who leave over the first line.
        zones: (C, ZONES + 1, GRID_POINTS) running shares of the zones.
        standing: (C, GRID_POINTS) share of a gathering that is there.
    """

    square: Squares
    totals: Totals
    entered: Floats
    left: Floats
    out: Floats
    zones: Floats
    standing: Floats

    def inside(self, row: Ints, x: Floats) -> Ints:
        """(N,) people in the square at places on the day's grid."""
        came = self.entered_at(row, 0, x) + self.entered_at(row, 1, x)
        return came + self.totals.before[row] - self.left_at(row, x)

    def entered_at(self, row: Ints, line: Ints | int, x: Floats) -> Ints:
        """(N,) people in over a line since 04:00."""
        at = Sampler(row * LINES + line, x * 5.0, MINUTES + 1)
        return at.line(self.entered).astype(np.int64)

    def left_at(self, row: Ints, x: Floats) -> Ints:
        """(N,) people out over all lines since 04:00."""
        # A sum of stays is whole but for rounding.
        return np.floor(Sampler(row, x).line(self.left) + 1e-6).astype(np.int64)

    def zone_at(self, row: Ints, zone: Ints, x: Floats) -> Ints:
        """(N,) people in a zone; over the zones of a square they are those inside."""
        inside = self.inside(row, x)
        low = Sampler(row * (ZONES + 1) + zone, x).line(self.zones)
        high = Sampler(row * (ZONES + 1) + zone + 1, x).line(self.zones)
        return np.floor(inside * high).astype(np.int64) - np.floor(inside * low).astype(np.int64)


def expected(days: Days, square: Squares) -> Floats:
    """(C, GRID_POINTS) visitors per hour that the town's people, the rain and the square's own ups and downs bring."""
    out = days.weather(lambda world: _seen(world.out))[days.site]
    on_foot = days.weather(lambda world: _seen(world.under_way))[days.site]
    off_work = days.weather(lambda world: _seen(world.at_work))[days.site]
    late = square.late[:, None] * _LATE[days.of_day(lambda world: world.weekday)]
    drier = days.weather(lambda world: 1.0 - 0.18 * wetness(world.precipitation))
    rate = square.out[:, None] * (out + late * days.weather(lambda world: world.out)[days.site])
    rate += square.passing[:, None] * on_foot + square.errands[:, None] * off_work
    rate *= drier[days.site]
    rate *= np.exp((1.0 + _BY_NIGHT * _NIGHT) * _stray(days, square))
    # A school, a market, a station: a square has hours of its own, which are the same on all days of a sort.
    sort = 2 * np.asarray(days.of_day(lambda world: world.workday), dtype=np.int64)
    rate *= np.exp(_HABIT * smooth_noise(days.setting.streams, "square.habit", (square.cells,), sort, 12))
    rate *= np.where(days.of_day(lambda world: world.holiday), square.holiday, 1.0)[:, None]
    return np.asarray(rate / 24.0)


def _seen(share: Floats) -> Floats:
    """Those of the people away from home who may come through a square."""
    return means_about(np.maximum(share - _UNSEEN * share[:, :1], 0.0), _EARLIER)


def _stray(days: Days, square: Squares) -> Floats:
    """(C, GRID_POINTS) logarithm of what squares have of their own."""
    streams, cells = days.setting.streams, (square.cells,)
    brief = smooth_noise(streams, "square.slow", cells, days.index, 6)
    lasting = smooth_noise(streams, "square.hours", cells, days.index, 36)
    return np.asarray(_BRIEF * brief + _LASTING * lasting)


def wetness(precipitation: Floats) -> Floats:
    """0 when dry to 1 in a downpour, from mm/h."""
    return np.asarray(1.0 - np.exp(-precipitation / 1.5))


def totals(days: Days, square: Squares) -> Totals:
    """The totals of a day, or of several, for which there is a square of each; no minute of it is drawn."""
    streams, cells, day = days.setting.streams, square.cells, days.index
    rate = expected(days, square)
    rate[:, -_CLOSING - 1 :] = 0.0
    size = integral(rate)[:, -1] * gamma(streams.normal("square.day", cells, day), 110.0)
    # Fairs, fashions and pay-days, which all squares have in common.
    size *= np.exp(0.07 * streams.normal("square.common", day))
    share = np.stack([square.gate, 1.0 - square.gate], axis=1)
    line = cells[:, None] * LINES + np.arange(LINES)
    came = many(size[:, None] * share, streams.normal("square.line", line, day[:, None]))
    gathered = people(streams, square, day, days.of_day(chance))
    first = binomial(gathered, square.gate, streams.normal("gathering.line", cells, day))
    together = np.stack([first, gathered - first], axis=1)
    before, after = overnight(streams, square, day), overnight(streams, square, day + 1)
    entered = came + together
    entered[:, 0] += after
    out = _first_out(streams, cells, day)
    gone = came[:, 0] + came[:, 1] + gathered + before
    left = np.floor(out * gone).astype(np.int64)
    return Totals(
        came=came,
        entered=entered,
        left=np.stack([left, gone - left], axis=1),
        before=before,
        after=after,
        expected=rate,
        gathered=gathered,
    )


def visitors(setting: Setting, square: Squares, world: WorldDay) -> Visitors:
    """One day of these squares, minute by minute."""
    streams, cells, day = setting.streams, square.cells, world.index
    total = totals(Days(setting=setting, once=cells, worlds=[world]), square)
    line = cells[:, None, None] * LINES + np.arange(LINES)[:, None]
    z = streams.normal("square.minute", line, day, np.arange(leaves(MINUTES)))
    shape = np.repeat(total.expected[:, :-1], 5, axis=1)
    minutes = dealt(total.came, np.repeat(shape[:, None], LINES, axis=1), z)
    entered = np.zeros((len(cells), LINES, MINUTES + 1), dtype=np.int64)
    np.cumsum(minutes, axis=-1, out=entered[..., 1:])
    base = entered[..., ::5].sum(axis=1)
    gathered = gatherings(streams, square, world)
    first = total.entered - total.came
    first[:, 0] -= total.after
    entered += np.floor(first[:, :, None] * gathered.came_by_minute[:, None] + 1e-9).astype(np.int64)
    entered[:, 0, -_CLOSING * 5 - 1 :] += np.floor(
        total.after[:, None] * (np.arange(_CLOSING * 5 + 1) / (_CLOSING * 5)) + 1e-9
    ).astype(np.int64)
    left = _gone(base) + gathered.people[:, None] * gathered.gone + total.before[:, None] * _HANDED
    return Visitors(
        square=square,
        totals=total,
        entered=entered.reshape(-1, MINUTES + 1).astype(np.float64),
        left=left,
        out=_first_out(streams, cells, day),
        zones=_zones(streams, square, gathered, day),
        standing=gathered.there,
    )


def observe(state: Visitors, before: tuple[Ints, Ints], at: Moments) -> Observation:
    """What line counters show; `before` are (C, LINES) registers at 04:00."""
    entered = state.entered_at(at.row, at.unit, at.x)
    gone = state.left_at(at.row, at.x)
    first = np.floor(state.out[at.row] * gone).astype(np.int64)
    return {
        "entered": before[0][at.row, at.unit] + entered,
        "left": before[1][at.row, at.unit] + np.where(at.unit == 0, first, gone - first),
        "people_inside": state.inside(at.row, at.x),
    }


def overnight(streams: Streams, square: Squares, day: Ints | int) -> Ints:
    """(C,) people in the square at the day's 04:00, about as many as just before and after."""
    return many(_OVERNIGHT * square.visitors, streams.normal("square.overnight", square.cells, day))


def _first_out(streams: Streams, cells: Ints, day: Ints | int) -> Floats:
    return 0.35 + 0.3 * streams.uniform("square.out", cells, day)


def _gone(came: Ints) -> Floats:
    """(C, GRID_POINTS) who of those that came has left: nobody within a step, all by the day's end."""
    steps = np.diff(came, axis=1).astype(np.float64)
    gone = np.zeros(came.shape)
    for lag, share in enumerate(_STAY.tolist(), start=1):
        gone[:, lag + 1 :] += share * steps[:, : STEPS - lag]
    gone = np.cumsum(gone, axis=1)
    rest = (came[:, -1] - gone[:, -1])[:, None] * np.clip(np.arange(-STEPS, 1) / _EMPTYING + 1.0, 0.0, 1.0)
    gone += rest
    gone[:, 1:] = np.minimum(gone[:, 1:], came[:, :-1])
    return np.maximum.accumulate(gone, axis=1)


def _zones(streams: Streams, square: Squares, gathered: Gatherings, day: int) -> Floats:
    zone = (square.cells[:, None] * ZONES + np.arange(ZONES)).ravel()
    drift = smooth_noise(streams, "square.drift", (zone,), day, 6).reshape(-1, ZONES, GRID_POINTS)
    weight = square.weight[:, :, None] * np.exp(0.22 * drift)
    weight[:, 0] *= 1.0 + 0.8 * gathered.there
    running = np.zeros((len(square.cells), ZONES + 1, GRID_POINTS))
    np.cumsum(weight, axis=1, out=running[:, 1:])
    running /= running[:, -1:].copy()
    return running
