"""Whole numbers by chance, each from a counter of its own: counts drawn from above, and when they happen."""

import numpy as np

from park.model import GRID_POINTS, GRID_S, Floats, Ints

_STEP_MS = GRID_S * 1000
_FINE = 1 << 31


def poisson(mean: Floats, u: Floats, most: int = 23) -> Ints:
    """Poisson counts of means up to about ten, at most `most`, by inversion of uniforms."""
    chance = np.exp(-mean)
    below = chance.copy()
    found = np.zeros(below.shape, dtype=np.int64)
    for k in range(1, most + 1):
        more = u >= below
        if not more.any():
            break
        found += more
        chance *= mean
        chance /= k
        below += chance
    return found


def many(mean: Floats, z: Floats) -> Ints:
    """Poisson counts of large means, by the normal limit."""
    return np.maximum(np.rint(mean + np.sqrt(mean) * z), 0).astype(np.int64)


def binomial(n: Ints, p: Floats, z: Floats) -> Ints:
    """Binomial counts; near p = 1/2 the rounded normal is within .01 of every probability, from n = 1 on."""
    drawn = np.rint(n * p + np.sqrt(n * (p * (1 - p))) * z)
    return np.asarray(np.clip(drawn, 0, n).astype(np.int64))


def gamma(z: Floats, shape: float) -> Floats:
    """Gamma variates of mean one; Wilson & Hilferty (1931): the cube root of one is nearly normal."""
    root = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    return np.asarray(np.maximum(root, 0.0) ** 3)


def leaves(bins: int) -> int:
    """Normals that `dealt` wants for so many bins."""
    return 1 << (bins - 1).bit_length()


def dealt(total: Ints, expected: Floats, z: Floats) -> Ints:
    """Totals dealt out to bins by what is expected there, halved by binomials from above; (..., B).

    So the counts of the bins are Poisson counts given their sum, and any of them costs no other day's.

    Args:
        total: (...,) whole numbers.
        expected: (..., B) not negative.
        z: (..., `leaves(B)`) standard normals.
    """
    bins = expected.shape[-1]
    size = leaves(bins)
    below = np.zeros((*expected.shape[:-1], size + 1))
    np.cumsum(expected, axis=-1, out=below[..., 1 : bins + 1])
    below[..., bins + 1 :] = below[..., bins : bins + 1]
    counts, width = total[..., None], size
    while width > 1:
        edges = below[..., ::width]
        whole = np.diff(edges, axis=-1)
        share = (below[..., width // 2 :: width] - edges[..., :-1]) / np.where(whole > 0, whole, 1.0)
        first = binomial(counts, np.clip(share, 0.0, 1.0), z[..., counts.shape[-1] : 2 * counts.shape[-1]])
        counts = np.stack([first, counts - first], axis=-1).reshape(*counts.shape[:-1], -1)
        width //= 2
    return np.asarray(counts[..., :bins])


def reached_ms(share: Floats, row: Ints, sought: Floats) -> Ints:
    """(R, n) milliseconds since 04:00 at which a running share reaches what is sought.

    In whole numbers, so that what stands in the rows beside cannot round a comparison.

    Args:
        share: (K, GRID_POINTS) ascending from 0 to 1.
        row: (R, 1) which of them each row follows.
        sought: (R, n).
    """
    steps, keys = np.floor(share * _FINE).astype(np.int64), np.floor(sought * _FINE).astype(np.int64)
    flat = (steps + (np.arange(len(share))[:, None] << 33)).reshape(-1)
    first = row * GRID_POINTS
    left = np.searchsorted(flat, keys + (row << 33), side="right") - 1 - first
    np.clip(left, 0, GRID_POINTS - 2, out=left)
    low = steps.reshape(-1).take(first + left)
    rise = np.maximum(steps.reshape(-1).take(first + left + 1) - low, 1)
    part = np.clip((keys - low) / rise, 0.0, 1.0)
    return np.asarray(left * _STEP_MS + (part * _STEP_MS).astype(np.int64))
