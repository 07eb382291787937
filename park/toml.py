"""TOML that somebody else has written: whatever is in it, it is read or it is a `NotToml`."""

import tomllib
from typing import Any

from park.errors import NotToml


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a file's text.

    Raises:
        NotToml: it is none, or nothing that can be read: too deeply nested, or with a number of too many digits.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # some editors begin UTF-8 so
    except RecursionError:
        raise NotToml("it is nested too deeply") from None
    except ValueError as error:
        raise NotToml(str(error)) from None
