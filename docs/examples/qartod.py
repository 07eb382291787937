"""The tests of QARTOD (IOOS, Manuals for Real-Time Quality Control) for one channel: range, spike, rate, flat, gap.

python qartod.py FOLDER [PAST] > detections.ndjson: folders that `park dataset` has written. Limits come from the series
itself, or from its past in the second one, as an operator takes them from the station's; the range is the catalogue's.
"""

import sys

import numpy as np
from series import gap, series, tell

SPIKE, RATE, FLAT, TOLERATED = 8.0, 12.0, 4.0, 0.05


def far(x, past, times):
    """So many standard deviations from nothing, these from the median of what is not nothing, and twice the usual."""
    amounts = np.abs(past)
    usual = np.median(amounts[amounts > 0]) if amounts.any() else np.inf
    return np.abs(x) > max(times * 1.4826 * usual, 2 * np.quantile(amounts, 0.995))


def runs(x):
    """How many readings, with this one, have had its value, counted over the whole run."""
    first = np.flatnonzero(np.diff(x, prepend=np.nan) != 0)
    lengths = np.diff(np.append(first, len(x)))
    return np.repeat(lengths, lengths)


def off(x):
    """How far each reading is from the middle of its neighbours."""
    far_off = np.zeros_like(x)
    far_off[1:-1] = x[1:-1] - (x[:-2] + x[2:]) / 2
    return far_off


def spiky(x, past):
    """Farther from the middle of its neighbours than usual."""
    return far(off(x), off(past), SPIKE)


def fast(x, past):
    """Farther from the reading before than usual."""
    return far(np.diff(x, prepend=x[:1]), np.diff(past, prepend=past[:1]), RATE)


def flat(x, past):
    """One value for much longer than usual; what rests at one value for most of the time is let be."""
    usual = np.quantile(runs(past), 0.9)
    return (runs(x) > max(6, FLAT * usual)) & (usual < TOLERATED * len(past))


for device, channel, ms, x, (_, usual) in series(*sys.argv[1:]):
    told, past = np.isfinite(x), usual[np.isfinite(usual)]
    if min(told.mean(), len(past) / len(usual)) < 0.2:
        continue  # a channel that is seldom told has no usual values
    marked = gap(ms, x) | (x < channel["low"]) | (x > channel["high"])
    tests = [test(x[told], past) for test in (spiky, fast, flat)]
    marked[told] |= np.any(tests, axis=0)
    tell(device, channel, ms, marked)
