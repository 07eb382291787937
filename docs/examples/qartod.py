"""The tests of QARTOD (IOOS, Manuals for Real-Time Quality Control) for one channel: range, spike, rate, flat, gap.

python qartod.py FOLDER > detections.ndjson, where FOLDER is one that `park dataset` has written. Limits come from the
series itself, as an operator takes them from the station's past; the range is the catalogue's.
"""

import sys

import numpy as np
from series import gap, series, tell

SPIKE, RATE, FLAT, TOLERATED = 8.0, 12.0, 4.0, 0.05


def far(x, times):
    """So many standard deviations from nothing, these from the median of what is not nothing, and twice the usual."""
    amounts = np.abs(x)
    usual = np.median(amounts[amounts > 0]) if amounts.any() else np.inf
    return amounts > max(times * 1.4826 * usual, 2 * np.quantile(amounts, 0.995))


def runs(x):
    """How many readings, with this one, have had its value, counted over the whole run."""
    first = np.flatnonzero(np.diff(x, prepend=np.nan) != 0)
    lengths = np.diff(np.append(first, len(x)))
    return np.repeat(lengths, lengths)


def spiky(x):
    """Farther from the middle of its neighbours than usual."""
    off = np.zeros_like(x)
    off[1:-1] = x[1:-1] - (x[:-2] + x[2:]) / 2
    return far(off, SPIKE)


def fast(x):
    """Farther from the reading before than usual."""
    return far(np.diff(x, prepend=x[:1]), RATE)


def flat(x):
    """One value for much longer than usual; what rests at one value for most of the time is let be."""
    lengths = runs(x)
    usual = np.quantile(lengths, 0.9)
    return (lengths > max(6, FLAT * usual)) & (usual < TOLERATED * len(x))


for device, channel, ms, x in series(sys.argv[1]):
    told = np.isfinite(x)
    if told.mean() < 0.2:
        continue  # a channel that is seldom told has no usual values
    marked = gap(ms, x) | (x < channel["low"]) | (x > channel["high"])
    tests = [test(x[told]) for test in (spiky, fast, flat)]
    marked[told] |= np.any(tests, axis=0)
    tell(device, channel, ms, marked)
