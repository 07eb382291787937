"""What a decoded payload is, whatever codec read it."""

from typing import Protocol


class Timed(Protocol):
    """Something that was at a time; its other values are attributes, `msgspec.UNSET` where absent."""

    @property
    def ts(self) -> int:
        """Unix milliseconds, as intended by who tells it."""


class Reading(Timed, Protocol):
    """One reading of a device: beside `ts` and `seq`, an attribute a channel of its kind."""

    @property
    def seq(self) -> int:
        """The slot since commissioning."""
