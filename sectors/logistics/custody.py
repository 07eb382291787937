"""The chain of a parcel's hand-overs: each is sealed by a digest that is made of the one before.

Whoever has read who kept a parcel can make the digests again; with a hand-over left out, put in or told of another
keeper they no longer fit, from there on. It guards against loss and error, not against forgers: it has no secret.
"""

from collections.abc import Sequence

import numpy as np

from park.model import Ints

#: A digest has 28 bits: enough to notice an error, and shorter than a telephone number.
BITS = 28
_GOLDEN, _FIRST, _SECOND = (np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def sealed(before: Ints, device: Ints, keeper: int | Ints) -> Ints:
    """(R,) the digest of a hand-over to a keeper, by the finaliser of SplitMix64.

    Args:
        before: (R,) the digest of the hand-over before, 0 of the first.
        device: (R,) number of the logger.
        keeper: to whom, as the channel `custody` numbers them.
    """
    mixed = np.asarray(device).astype(np.uint64) * np.uint64(4) + np.asarray(keeper).astype(np.uint64)
    mixed = np.asarray(before).astype(np.uint64) ^ (mixed * _GOLDEN)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(64 - BITS)).astype(np.int64)


def chain(before: Ints, device: Ints, keepers: Sequence[int]) -> Ints:
    """(R, n + 1) the digest before, and those of n hand-overs."""
    links = [before]
    for keeper in keepers:
        links.append(sealed(links[-1], device, keeper))
    return np.stack(links, axis=1)
