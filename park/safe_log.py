"""Where logs go: standard error, whatever has become of it.

A log that cannot be written, because its disk is full or whoever read it has gone, must not end the program that it
tells of.
"""

import sys
from contextlib import suppress


class StandardError:
    """Standard error, as far as it can be written to."""

    def write(self, text: str) -> int:
        """Write the text, or lose it."""
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Likewise."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


standard_error = StandardError()
