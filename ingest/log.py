"""The ingester's logger, without what a service has no use for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from park.safe_log import standard_error
from park.safe_text import escape_event


@contextmanager
def _without(name: str) -> Iterator[None]:
    """As if a package were not installed, for those who are first imported in the block."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # Python's own way to say so
    try:
        yield
    finally:
        del sys.modules[name]


# structlog colours tracebacks with rich where it finds it: 5 MB, and ours are plain.
with _without("rich"):
    import structlog

get_logger = structlog.get_logger


def log_to_stderr() -> None:
    """Log in structlog's own form, for a process whose program has configured nothing."""
    structlog.configure(
        processors=[escape_event, *structlog.get_config()["processors"]],
        logger_factory=structlog.PrintLoggerFactory(standard_error),
    )
