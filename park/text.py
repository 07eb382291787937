"""Ragged rows of bytes made by columns: the engine under every fast encoder.

A `Rows` is a matrix of bytes with one row per message and a mask of the cells that count. Numbers are
written right-aligned, digit by digit for all rows at once; the mask drops the padding. That costs
nanoseconds a digit where formatting row by row costs microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.model import Bools, Ints

Bytes2D = npt.NDArray[np.uint8]
_ZERO, _MINUS, _POINT = ord("0"), ord("-"), ord(".")
_PAIRS = np.array([(a, b) for a in range(_ZERO, _ZERO + 10) for b in range(_ZERO, _ZERO + 10)], dtype=np.uint8).view(
    np.uint16
)[:, 0]


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows of bytes.

    Attributes:
        cells: (N, W) bytes.
        keep: (N, W) whether a cell is part of its row; None keeps all.
    """

    cells: Bytes2D
    keep: Bools | None = None

    def mask(self) -> Bools:
        """`keep`, written out."""
        return np.ones(self.cells.shape, dtype=np.bool_) if self.keep is None else self.keep

    def lengths(self) -> Ints:
        """(N,) bytes that each row keeps."""
        if self.keep is None:
            return np.full(len(self.cells), self.cells.shape[1], dtype=np.int64)
        return np.asarray(np.count_nonzero(self.keep, axis=1), dtype=np.int64)

    def left_aligned(self) -> Bytes2D:
        """(N, W) each row's bytes without gaps, zeros behind them."""
        if self.keep is None:
            return self.cells
        cells = np.zeros_like(self.cells)
        cells[np.arange(cells.shape[1]) < self.lengths()[:, None]] = self.cells[self.keep]
        return cells

    def join(self) -> bytes:
        """All rows, one after the other."""
        return self.cells.tobytes() if self.keep is None else self.cells[self.keep].tobytes()

    def split(self) -> list[bytes]:
        """Each row."""
        return self.cut(np.arange(len(self.cells)))

    def cut(self, firsts: Ints) -> list[bytes]:
        """The rows in pieces, each from one of `firsts` to before the next; the first of them is row 0."""
        blob, ends = self.join(), np.cumsum(self.lengths())
        starts = [0, *ends[firsts[1:] - 1].tolist()] if len(firsts) else []
        return [blob[start:end] for start, end in zip(starts, [*starts[1:], len(blob)], strict=False)]


class RowWriter:
    """Lays out N rows from left to right, then gives them as `Rows`.

    Parts that every row keeps cost nothing in the mask.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._parts: list[tuple[Bytes2D | bytes, Bools | None]] = []

    def literal(self, text: bytes, where: Bools | None = None) -> None:
        """The same bytes in every row (where `where` holds)."""
        last = self._parts[-1] if self._parts else None
        if where is None and last is not None and isinstance(last[0], bytes) and last[1] is None:
            self._parts[-1] = (last[0] + text, None)
        elif text:
            self._parts.append((text, None if where is None else where[:, None]))

    def rows(self, rows: Rows, where: Bools | None = None) -> None:
        """A part with cells of its own per row."""
        keep = rows.keep
        if where is not None:
            keep = where[:, None] if keep is None else keep & where[:, None]
        self._parts.append((rows.cells, keep))

    def done(self) -> Rows:
        """The rows as laid out."""
        widths = [len(part) if isinstance(part, bytes) else part.shape[1] for part, _ in self._parts]
        cells = np.empty((self._rows, sum(widths)), dtype=np.uint8)
        ragged = any(keep is not None for _, keep in self._parts)
        mask = np.ones(cells.shape, dtype=np.bool_) if ragged else None
        at = 0
        for (part, keep), width in zip(self._parts, widths, strict=True):
            cells[:, at : at + width] = np.frombuffer(part, dtype=np.uint8) if isinstance(part, bytes) else part
            if keep is not None and mask is not None:
                mask[:, at : at + width] = keep
            at += width
        return Rows(cells, mask)


def number(k: Ints, decimals: int = 0) -> Rows:
    """K / 10^decimals in decimal notation: an optional minus, no leading zeros, all the decimals.

    Args:
        k: (N,) whole numbers.
        decimals: digits after the point; 0 leaves the point out.
    """
    low, high = (int(k.min()), int(k.max())) if len(k) else (0, 0)
    size = np.abs(k) if low < 0 else k
    digits = max(len(str(max(-low, high))), decimals + 1)
    whole, sign = digits - decimals, 1 if low < 0 else 0
    magnitude = _digits(size, digits, low if low >= 10 ** (digits - 1) else 0, max(-low, high))
    cells = magnitude
    if sign or decimals:
        cells = np.empty((len(k), sign + digits + (1 if decimals else 0)), dtype=np.uint8)
        cells[:, sign : sign + whole] = magnitude[:, :whole]
        if decimals:
            cells[:, sign + whole] = _POINT
            cells[:, sign + whole + 1 :] = magnitude[:, whole:]
    if not sign and (whole == 1 or low >= 10 ** (digits - 1)):
        return Rows(cells)
    keep = np.ones(cells.shape, dtype=np.bool_)
    for place in range(whole - 1):
        keep[:, sign + place] = size >= 10 ** (digits - 1 - place)
    if sign:
        cells[:, 0] = _MINUS
        keep[:, 0] = k < 0
    return Rows(cells, keep)


def padded(k: Ints, width: int) -> Rows:
    """K >= 0 with leading zeros to at least `width` digits."""
    high = int(k.max()) if len(k) else 0
    digits = max(len(str(high)), width)
    cells = _digits(k, digits, 0, high)
    if digits == width:
        return Rows(cells)
    keep = np.ones(cells.shape, dtype=np.bool_)
    for place in range(digits - width):
        keep[:, place] = k >= 10 ** (digits - 1 - place)
    return Rows(cells, keep)


def choice(index: Ints, texts: Sequence[bytes]) -> Rows:
    """`texts[index]` in every row."""
    width = max(map(len, texts))
    table = np.zeros((len(texts), width), dtype=np.uint8)
    for row, text in enumerate(texts):
        table[row, : len(text)] = np.frombuffer(text, dtype=np.uint8)
    lengths = np.array([len(text) for text in texts])
    if (lengths == width).all():
        return Rows(table[index])
    return Rows(table[index], (np.arange(width) < lengths[:, None])[index])


def _digits(size: Ints, digits: int, low: int, high: int) -> Bytes2D:
    """(N, digits) ASCII digits of numbers in [low, high], most significant first.

    Digits that all share, such as those of a time's days, are written once; the others two at a time from a
    table of pairs.
    """
    varying = 1
    while low // 10**varying != high // 10**varying:
        varying += 1
    head = low // 10**varying
    pairs = (varying + 1) // 2
    out = np.empty((len(size), pairs), dtype=np.uint16)
    rest = size - head * 10**varying if head else size
    rest = rest.astype(np.uint32) if varying < 10 else rest.astype(np.uint64)
    for place in range(pairs - 1, 0, -1):
        higher = rest // rest.dtype.type(100)
        out[:, place] = _PAIRS[rest - higher * rest.dtype.type(100)]
        rest = higher
    out[:, 0] = _PAIRS[rest]
    tail = out.view(np.uint8).reshape(len(size), 2 * pairs)[:, 2 * pairs - varying :]
    if varying == digits:
        return tail
    cells = np.empty((len(size), digits), dtype=np.uint8)
    cells[:, : digits - varying] = np.frombuffer(str(head).zfill(digits - varying).encode(), dtype=np.uint8)
    cells[:, digits - varying :] = tail
    return cells
