"""An isolation forest of scikit-learn on each channel: values, steps and scatter that are unlike the others.

python forest.py FOLDER [PAST] > detections.ndjson: folders that `park dataset` has written; the forest grows on the
second one, if there is one.

Liu, Ting & Zhou (2008), Isolation forest, ICDM.
"""

import sys

import numpy as np
from series import gap, series, tell
from sklearn.ensemble import IsolationForest

NEAR, DAY_MS, LEAST = 12, 86_400_000, 200


def smooth(x):
    """The mean of each reading and those just before it."""
    total = np.cumsum(np.concatenate([np.full(NEAR, x[0]), x]))
    return (total[NEAR:] - total[:-NEAR]) / NEAR


def hours(ms, x):
    """The course of a day, of the cosine of the hour."""
    return np.polynomial.Polynomial.fit(np.cos(turn(ms)), x, 1, domain=[-1, 1])


def turn(ms):
    """The hour of the day as an angle."""
    return 2 * np.pi * (ms % DAY_MS) / DAY_MS


def features(ms, x, daily):
    """(N, 5): the value less the day's, its distance from the last ones' mean, its step, their scatter, its rest."""
    steps = np.diff(x, prepend=x[:1])
    moved = np.maximum.accumulate(np.where(steps != 0, np.arange(len(x)), 0))
    rest = np.arange(len(x)) - moved
    return np.stack([x - daily(np.cos(turn(ms))), x - smooth(x), steps, smooth(np.abs(steps)), rest], axis=1)


for device, channel, ms, x, (then, past) in series(*sys.argv[1:]):
    told, known = np.isfinite(x), np.isfinite(past)
    if min(told.sum(), known.sum()) < LEAST or np.ptp(past[known]) == 0:
        continue  # nothing to learn from
    daily = hours(then[known], past[known])
    forest = IsolationForest(n_estimators=50, contamination=0.005, random_state=0)
    forest.fit(features(then[known], past[known], daily))
    odd = forest.predict(features(ms[told], x[told], daily)) < 0
    marked = gap(ms, x)
    marked[told] |= smooth(odd.astype(float)) > 0.3  # several of the last dozen, for one in 200 is odd by definition
    tell(device, channel, ms, marked)
