"""Whole numbers by chance: from standard normals and uniforms, so that every draw has its own counter."""

import numpy as np

from park.model import Floats, Ints

_MOST = 24


def count(mean: Floats, z: Floats) -> Ints:
    """Poisson counts of large means, by the normal limit."""
    return np.maximum(np.rint(mean + np.sqrt(mean) * z), 0).astype(np.int64)


def few(mean: Floats, u: Floats) -> Ints:
    """Poisson counts of means up to about ten, by inversion of uniforms."""
    chance = np.exp(-mean)
    below = chance.copy()
    found = np.zeros(below.shape, dtype=np.int64)
    for k in range(1, _MOST):
        found += u >= below
        chance = chance * mean / k
        below = below + chance
    return found


def binomial(n: Ints, p: Floats, z: Floats) -> Ints:
    """Binomial counts; near p = 1/2 the rounded normal is within .01 of every probability, from n = 1 on."""
    drawn = np.rint(n * p + np.sqrt(n * p * (1 - p)) * z)
    return np.asarray(np.clip(drawn, 0, n).astype(np.int64))


def gamma(z: Floats, shape: float) -> Floats:
    """Gamma variates of mean one; Wilson & Hilferty (1931): the cube root of one is nearly normal."""
    root = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    return np.asarray(np.maximum(root, 0.0) ** 3)


def nodes(bins: int) -> int:
    """Normals that `split` needs for so many bins."""
    return 1 << (bins - 1).bit_length()


def split(total: Ints, expected: Floats, z: Floats) -> Ints:
    """Deals totals out to bins in proportion to what is expected there, halving them by binomials; (..., B).

    So the counts of the bins are Poisson counts given their sum, and any of them costs no other day's.

    Args:
        total: whole numbers.
        expected: of each bin, not negative; the sum is positive.
        z: (..., `nodes(B)`) standard normals.
    """
    bins = expected.shape[-1]
    size = nodes(bins)
    below = np.zeros((*expected.shape[:-1], size + 1))
    np.cumsum(expected, axis=-1, out=below[..., 1 : bins + 1])
    below[..., bins + 1 :] = below[..., bins : bins + 1]
    counts = total[..., None]
    while counts.shape[-1] < size:
        here = counts.shape[-1]
        step = size // here
        edge = below[..., ::step]
        whole = np.diff(edge, axis=-1)
        part = (below[..., step // 2 :: step] - edge[..., :-1]) / np.where(whole > 0, whole, 1.0)
        left = binomial(counts, np.minimum(part, 1.0), z[..., here : 2 * here])
        counts = np.stack([left, counts - left], axis=-1).reshape(*counts.shape[:-1], 2 * here)
    return counts[..., :bins]
