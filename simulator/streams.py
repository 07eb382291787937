"""Counter-based randomness: every value is a pure function of (seed, owner, name, counters).

Nothing is consumed and nothing has to be replayed: any reading of any device at any time is drawn
directly, in any order, on any host.

The bits are SplitMix64's: a Weyl sequence, here with one odd increment per counter, through Stafford's
mixer 13. Normals are the inverse of the cumulative distribution, from a table of 2^16 quantiles with
linear interpolation: one draw of bits each, and moments exact to 1e-6.

References:
    Steele, Lea & Flood (2014). Fast splittable pseudorandom number generators. OOPSLA '14.
    Stafford (2011). Better bit mixing: improving on MurmurHash3's 64-bit finalizer.
"""

import hashlib
from functools import cache
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from park.model import Floats, Ints

_Bits = npt.NDArray[np.uint64]

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_CELLS = 2**16


class CounterStreams:
    """Implements `park.model.Streams`.

    A value does not depend on the shape of the arrays in which it is asked for. Counters may be
    negative. The same name gives unrelated values as a uniform and as a normal, and with another
    number of counters.

    Args:
        seed: of the town.
        owner: the sector to which they are bound, so that the same names in another give unrelated values;
            empty for the world's and the fleet's own.
    """

    def __init__(self, seed: int, owner: str = "") -> None:
        self._seed = seed
        self._owner = owner
        self._keys: dict[tuple[str, str, int], int] = {}

    def uniform(self, name: str, *counters: Ints | int) -> Floats:
        """Uniform in [0, 1), of the shape to which the counters broadcast."""
        bits = self._bits("uniform", name, counters)
        bits >>= np.uint64(11)
        values = bits.view(np.int64).astype(np.float64)
        values *= 2.0**-53
        return values

    def normal(self, name: str, *counters: Ints | int) -> Floats:
        """Standard normal, of the shape to which the counters broadcast; |value| < 4.6."""
        bits = self._bits("normal", name, counters)
        left, rise = _quantiles()
        cell = (bits >> np.uint64(48)).view(np.int64)
        # 48 bits remain for the place within the cell of the table.
        bits &= np.uint64(2**48 - 1)
        values = bits.view(np.int64).astype(np.float64)
        values *= rise.take(cell)
        values += left.take(cell)
        return values

    def _bits(self, use: str, name: str, counters: tuple[Ints | int, ...]) -> _Bits:
        at = self._key(use, name, len(counters))
        spread: _Bits | None = None
        for counter, gamma in zip(counters, _gammas(len(counters)), strict=True):
            if isinstance(counter, int | np.integer):
                at += int(counter) * gamma
                continue
            term = counter.astype(np.int64, copy=False).view(np.uint64) * np.uint64(gamma)
            spread = term if spread is None else spread + term
        start = np.uint64(at & _MASK)
        bits = np.full((), start) if spread is None else np.asarray(np.add(spread, start))
        _mix(bits)
        return bits

    def _key(self, use: str, name: str, arity: int) -> int:
        key = self._keys.get((use, name, arity))
        if key is None:
            bound = f"{self._owner}/{name}" if self._owner else name
            text = f"{self._seed}/{use}/{arity}/{bound}".encode()
            key = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
            self._keys[use, name, arity] = key
        return key


def _mix(bits: _Bits) -> None:
    """Stafford's mixer 13, in place: every bit of the input flips every bit of the output half the time."""
    shifted = np.empty_like(bits)
    for shift, factor in ((30, _MIX_1), (27, _MIX_2)):
        np.right_shift(bits, np.uint64(shift), out=shifted)
        np.bitwise_xor(bits, shifted, out=bits)
        np.multiply(bits, np.uint64(factor), out=bits)
    np.right_shift(bits, np.uint64(31), out=shifted)
    np.bitwise_xor(bits, shifted, out=bits)


@cache
def _gammas(count: int) -> tuple[int, ...]:
    """Odd increments, one per counter: the golden ratio's first, as in SplitMix64, then mixed multiples of it."""
    seeds = np.array([(i * _GOLDEN) & _MASK for i in range(count)], dtype=np.uint64)
    _mix(seeds)
    return tuple(_GOLDEN if i == 0 else int(seed) | 1 for i, seed in enumerate(seeds))


@cache
def _quantiles() -> tuple[Floats, Floats]:
    """Quantile at the left edge of each of 2^16 equally likely cells, and the rise per 2^-48 of a cell."""
    inverse = NormalDist().inv_cdf
    half = [inverse(k / _CELLS) for k in range(1, _CELLS // 2)]
    # The two outermost cells end where the variance of the whole table becomes one.
    inner = sum(a * a + a * b + b * b for a, b in pairwise([*half, 0.0])) / 3
    edge, missing = half[0], 3 * (_CELLS / 2 - inner)
    end = (-edge - float(np.sqrt(4 * missing - 3 * edge * edge))) / 2
    lower = [end, *half]
    knots = np.array([*lower, 0.0, *(-q for q in reversed(lower))])
    return knots[:-1].copy(), np.diff(knots) * 2.0**-48
