"""Errors of the contract.

ParkError
├── CatalogueError      a sector's folder contradicts the catalogue's rules
├── TopicError          a topic is out of shape
├── NotToml             a text is no TOML
├── TownError           park.toml or the selection is wrong; names the key
├── DecodeError         a payload is not a reading of its kind, or no event of a known type
└── CommandRefused      a command is not one that its device can take; with a reason
"""

from park.rejection import Reason


class ParkError(Exception):
    """Base of every error that the contract raises."""


class CatalogueError(ParkError):
    """A sector's folder contradicts the catalogue's rules."""


class TopicError(ParkError):
    """A topic is out of shape."""


class NotToml(ParkError, ValueError):
    """A text is no TOML; says where."""


class TownError(ParkError):
    """The town's settings, or a selection of it, are wrong; the message names the key."""


class DecodeError(ParkError):
    """A payload is not a reading of its kind, or no event of a known type.

    Attributes:
        reason: the code under which the message is dead-lettered.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class CommandRefused(ParkError):
    """A command is not one that its device can take.

    Attributes:
        reason: one of `park.command.Refusal`, or an interlock's own.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
