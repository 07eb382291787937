"""The page: a strip with the pipeline's pulse, the dashboards on the left, the chosen one's cards."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.errors import SourceError
from dashboards.layout import place
from dashboards.sources.base import Source
from dashboards.viewer import cards
from dashboards.viewer.strip import Strip
from dashboards.viewer.windows import Moment, Reader
from park.panel import Dashboard

_STYLE = Path(__file__).with_name("style.css")
_SPANS = {900: "15 min", 3600: "1 h", 21_600: "6 h", 86_400: "24 h", 604_800: "7 d"}
_ICONS = {"park": "dashboard", "pipeline": "route", "agriculture": "grass", "energy": "bolt", "transport": "traffic"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is served: the dashboards, and the source that answers them."""

    title: str
    pages: tuple[Dashboard, ...]
    source: Source
    refresh_s: float


def install(site: Site) -> None:
    """Register the pages with NiceGUI."""
    reader = Reader(site.source, clock=time.monotonic, keep_s=site.refresh_s * 0.9)

    def visit() -> None:
        _Visit(site, reader).build()

    # One page object for every address: the browser's history then moves within it.
    ui.page("/")(visit)
    ui.page("/{_:path}")(visit)


class _Visit:
    """One browser's view: its span, sites and dashboard."""

    def __init__(self, site: Site, reader: Reader) -> None:
        self._site = site
        self._reader = reader
        self._span_s = 86_400
        self._sites: tuple[str, ...] = ()
        self._cards: list[cards.Card] = []
        self._busy = asyncio.Lock()

    def build(self) -> None:
        ui.add_css(_STYLE)
        dark = ui.dark_mode(value=True)
        with ui.element("div").classes("park-top"):
            with ui.element("div").classes("park-brand"):
                ui.icon("sensors")
                ui.label(self._site.title)
            self._strip = Strip()
            ui.element("div").classes("park-gap")
            self._choose_sites = ui.select([], multiple=True, label="All sites", on_change=self._sites_changed)
            self._choose_sites.props("dense borderless options-dense hide-bottom-space").classes("park-sites")
            ui.toggle(_SPANS, value=self._span_s, on_change=self._span_changed).props(
                "dense unelevated no-caps"
            ).classes("park-spans")
            ui.button(icon="contrast", on_click=dark.toggle).props("flat round dense").tooltip("Dark or light")
        with ui.element("div").classes("park-main"):
            self._navigation = ui.element("nav").classes("park-nav")
            self._problem = ui.label().classes("park-problem")
            self._problem.set_visibility(False)
            routes: dict[str, Callable[[], None]] = {
                f"/{page.slug}": functools.partial(self._show, page) for page in self._site.pages
            }
            ui.sub_pages({"/": functools.partial(self._show, self._site.pages[0]), **routes}).classes("park-page")
        ui.timer(self._site.refresh_s, self._refresh)
        ui.timer(0.05, self._load_sites, once=True)

    def _show(self, page: Dashboard) -> None:
        self._navigate(page)
        with ui.element("div").classes("park-intro"):
            ui.label(page.title).classes("park-page-title")
            ui.label(page.description).classes("park-page-story")
        with ui.element("div").classes("park-grid").props(f'data-dashboard="{page.slug}"'):
            self._cards = [card for at in place(page.panels) if (card := cards.add(at))]
        ui.timer(0.05, self._refresh, once=True)

    def _navigate(self, here: Dashboard) -> None:
        self._navigation.clear()
        with self._navigation:
            for page in self._site.pages:
                with ui.link(target=f"/{page.slug}").classes("park-link" + (" here" if page is here else "")):
                    ui.icon(_ICONS.get(page.slug, "hub"))
                    ui.label(page.title)

    async def _load_sites(self) -> None:
        with contextlib.suppress(SourceError):
            self._choose_sites.set_options(await self._reader.sites(None))

    async def _sites_changed(self) -> None:
        self._sites = tuple(sorted(self._choose_sites.value or ()))
        await self._refresh()

    async def _span_changed(self, change: ValueChangeEventArguments[int]) -> None:
        self._span_s = int(change.value)
        await self._refresh()

    async def _refresh(self) -> None:
        """Ask for what the visible dashboard shows; one round at a time."""
        async with self._busy:
            moment = Moment(now=int(time.time() * 1000), span=self._span_s * 1000, sites=self._sites)
            shown = [self._strip, *self._cards]
            rounds = (card.refresh(self._reader, moment) for card in shown)
            results = await asyncio.gather(*rounds, return_exceptions=True)
        self._report([result for result in results if isinstance(result, BaseException)])

    def _report(self, failures: list[BaseException]) -> None:
        for failure in failures:
            if not isinstance(failure, SourceError):
                raise failure
        self._problem.set_visibility(bool(failures))
        if failures:
            self._problem.set_text(f"The store does not answer. What is shown may be old. {failures[0]}")
