"""An isolation forest of scikit-learn on each channel: values, steps and scatter that are unlike the others.

python forest.py FOLDER > detections.ndjson, where FOLDER is one that `park dataset` has written.

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


def features(ms, x):
    """(N, 5): the value, its distance from the last ones' mean, its step, their scatter, how long it has rested."""
    steps = np.diff(x, prepend=x[:1])
    moved = np.maximum.accumulate(np.where(steps != 0, np.arange(len(x)), 0))
    hour = 2 * np.pi * (ms % DAY_MS) / DAY_MS
    daily = x - np.polynomial.polynomial.polyval(np.cos(hour), np.polynomial.polynomial.polyfit(np.cos(hour), x, 1))
    return np.stack([daily, x - smooth(x), steps, smooth(np.abs(steps)), np.arange(len(x)) - moved], axis=1)


for device, channel, ms, x in series(sys.argv[1]):
    told = np.isfinite(x)
    if told.sum() < LEAST or np.ptp(x[told]) == 0:
        continue  # nothing to learn from
    made = features(ms[told], x[told])
    forest = IsolationForest(n_estimators=50, contamination=0.005, random_state=0).fit(made)
    odd = forest.predict(made) < 0
    marked = gap(ms, x)
    marked[told] |= smooth(odd.astype(float)) > 0.3  # several of the last dozen, for one in 200 is odd by definition
    tell(device, channel, ms, marked)
