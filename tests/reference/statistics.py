"""Statistics that several bars share; all of one-dimensional arrays."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def correlation(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Pearson's r; 0 when either does not vary."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def lag(series: npt.ArrayLike, steps: int) -> float:
    """Autocorrelation at a lag."""
    x = np.asarray(series, dtype=np.float64)
    return correlation(x[steps:], x[:-steps])


def deseasoned(series: Floats, day_of_year: npt.ArrayLike, harmonics: int = 2) -> Floats:
    """What is left of daily values less a constant and the year's first harmonics, by least squares."""
    angle = 2 * np.pi * np.asarray(day_of_year, dtype=np.float64) / 365.25
    waves = [wave(k * angle) for k in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    design = np.column_stack([np.ones_like(angle), *waves])
    fitted = design @ np.linalg.lstsq(design, series, rcond=None)[0]
    return np.asarray(series - fitted)


def within_day(series: Floats, per_day: int = 24) -> Floats:
    """Values less their day's mean."""
    by_day = series.reshape(-1, per_day)
    return np.asarray((by_day - by_day.mean(axis=1, keepdims=True)).ravel())


def without_daily_cycle(series: Floats, per_day: int = 24) -> Floats:
    """Values less the mean of their hour of the day."""
    by_day = series.reshape(-1, per_day)
    return np.asarray((by_day - by_day.mean(axis=0)).ravel())


def weibull_shape(speeds: Floats) -> float:
    """Maximum-likelihood shape k of a Weibull distribution; NaN when nothing varies."""
    x = speeds[speeds > 0]
    if np.ptp(x) == 0:
        return float("nan")
    logs = np.log(x)
    k = 2.0
    for _ in range(60):
        powers = x**k
        k = 0.5 * k + 0.5 / float((powers * logs).sum() / powers.sum() - logs.mean())
    return k


def persistence(states: npt.NDArray[np.bool_]) -> float:
    """p(true | true) - p(true | false) of consecutive states; 0 when one state never occurs."""
    before, after = states[:-1], states[1:]
    if before.all() or not before.any():
        return 0.0
    return float(after[before].mean() - after[~before].mean())
