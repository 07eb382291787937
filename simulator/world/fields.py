"""Noise that is correlated in time and between sites, and yet needs no history.

First-order autoregression is written as the sum of its last shocks, so many that the oldest counts for 2 %:
the same shocks give the same value from whatever day it is asked for.
"""

import math

import numpy as np
import numpy.typing as npt

from park.model import Floats, Ints, Streams

_EARTH_KM = 6371.0
_REST = 0.02  # at most, of the oldest shock
_HEAVY = 3**-0.5  # z |z| has variance 3


def mixing(latitude: Floats, longitude: Floats, length_km: float) -> Floats:
    """Weights (S, S) that make independent normals correlated by exp(-distance / length_km).

    The Cholesky factor of the correlation matrix: lower triangular, so that a site's values do not
    depend on the sites listed after it.
    """
    count = len(latitude)
    lower = np.zeros((count, count))
    correlation = np.exp(-_distances(latitude, longitude) / length_km)
    for i in range(count):
        for j in range(i + 1):
            rest = float(correlation[i, j]) - math.fsum(float(lower[i, k] * lower[j, k]) for k in range(j))
            if i == j:
                lower[i, i] = math.sqrt(max(rest, 0.0))
            elif lower[j, j] > 1e-9:
                lower[i, j] = rest / lower[j, j]
    return lower


def _distances(latitude: Floats, longitude: Floats) -> Floats:
    """Great-circle distances between sites, km."""
    north, east = np.radians(latitude), np.radians(longitude)
    half = np.sin((north[:, None] - north) / 2) ** 2
    half += np.cos(north[:, None]) * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def autoregressive(
    streams: Streams, name: str, persistence: Floats, steps: Ints, weights: Floats, *, heavy: bool = False
) -> npt.NDArray[np.float64]:
    """Noise (variables, sites, steps) of variance one with first-order persistence along the steps.

    Args:
        streams: randomness.
        name: of the draw.
        persistence: lag-1 autocorrelation of each variable, (V,).
        steps: consecutive step numbers, (T,).
        weights: from `mixing`, (S, S).
        heavy: shocks are mostly small and seldom large, z |z| of a normal z; else the noise is normal.
    """
    reaches = _reaches(math.ceil(math.log(_REST) / math.log(float(persistence.max()))))
    memory = sum(reaches)
    variables = np.arange(len(persistence))[:, None, None]
    sites = np.arange(len(weights))[:, None]
    span = np.arange(steps[0] - memory, steps[-1] + 1)
    total = correlated(weights, streams.normal(name, variables, sites, span))
    if heavy:
        total *= np.abs(total) * _HEAVY
    phi = persistence[:, None, None]
    total *= np.sqrt((1 - phi**2) / (1 - phi ** (2 * memory + 2)))
    # A geometric series by its factors: 1 + x + x^2 + x^3 is (1 + x)(1 + x^2).
    for reach in reaches:
        total = total[..., reach:] + phi**reach * total[..., :-reach]
    return total


def _reaches(memory: int) -> list[int]:
    """Doublings of a sum of two shocks that reach back at least so far; their sum is how far."""
    reaches = [1]
    while sum(reaches) < memory:
        reaches.append(sum(reaches) + 1)
    return reaches


def correlated(weights: Floats, shocks: Floats) -> Floats:
    """Shocks (..., sites, steps) mixed between sites."""
    mixed = weights[:, 0, None] * shocks[..., 0:1, :]
    for k in range(1, len(weights)):
        mixed += weights[:, k, None] * shocks[..., k : k + 1, :]
    return mixed


def windows(series: Floats, *, step: int, size: int) -> Floats:
    """Cuts a series (..., sites, steps) into days (..., days, sites, size), each `step` after the one before."""
    count = (series.shape[-1] - size) // step + 1
    cut = series.take(step * np.arange(count)[:, None] + np.arange(size), axis=-1)
    return np.ascontiguousarray(cut.swapaxes(-2, -3))


def probability(normal: Floats) -> Floats:
    """Distribution function of the standard normal, to 0.0002 (Page 1977)."""
    return np.asarray(1 / (1 + np.exp(-normal * (1.5976 + 0.070565 * (normal * normal)))))
