"""Handmade alerts and answers."""

from typing import Any

from park.alert import Alert, Severity

MINUTE = 60_000


def alert(**changes: Any) -> Alert:
    """An alert on a level above 10, judged every minute."""
    options: dict[str, Any] = {
        "name": "made-up",
        "title": "Too high",
        "advice": "Lower it.",
        "severity": Severity.WARNING,
        "panel": "",
        "measurement": "made_up",
        "field": "level",
        "above": 10.0,
        "every_s": 60,
        "over_s": 60,
    }
    return Alert(**(options | changes))
