"""The head of the first page: what needs attention now, and the town on a map."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from nicegui import ui

from dashboards.alerting.course import Firing
from dashboards.resolved import Page
from dashboards.viewer import numbers, whereabouts
from dashboards.viewer.card import Draw
from dashboards.viewer.drawing import Drawing, Tile, Track
from dashboards.viewer.watch import CALM_S, Fires, Watch
from dashboards.viewer.windows import Moment, Reader
from park.alert import Severity
from park.safe_text import printable
from park.town import Lake
from park.units import symbol

STYLE = Path(__file__).with_name("overview.css")
#: Rules that are shown at first; the others at a click.
_ROWS = 6
_NAMES = 3
_WORDS = {Severity.CRITICAL: "critical", Severity.WARNING: "to do today", Severity.NOTICE: "when there is time"}
_ICONS = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.NOTICE: "info"}
#: How often the map asks for places, and for where buses are.
_PLACES_MS, _TRACKS_MS = 600_000, 15_000

Address = Callable[[Page, str], str]


class Attention:
    """What fires, a row a rule: since when, where, and what to do.

    Args:
        watch: judges the rules.
        address: of a page, and of a panel's title on it.
        utc_offset_ms: the town's clock less UTC.
    """

    def __init__(self, watch: Watch, address: Address, *, utc_offset_ms: int) -> None:
        self._watch, self._address, self._shift = watch, address, utc_offset_ms
        self._shown: Fires | None = None
        self._all = False
        with ui.element("section").classes("park-pane park-attention") as self.body:
            self.body.props('aria-labelledby="park-attention-title"')
            with ui.element("header"):
                ui.html("What needs attention now", tag="h2", sanitize=False).props('id="park-attention-title"')
                self._counts = ui.element("div").classes("park-counts").props('role="status"')
            self._rows = ui.element("div").classes("park-alerts").props('role="list"')
            self._more = ui.button(on_click=self._toggle, color=None).props("flat dense no-caps").classes("park-more")
        self._more.set_visibility(False)
        with self._counts:
            ui.label("Looking at the last hours ...").classes("park-calm")

    async def ask(self, _reader: Reader, moment: Moment) -> Draw | None:
        """What the rules last came to; they are judged beside."""
        fires = self._watch.fires(moment.now)
        if fires is not None and moment.sites:
            fires = tuple(one for one in fires if one.labels.get("site", moment.sites[0]) in moment.sites)
        if fires is None or fires == self._shown:
            return None
        self._shown = fires
        return self._draw

    def _toggle(self) -> None:
        self._all = not self._all
        self._draw()

    def _draw(self) -> None:
        groups = by_rule(self._shown or ())
        self._counts.clear()
        with self._counts:
            self._count(groups)
        self._rows.clear()
        with self._rows:
            for group in groups if self._all else groups[:_ROWS]:
                self._row(group)
        hidden = len(groups) - _ROWS
        self._more.set_visibility(hidden > 0)
        self._more.set_text("Fewer" if self._all else f"{hidden} more")

    def _count(self, groups: Sequence[Sequence[Firing]]) -> None:
        if not groups:
            ui.label(f"All is well: none of {self._watch.count} rules fires").classes("park-calm good")
        for severity in Severity:
            number = sum(group[0].rule.alert.severity is severity for group in groups)
            if number:
                ui.label(f"{number} {_WORDS[severity]}").classes(f"park-count {severity.value}")

    def _row(self, group: Sequence[Firing]) -> None:
        alert, page = group[0].rule.alert, group[0].rule.page
        with ui.element("div").classes(f"park-alert {alert.severity.value}").props('role="listitem"'):
            ui.icon(_ICONS[alert.severity]).props(f'role="img" aria-label="{alert.severity.value}"')
            with ui.element("div").classes("park-alert-text"):
                with ui.element("div").classes("park-alert-head"):
                    with ui.link(target=self._address(page, alert.panel)).classes("park-alert-title"):
                        ui.label(alert.title)
                    ui.label(since(group, self._shift)).classes("park-alert-since")
                ui.label(where(group)).classes("park-alert-where").tooltip(_everyone(group))
                ui.label(alert.advice.replace("`", "")).classes("park-alert-advice")


def by_rule(fires: Sequence[Firing]) -> list[list[Firing]]:
    """What fires, a group for each rule, each from the longest on."""
    groups: dict[str, list[Firing]] = {}
    for one in fires:
        groups.setdefault(one.rule.alert.name, []).append(one)
    return [sorted(group, key=lambda one: one.since) for group in groups.values()]


def where(group: Sequence[Firing]) -> str:
    """Of whom a rule fires, and what it measures: the first few."""
    names = [_name(one) for one in group[:_NAMES]]
    more = len(group) - _NAMES
    return ", ".join(filter(None, names)) + (f" and {more} more" if more > 0 else "")


def _name(one: Firing) -> str:
    device = printable(one.labels.get("device") or one.labels.get("instance") or "")
    site = printable(one.labels.get("site", ""))
    parts = [f"{device} at {site}" if device and site else device or site]
    rule = one.rule.alert
    if one.value is not None and not rule.states and not rule.counts:
        field = one.rule.question
        decimals = field.channel(rule.field).decimals if rule.rate_s is None else None
        parts.append(f"{numbers.text(one.value, decimals)} {symbol(field.unit)}".rstrip())
    return " · ".join(filter(None, parts))


def _everyone(group: Sequence[Firing]) -> str:
    return ", ".join(filter(None, (_name(one) for one in group[:40])))


def since(group: Sequence[Firing], utc_offset_ms: int) -> str:
    """Since when, by the town's clock; the day too, if it is not today's."""
    first = group[0]
    at = dt.datetime.fromtimestamp((first.since + utc_offset_ms) / 1000, dt.UTC)
    return f"since before {at:%H:%M}" if first.older else f"since {at:%H:%M}"


class TownMap:
    """The town drawn: water, sites, sectors, roads; buses and lorries, and devices that need attention.

    Args:
        watch: judges the rules.
        address: of a page.
        pages: of the sectors.
        lakes: of the town.
    """

    def __init__(self, watch: Watch, address: Address, pages: Sequence[Page], lakes: Sequence[Lake]) -> None:
        self._watch, self._lakes = watch, lakes
        self._tiles = {
            page.sector.name: Tile(href=address(page, ""), title=page.title, icon=page.icon)
            for page in pages
            if page.sector is not None
        }
        self._drawing: Drawing | None = None
        self._tracks: list[Track] = []
        self._due = {"places": 0, "tracks": 0}
        self._fires: Fires = ()
        self._first: int | None = None
        with ui.element("section").classes("park-pane park-town").props('aria-label="The town"') as self.body:
            with ui.element("header"):
                ui.html("The town", tag="h2", sanitize=False)
                self._words = ui.label().classes("park-town-words")
            with ui.element("div").classes("park-map"):
                self._still = ui.html("", sanitize=False)
                self._alive = ui.html("", sanitize=False)
        self.body.set_visibility(False)

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        """Where things are, seldom; what fires, as it is known."""
        self._first = moment.now if self._first is None else self._first
        if moment.now - self._first < CALM_S * 1000:
            return None
        fires = self._watch.fires(moment.now) or ()
        changed = fires != self._fires or self._drawing is None
        self._fires = fires
        if moment.now >= self._due["tracks"]:
            self._due["tracks"] = moment.now + _TRACKS_MS
            self._tracks, changed = await whereabouts.tracks(reader, moment.now), True
        if moment.now >= self._due["places"]:
            found = await whereabouts.spots(reader, moment.now)
            self._due["places"] = moment.now + (_PLACES_MS if found else _TRACKS_MS)
            self._drawing = Drawing(found, self._lakes, self._tiles) if found else None
            return self._draw_all
        return self._draw if changed and self._drawing is not None else None

    def _draw_all(self) -> None:
        self.body.set_visibility(self._drawing is not None)
        if self._drawing is None:
            return
        self._still.set_content(self._drawing.still(self._tracks))
        larger = self._drawing.magnified
        self._words.set_text(
            f"Sites are drawn {larger:.1f} times as large as the way between them" if larger > 1 else ""
        )
        self._draw()

    def _draw(self) -> None:
        if self._drawing is not None:
            self._alive.set_content(self._drawing.alive(self._tracks, self._fires))
