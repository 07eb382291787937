"""Can a classifier tell the park's windows from real ones?

Both sides are windows of whole days or parts of a day, without overlap, at one interval. Each window is scaled by its
own median and range and rounded to `GRAIN`, so that neither size nor resolution tells; what is left is shape: lags,
spectrum, margins, runs. A logistic regression and a boosted forest are trained on some weeks and judged on others; the
better of the two counts. 0.5 is a guess, 1 is never wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Of a window's range; coarser than any instrument here.
GRAIN = 0.005
#: Windows of a side: fewer than the first say nothing, more than the second only take time.
LEAST, MOST = 60, 160
_FOLDS = 5
_LAGS = (1, 2, 3, 6, 12)
_QUANTILES = (0.05, 0.1, 0.25, 0.75, 0.9, 0.95)
_BANDS = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """Windows of a series.

    Attributes:
        values: (N, samples).
        week: (N,) in which each lies: those of a week are judged together.
    """

    values: Floats
    week: Ints


@dataclass(frozen=True, kw_only=True)
class Told:
    """How well two sides are told apart.

    Attributes:
        auc: of the better classifier on weeks that it had not seen.
        features: the three that tell most by themselves, with the AUC that each reaches alone.
    """

    auc: float
    features: Mapping[str, float]


def cut(days: Floats, length: int = 1, number: Ints | None = None) -> Windows:
    """Windows of `length` consecutive days out of (days, samples a day).

    Args:
        days: whole ones.
        length: days in a window.
        number: (days,) of each day, where some are missing; a window across a gap is left out.
    """
    numbers = np.arange(len(days)) if number is None else number
    count = len(days) // length
    first = numbers[: count * length].reshape(count, length)
    whole = np.flatnonzero(first[:, -1] - first[:, 0] == length - 1)
    return Windows(values=days[: count * length].reshape(count, -1)[whole], week=first[whole, 0] // 7)


def joined(*parts: Windows) -> Windows:
    """Windows of several places; weeks stay apart."""
    weeks = [part.week + 10_000 * place for place, part in enumerate(parts)]
    return Windows(values=np.concatenate([part.values for part in parts]), week=np.concatenate(weeks))


def thinned(windows: Windows, most: int = MOST) -> Windows:
    """No more than so many, evenly out of all."""
    if len(windows.values) <= most:
        return windows
    kept = np.linspace(0, len(windows.values) - 1, most).astype(np.int64)
    return Windows(values=windows.values[kept], week=windows.week[kept])


def _rounded(windows: Windows, grain: float) -> Windows:
    return replace(windows, values=np.rint(windows.values / grain) * grain) if grain else windows


def features(values: Floats) -> dict[str, Floats]:
    """Shape of each window (N, samples), by name."""
    x = _scaled(values)
    step = np.diff(x, axis=1)
    return {**_lags(x, step), **_spectrum(x), **_margins(x, step), **_runs(x, step)}


def tell(real: Windows, other: Windows, seed: int, grain: float = 0.0) -> Told:
    """Whether `other` is taken for `real`.

    Args:
        real, other: the two sides.
        seed: of folds and forest.
        grain: to which both are rounded before they are scaled, where one has coarse steps of its own.

    Raises:
        ValueError: too few windows.
    """
    sides = [_rounded(thinned(side), grain) for side in (real, other)]
    if min(len(side.values) for side in sides) < LEAST:
        raise ValueError(f"{[len(side.values) for side in sides]} windows: {LEAST} a side are needed")
    found = features(np.concatenate([side.values for side in sides]))
    x, y = np.column_stack(list(found.values())), np.repeat([0, 1], [len(side.values) for side in sides])
    week = np.concatenate([2 * sides[0].week, 2 * sides[1].week + 1])
    folds = list(StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(x, y, week))
    # A fold of one side alone says nothing.
    folds = [(train, test) for train, test in folds if len(np.unique(y[test])) == 2]
    classifiers = (
        make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000)),
        GradientBoostingClassifier(n_estimators=80, max_depth=2, subsample=0.7, random_state=seed),
    )
    aucs = [np.mean([_judged(one, x, y, train, test) for train, test in folds]) for one in classifiers]
    alone = {name: _alone(y, column) for name, column in zip(found, x.T, strict=True)}
    top = sorted(alone, key=alone.__getitem__, reverse=True)[:3]
    return Told(auc=float(max(aucs)), features={name: alone[name] for name in top})


def _judged(classifier: GradientBoostingClassifier, x: Floats, y: Ints, train: Ints, test: Ints) -> float:
    classifier.fit(x[train], y[train])
    return float(roc_auc_score(y[test], classifier.predict_proba(x[test])[:, 1]))


def _alone(y: Ints, column: Floats) -> float:
    auc = float(roc_auc_score(y, column))
    return max(auc, 1 - auc)


def _scaled(values: Floats) -> Floats:
    spread = np.ptp(values, axis=1, keepdims=True)
    middle = np.median(values, axis=1, keepdims=True)
    return np.asarray(np.rint((values - middle) / np.where(spread > 0, spread, 1) / GRAIN) * GRAIN)


def _autocorrelation(x: Floats, lag: int) -> Floats:
    left, right = x[:, :-lag] - x.mean(axis=1, keepdims=True), x[:, lag:] - x.mean(axis=1, keepdims=True)
    return np.asarray((left * right).mean(axis=1) / np.maximum(x.var(axis=1), 1e-12))


def _lags(x: Floats, step: Floats) -> dict[str, Floats]:
    lags = [lag for lag in _LAGS if 3 * lag < x.shape[1]]
    return {f"lag {lag}": _autocorrelation(x, lag) for lag in lags} | {
        f"changes' lag {lag}": _autocorrelation(step, lag) for lag in lags[:3]
    }


def _spectrum(x: Floats) -> dict[str, Floats]:
    power = np.abs(np.fft.rfft(x - x.mean(axis=1, keepdims=True), axis=1))[:, 1:] ** 2
    edges = np.unique(np.geomspace(1, power.shape[1], _BANDS + 1).astype(np.int64))
    total = np.maximum(power.sum(axis=1), 1e-12)
    return {
        f"spectrum {n + 1} of {len(edges) - 1}": power[:, low - 1 : high].sum(axis=1) / total
        for n, (low, high) in enumerate(pairwise(edges.tolist()))
    }


def _margins(x: Floats, step: Floats) -> dict[str, Floats]:
    size = np.abs(step)
    of_changes = {f"change's quantile {q:g}": np.quantile(size, q, axis=1) for q in (0.5, 0.9, 0.99)}
    third = ((x - x.mean(axis=1, keepdims=True)) ** 3).mean(axis=1) / np.maximum(x.std(axis=1), 1e-6) ** 3
    steep = (step**3).mean(axis=1) / np.maximum(step.std(axis=1), 1e-6) ** 3
    return {
        **{f"quantile {q:g}": np.quantile(x, q, axis=1) for q in _QUANTILES},
        **of_changes,
        "skewness": third,
        "skewness of changes": steep,
        "largest change": size.max(axis=1),
    }


def _runs(x: Floats, step: Floats) -> dict[str, Floats]:
    high = x > 0
    turns = (step[:, 1:] * step[:, :-1] < 0).mean(axis=1)
    return {
        "still": (step == 0).mean(axis=1),
        "turns": turns,
        "crossings": (high[:, 1:] != high[:, :-1]).mean(axis=1),
        "longest run high": _longest(high),
        "longest run still": _longest(step == 0),
    }


def _longest(state: npt.NDArray[np.bool_]) -> Floats:
    """Longest run of true in each row, as a share of it."""
    run, most = np.zeros(len(state)), np.zeros(len(state))
    for column in state.T:
        run = (run + 1) * column
        most = np.maximum(most, run)
    return np.asarray(most / state.shape[1])
