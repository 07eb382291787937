"""What the neighbours on a feeder do to its voltage.

Their appliances come and go: some for minutes, some for hours. Each of a few layers holds a level until a moment of its
own in every stretch of so many minutes; beneath, what nobody can tell apart swings within two minutes. Together they
wander as a metered home's voltage does without its own load (UCI's individual household): by .5 V from one minute to
the next, by 1.5 V in half an hour, by 2.5 V in hours.
"""

import numpy as np

from park.model import Floats, Ints, Streams

#: Minutes for which a level is held, and the spread of the levels, V, at a district's usual load.
_LAYERS = ((3, 0.24), (7, 0.34), (20, 0.66), (60, 1.0), (160, 1.35))
_SWING_MIN, _SWING_V = 2, 0.36
_LIVELY = 0.3  # spread of the logarithm of how lively a day's swing is
_DAY_MIN = 1440


def stray(streams: Streams, cell: Ints, day: int) -> Floats:
    """V at every minute of a day, at the connections of these cells; (cells, 1441)."""
    minute = day * _DAY_MIN + np.arange(_DAY_MIN + 1)
    total = np.zeros((len(cell), _DAY_MIN + 1))
    for held, spread in _LAYERS:
        stretch = minute // held
        number = np.arange(stretch[0] - 1, stretch[-1] + 1)
        level = spread * streams.normal("energy.feeder.level", cell[:, None], held, number)
        moment = held * streams.uniform("energy.feeder.moment", cell[:, None], held, number[1:])
        at = stretch - stretch[0]
        old = minute % held < moment[:, at]
        total += np.where(old, level[:, at], level[:, at + 1])
    return total + _swing(streams, cell, day)


def _swing(streams: Streams, cell: Ints, day: int) -> Floats:
    """Lines from every second minute to the next, V."""
    number = day * (_DAY_MIN // _SWING_MIN) + np.arange(_DAY_MIN // _SWING_MIN + 1)
    knots = _SWING_V * streams.normal("energy.feeder.swing", cell[:, None], number)
    lines = np.empty((len(cell), _DAY_MIN + 1))
    lines[:, ::_SWING_MIN] = knots
    lines[:, 1::_SWING_MIN] = (knots[:, 1:] + knots[:, :-1]) / 2
    today, then = (streams.normal("energy.feeder.lively", cell[:, None], day + later) for later in (0, 1))
    return np.asarray(lines * np.exp(_LIVELY * (today + (then - today) * (np.arange(_DAY_MIN + 1) / _DAY_MIN))))
