"""Whole numbers by chance, each from a counter of its own."""

import numpy as np

from park.model import Floats, Ints

_MOST = 18
_FEW = 6.0


def poisson(mean: Floats, u: Floats) -> Ints:
    """Poisson counts of means up to about six, by inversion of uniforms."""
    chance = np.exp(-mean)
    below = chance.copy()
    found = np.zeros(below.shape, dtype=np.int64)
    for k in range(1, _MOST):
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
    return np.maximum(np.rint(mean + np.sqrt(mean) * z), 0.0).astype(np.int64)


def binomial(n: Ints, p: Floats, z: Floats) -> Ints:
    """Binomial counts by the rounded normal, which is close near p = 1/2 from n = 1 on."""
    drawn = np.rint(n * p + np.sqrt(n * (p * (1 - p))) * z)
    return np.asarray(np.clip(drawn, 0, n).astype(np.int64))


def missed(n: Ints, p: Floats, z: Floats, u: Floats) -> Ints:
    """How many of n are not seen, each with a small chance p: few by Poisson's limit, many by the normal one."""
    lost, rare = binomial(n, p, z), n * p < _FEW
    lost[rare] = np.minimum(poisson((n * p)[rare], u[rare]), n[rare])
    return lost


def gamma(z: Floats, shape: float) -> Floats:
    """Gamma variates of mean one (Wilson & Hilferty 1931: the cube root of one is nearly normal)."""
    root = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    return np.asarray(np.maximum(root, 0.0) ** 3)


def leaves(bins: int) -> int:
    """Normals that `dealt` wants for so many bins."""
    return 1 << (bins - 1).bit_length()


def dealt(total: Ints, expected: Floats, z: Floats) -> Ints:
    """Totals dealt out to bins by what is expected there, halved by binomials from above; (..., B).

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
