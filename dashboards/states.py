"""The states that a boolean or a text channel can be in, and their colours; both renderers use it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.resolved import ResolvedPanel
from park.catalogue import ValueType

# States that carry their colour in their name.
_NATURAL = {"green": "good", "yellow": "warning", "amber": "warning", "red": "critical", "fault": "critical"}


@dataclass(frozen=True, kw_only=True)
class State:
    """One state.

    Attributes:
        value: as stored; booleans are "true" and "false".
        text: as shown.
        place: in a palette whose first colour is that of rest.
        level: good, notice, warning or critical, where the panel gives one.
    """

    value: str
    text: str
    place: int
    level: str | None

    def color(self, palette: Sequence[str], levels: Mapping[str, str]) -> str:
        """The level's colour, or the palette's at the state's place."""
        return levels[self.level] if self.level else palette[self.place % len(palette)]


def words(text: str) -> str:
    """A state's identifier as people read it: "at_stop" is "at stop", "lidOpen" is "lid open"."""
    apart = re.sub(r"(?<=[a-z])[A-Z](?=[a-z])", lambda match: f" {match[0].lower()}", text)
    return re.sub(r"(?<=[A-Za-z])[_-](?=[A-Za-z])", " ", apart)


def states(panel: ResolvedPanel, field: str | None = None) -> list[State]:
    """Every state of a field of the panel, the first unless named, in the catalogue's order."""
    channel = panel.channel(field or panel.fields[0])
    named = [(text, words(text)) for text in channel.texts]
    if channel.type is ValueType.BOOL:
        named = [("false", "no"), ("true", "yes")]
    return [
        State(value=value, text=text, place=place, level=panel.levels.get(value) or _NATURAL.get(value))
        for place, (value, text) in enumerate(named)
    ]
