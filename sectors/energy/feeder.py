"""What the neighbours on a feeder do to its voltage.

Their appliances come and go for minutes: each of a few layers holds a level until a moment of its own in every stretch
of so many minutes. What nobody can tell apart swings within two minutes, and what a street does drifts within hours.
Together they wander as a metered home's voltage does without its own load (UCI's individual household): by .5 V from
one minute to the next, by 1.5 V in half an hour, by 2.5 V in hours.
"""

import numpy as np

from park.model import Floats, Ints, Streams

#: Minutes for which a level is held, and the spread of the levels, V, at a district's usual load.
_LAYERS = ((3, 0.23), (8, 0.46), (24, 0.59))
#: Minutes between knots that lines join, divisors of a day, and their spread, V.
_SWING, _DRIFTS = (2, 0.28), ((6, 0.38), (36, 0.64), (90, 1.44))
#: Spread of the logarithm of how lively a day's swing is, and all else.
_LIVELY, _RESTLESS = 0.47, 0.18
_DAY_MIN = 1440


def stray(streams: Streams, cell: Ints, day: int) -> Floats:
    """V at every minute of a day, at the connections of these cells; (cells, 1441)."""
    total = np.zeros((len(cell), _DAY_MIN + 1))
    for every, spread in _DRIFTS:
        total += _lines(streams, cell, day, every, spread)
    for held, spread in _LAYERS:
        total += _steps(streams, cell, day, held, spread)
    total *= _of_day(streams, cell, day, "restless", _RESTLESS)
    total += _of_day(streams, cell, day, "lively", _LIVELY) * _lines(streams, cell, day, *_SWING)
    return total


def _of_day(streams: Streams, cell: Ints, day: int, name: str, spread: float) -> Floats:
    """A factor that passes over a day from its own level to the next one's, (cells, 1441)."""
    today, then = (streams.normal(f"energy.feeder.{name}", cell[:, None], day + later) for later in (0, 1))
    return np.asarray(np.exp(spread * (today + (then - today) * (np.arange(_DAY_MIN + 1) / _DAY_MIN))))


def _lines(streams: Streams, cell: Ints, day: int, every: int, spread: float) -> Floats:
    count = _DAY_MIN // every
    number = day * count + np.arange(count + 1)
    knots = spread * streams.normal("energy.feeder.drift", cell[:, None], every, number)
    lines = knots[:, :-1, None] + (knots[:, 1:] - knots[:, :-1])[..., None] * (np.arange(every) / every)
    return np.concatenate([lines.reshape(len(cell), _DAY_MIN), knots[:, -1:]], axis=1)


def _steps(streams: Streams, cell: Ints, day: int, held: int, spread: float) -> Floats:
    minute = day * _DAY_MIN + np.arange(_DAY_MIN + 1)
    stretch = minute // held
    number = np.arange(stretch[0] - 1, stretch[-1] + 1)
    level = spread * streams.normal("energy.feeder.level", cell[:, None], held, number)
    moment = held * streams.uniform("energy.feeder.moment", cell[:, None], held, number[1:])
    at = stretch - stretch[0]
    return np.where(minute % held < moment[:, at], level[:, at], level[:, at + 1])
