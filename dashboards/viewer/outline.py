"""What a page is to those who do not see it: headings, addresses of its parts, and charts in words."""

import re
from collections.abc import Sequence
from html import escape

from nicegui import ui

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve
from dashboards.states import words
from dashboards.viewer import numbers
from park.units import symbol

_SPOKEN = 8


def heading(level: int, text: str, *, named: bool = False) -> ui.html:
    """A heading of the page's outline, 1 to 3; an address may end in the anchor of one that is named."""
    name = f'<a name="{anchor(text)}"></a>' if named else ""
    return ui.html(name + escape(text), tag=f"h{level}", sanitize=False)


def anchor(title: str) -> str:
    """Where a panel stands on its page, as the end of an address."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def inked(color: str) -> str:
    """The style of a text in a colour, which a light theme makes dark enough to be read."""
    return f"color:color-mix(in srgb, {color} var(--park-depth), #000)"


def spoken(panel: ResolvedPanel, answer: Sequence[Curve]) -> str:
    """A chart in words: its title, what to look for, and the newest values of its first series."""
    said = [f"{panel.title}. {panel.story}"]
    for series in answer[:_SPOKEN]:
        newest = series.values[-1]
        value = words(newest) if isinstance(newest, str) else numbers.text(newest, panel.decimals)
        said.append(f"{panel.series_name(series.field, series.tags)}: {value} {symbol(panel.unit)}".rstrip())
    return " ".join([said[0], "Newest:" * bool(answer), "; ".join(said[1:])]).strip()
