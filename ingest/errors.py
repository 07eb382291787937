"""Errors of the ingester.

IngestError
├── BadStoreUrl           the store's URL cannot be used; names what is wrong in it
├── BadOptions            options that exclude one another
├── BadName               a client id or group cannot be used; names the option
├── MissingSecret         a secret is needed and neither its variable nor its file is there
├── DeadLetterError       the dead-letter file cannot be used or read; names the file and line
├── WorkerError           a worker process could not be started or kept running
└── StoreError            a store did not take a write, or did not answer a question
    ├── Retryable         it may take the same write later; carries the delay it asked for
    ├── PartialWrite      it took all rows but some; carries how many it dropped, if it says so
    ├── Refused           it took nothing, because something in the request is wrong
    ├── TooLarge          it took nothing, because the request is too big
    └── Misconfigured     nothing will be taken until a person acts; says what to fix
        └── Unauthorized  the token is missing, wrong or not allowed to do this
"""

from collections.abc import Callable
from typing import Any


class IngestError(Exception):
    """Base of every error that the ingester raises."""


class BadStoreUrl(IngestError, ValueError):
    """The store's URL is not one that the ingester can use."""


class BadOptions(IngestError, ValueError):
    """Options that exclude one another."""


class BadName(IngestError, ValueError):
    """A client id or a group's name cannot be part of a topic filter or a session."""


class MissingSecret(IngestError):
    """A secret is needed, and neither its variable nor its file is there."""


class DeadLetterError(IngestError):
    """The dead-letter file cannot be used, or a line of it cannot be read."""


class WorkerError(IngestError):
    """A worker process could not be started or kept running."""


class StoreError(IngestError):
    """A store did not take a write, or did not answer a question."""


class Retryable(StoreError):
    """The store may take the same write later.

    Attributes:
        after_s: the least delay in seconds that the store asked for.
    """

    def __init__(self, message: str, *, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.after_s = after_s


class PartialWrite(StoreError):
    """The store took all rows of the write but some.

    Attributes:
        dropped: how many it dropped for the reason that it tells, or None if it does not say. There may be more, for
            another reason: only where it is the whole write, it is certain.
        suspects: whether a row may be one of them, by what the store says; None if it says nothing of use. A hint
            where to divide.
    """

    def __init__(
        self, message: str, *, dropped: int | None = None, suspects: Callable[[Any], bool] | None = None
    ) -> None:
        super().__init__(message)
        self.dropped = dropped
        self.suspects = suspects


class Refused(StoreError):
    """The store took nothing, because something in the request is wrong."""


class TooLarge(StoreError):
    """The store took nothing, because the request is too big."""


class Misconfigured(StoreError):
    """The store will take nothing until a person acts; the message says what to fix."""


class Unauthorized(Misconfigured):
    """The token is missing, wrong, or not allowed to do this."""
