"""Names of rows and tiles, short enough to stand beside them: what all have in common is left out."""

import re

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve

_DEVICE = re.compile(r".*-0*(\d+)")


def group(panel: ResolvedPanel, series: Curve) -> tuple[str, ...]:
    """The values of the tags by which the panel tells its series apart."""
    return tuple(series.tags.get(tag, "") for tag in panel.by)


def short(tags: tuple[str, ...]) -> str:
    """A group's name with the number of its device alone: its kind is what the panel is about."""
    return " ".join(found[1] if (found := _DEVICE.fullmatch(tag)) else tag for tag in tags)
