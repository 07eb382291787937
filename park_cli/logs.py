"""A command's logs: readable on a terminal, JSON elsewhere."""

import logging
import sys

import structlog

from park.safe_log import standard_error
from park.safe_text import escape_event


def configure_logging(*, verbose: bool = False) -> None:
    """Structured logs on standard error."""
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            escape_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(standard_error),
        cache_logger_on_first_use=False,
    )
