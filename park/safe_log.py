"""Where logs and what else is told beside the work go: standard error, whatever has become of it.

What cannot be written, because its disk is full or whoever read it has gone, must not end the program that it tells
of.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO, cast


class _Surviving:
    """A stream, as far as it can be written to."""

    def __init__(self, find: Callable[[], TextIO]) -> None:
        self._find = find

    @property
    def encoding(self) -> str:
        return self._find().encoding

    def isatty(self) -> bool:
        return self._find().isatty()

    def fileno(self) -> int:
        return self._find().fileno()

    def write(self, text: str) -> int:
        """Write the text, or lose it."""
        with suppress(OSError, ValueError):
            self._find().write(text)
        return len(text)

    def flush(self) -> None:
        """Likewise."""
        with suppress(OSError, ValueError):
            self._find().flush()


def surviving(find: Callable[[], TextIO]) -> TextIO:
    """A stream that loses what cannot be written; of a `TextIO` it has what printing needs.

    Args:
        find: the stream underneath, asked for each time: programs put others in its place.
    """
    return cast("TextIO", _Surviving(find))


standard_error = surviving(lambda: sys.stderr)
