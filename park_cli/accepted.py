"""`--accept`: which times the ingester stores, and what a simulation that exceeds them is told."""

import re

from ingest.accept import Accept, weeks_outside
from park_cli.errors import UsageError

DEFAULT_ACCEPT = "400d,1d"
_DURATION = re.compile(r"([0-9]{1,6})(h|d)")
_UNIT_MS = {"h": 3_600_000, "d": 86_400_000}


def accept_of(text: str) -> Accept:
    """`BACK,AHEAD`, or only `BACK`, in days or hours.

    Raises:
        UsageError: it is neither.
    """
    found = [_DURATION.fullmatch(part.strip()) for part in text.split(",")]
    if not 1 <= len(found) <= 2 or None in found:
        raise UsageError(f"--accept {text}: give how far back and ahead, such as {DEFAULT_ACCEPT}")
    back_ms, ahead_ms = ([int(one[1]) * _UNIT_MS[one[2]] for one in found if one] + [_UNIT_MS["d"]])[:2]
    return Accept(back_ms=back_ms, ahead_ms=ahead_ms)


def times_note(first_ms: int, until_ms: int | None, now_ms: int) -> str | None:
    """What to give the ingester for such times, in words; None if it takes them as it is.

    Args:
        first_ms: of the earliest reading, Unix milliseconds.
        until_ms: the end; None if there is none, which is then taken to be now.
        now_ms: now.
    """
    accept = Accept()
    weeks = weeks_outside(accept, first_ms, max(first_ms + 1, now_ms) if until_ms is None else until_ms, now_ms)
    if weeks <= accept.weeks:
        return None
    days = [-(-max(0, span) // _UNIT_MS["d"]) for span in (now_ms - first_ms, (until_ms or now_ms) - now_ms)]
    return (
        f"{weeks} weeks of this lie more than {DEFAULT_ACCEPT.replace(',', ' back or ')} ahead of now; park ingest "
        f"stores {accept.weeks} of them for each site, unless given --accept {max(1, days[0])}d,{max(1, days[1])}d"
    )
