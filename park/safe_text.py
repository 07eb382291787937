r"""Text of strangers, made fit for a terminal or a log: nothing in it can move a cursor, hide, or turn the line around.

Topics, details of rejections, answers of brokers and stores carry what whoever sent it chose. Every character that is
not plainly visible (C0 and C1 controls, bidirectional overrides, zero-width and private ones, lone surrogates) is
shown as an escape, as in Python: `\x1b`, `\u202e`.
"""

from collections.abc import MutableMapping
from typing import Any

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: object, *, keep: str = "", limit: int | None = None) -> str:
    r"""The text with everything escaped that is not plainly visible.

    Args:
        text: what `str` makes of it.
        keep: characters to leave as they are: "\n" where several lines are meant.
        limit: characters of the text after which it is cut, with "..." for the rest.
    """
    shown = str(text)
    cut = limit is not None and len(shown) > limit
    if cut:
        shown = shown[:limit]
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() or one in keep else _escape(one) for one in shown)
    return shown + "..." if cut else shown


def _escape(one: str) -> str:
    code = ord(one)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _SHORT.get(one) or (f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}")


def escape_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: strangers' text in any value of a log line, escaped."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = printable(value, keep="\n" if key == "exception" else "")
        elif not isinstance(value, int | float | None):
            event[key] = printable(value)
    return event
