"""The page: a strip with the pipeline's pulse, the dashboards on the left, the chosen one's cards."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.alerting.rules import rules
from dashboards.errors import SourceError
from dashboards.layout import place
from dashboards.resolved import Page
from dashboards.viewer import cards, overview
from dashboards.viewer.card import ASKED, Asks, Card, Draw
from dashboards.viewer.commands import STYLE, CommandPanel
from dashboards.viewer.marks import Marks
from dashboards.viewer.orders import Orders
from dashboards.viewer.outline import anchor, heading
from dashboards.viewer.overview import Attention, TownMap
from dashboards.viewer.pace import NEW_MS
from dashboards.viewer.routes import Routes
from dashboards.viewer.served import Served
from dashboards.viewer.spans import Spans
from dashboards.viewer.strip import Strip
from dashboards.viewer.watch import Watch
from dashboards.viewer.windows import Moment, Reader
from park.catalogue import DeviceKind
from park.safe_text import printable

_STYLES = tuple(Path(__file__).with_name(name) for name in ("style.css", "boards.css"))
_PATIENCE_S = 10.0
#: Answers of so long are drawn at once: a browser goes through the whole page for each message that changes it.
_TOGETHER_S = 0.1
#: While the page is new, cards that still wait ask so many times as often as others.
_EAGER = 3
#: Of the page's ticks: a site may be new.
_SITES_EVERY = 60


def install(served: Served) -> None:
    """Register the pages with NiceGUI."""
    reader = Reader(
        served.source, clock=time.monotonic, keep_s=served.refresh_s * 0.9, utc_offset_ms=served.utc_offset_ms
    )

    orders = None if served.commanding is None else Orders(served.commanding.send)
    watch = Watch(reader, rules(served.pages), clock=time.monotonic)

    def visit() -> None:
        _Visit(served, reader, watch, orders).build()

    # One page object for every address: the browser's history then moves within it.
    ui.page("/")(visit)
    ui.page("/{_:path}")(visit)


class _Visit:
    """One browser's view: its span, sites and dashboard."""

    def __init__(self, served: Served, reader: Reader, watch: Watch, orders: Orders | None) -> None:
        self._served, self._watch = served, watch
        self._token = ui.context.client.request.query_params.get("token")
        may = served.commanding is not None and served.commanding.lets(self._token)
        self._orders = orders if may else None
        self._commands: CommandPanel | None = None
        self._marks: Marks | None = None
        self._reader = reader
        self._span_s = 0
        self._chosen_span = False
        self._sites: tuple[str, ...] = ()
        self._cards: list[Card] = []
        self._head: list[Asks] = []
        self._waiting_since: float | None = None
        self._ticks = 0
        self._busy = asyncio.Lock()

    def build(self) -> None:
        for style in (*_STYLES, STYLE, overview.STYLE):
            ui.add_css(style)
        ui.add_head_html('<meta name="referrer" content="same-origin">')  # the address may hold a token
        dark = ui.dark_mode(value=True)
        with ui.element("header").classes("park-top"):
            with ui.element("div").classes("park-brand"):
                ui.icon("sensors")
                ui.label(self._served.title)
            self._strip = Strip(self._served.pulse)
            ui.element("div").classes("park-gap")
            self._choose_sites = ui.select([], multiple=True, label="All sites", on_change=self._sites_changed)
            self._choose_sites.props("dense borderless options-dense hide-bottom-space").classes("park-sites")
            self._spans = Spans(self._span_changed)
            contrast = ui.button(icon="contrast", on_click=dark.toggle).props("flat round dense")
            contrast.props('aria-label="Dark or light"').tooltip("Dark or light")
        with ui.element("div").classes("park-main"):
            self._navigation = ui.element("nav").classes("park-nav").props('aria-label="Pages"')
            self._problem = ui.label().classes("park-problem").props('role="alert"')
            self._problem.set_visibility(False)
            routes: dict[str, Callable[[], None]] = {
                f"/{page.slug}": functools.partial(self._show, page) for page in self._served.pages
            }
            with ui.element("main").classes("park-page"):
                Routes({"/": functools.partial(self._show, self._served.pages[0]), **routes}, self._show_nothing)
        self._timer = ui.timer(self._served.refresh_s / _EAGER, self._tick)
        ui.timer(NEW_MS / 1000, self._settle, once=True)
        ui.timer(1.0, self._watch_store)
        ui.timer(0.05, self._load_sites, once=True)

    def _show(self, page: Page) -> None:
        if not self._chosen_span:
            self._span_s = page.span_s
            self._spans.choose(page.span_s)
        self._navigate(page)
        with ui.element("div").classes("park-intro"):
            heading(1, page.title).classes("park-page-title")
            ui.label(page.description).classes("park-page-story")
        marks = self._marks = Marks(page)
        first = page is self._served.pages[0]
        self._head = self._add_overview() if first else []
        self._commands = self._add_commands(page)
        with ui.element("div").classes("park-grid").props(f'data-dashboard="{page.slug}"'):
            self._cards = [card for at in place(page.panels) if (card := cards.add(at, marks, compared=first))]
        ui.timer(0.05, self._refresh, once=True)

    def _add_overview(self) -> list[Asks]:
        """What stands above the first page's cards."""
        with ui.element("div").classes("park-overview"):
            attention = Attention(self._watch, self._address, utc_offset_ms=self._served.utc_offset_ms)
            return [attention, TownMap(self._watch, self._address, self._served.pages, self._served.lakes)]

    def _show_nothing(self, path: str) -> None:
        """An address that there is not: a way back."""
        self._head, self._cards, self._commands, self._marks = [], [], None, None
        self._navigate(None)
        with ui.element("div").classes("park-nowhere"):
            heading(1, "There is no such page").classes("park-page-title")
            ui.label(f"Nothing is shown at {printable(path, limit=80)}.")
            with ui.link(target=self._address(self._served.pages[0])):
                ui.label(f"To {self._served.pages[0].title.lower()}")

    def _add_commands(self, page: Page) -> CommandPanel | None:
        """The panel that commands the page's devices, for whom may; who comes with a wrong token is told so."""
        if self._orders is not None and (kinds := _commanded(page)):
            return CommandPanel(kinds, self._orders, utc_offset_ms=self._served.utc_offset_ms)
        if self._orders is None and self._token is not None:
            ui.label("This address's token is not this viewer's: it shows readings alone.").classes("park-refused")
        return None

    def _navigate(self, here: Page | None) -> None:
        self._navigation.clear()
        with self._navigation:
            for page in self._served.pages:
                link = ui.link(target=self._address(page)).classes("park-link" + (" here" if page is here else ""))
                with link.props('aria-current="page"' if page is here else ""):
                    ui.icon(page.icon)
                    ui.label(page.title)
                    if self._orders is not None and _commanded(page):
                        ui.icon("tune").classes("park-link-commands").tooltip("Its devices can be commanded")

    def _address(self, page: Page, panel: str = "") -> str:
        """With the token, so that the page may be loaded again; down to a panel, if one is named."""
        token = "" if self._orders is None else f"?{urlencode({'token': self._token})}"
        return f"/{page.slug}{token}" + (f"#{anchor(panel)}" if panel else "")

    def _settle(self) -> None:
        self._timer.interval = self._served.refresh_s

    async def _load_sites(self) -> None:
        with contextlib.suppress(SourceError):
            found = await self._reader.sites(None)
            if not self._choose_sites.is_deleted:
                self._choose_sites.set_options({site: printable(site) for site in found})
            self._spans.offer(long=await self._reader.rolled())

    async def _sites_changed(self) -> None:
        self._sites = tuple(sorted(self._choose_sites.value or ()))
        await self._ask_anew()

    async def _span_changed(self, change: ValueChangeEventArguments[int]) -> None:
        if int(change.value) != self._span_s:
            self._chosen_span = True
            self._span_s = int(change.value)
            await self._ask_anew()

    def _moment(self) -> Moment:
        return Moment(now=int(time.time() * 1000), span=self._span_s * 1000, sites=self._sites)

    async def _ask_anew(self) -> None:
        """Mark what is shown as that of another choice, and ask for this one."""
        for card in self._cards:
            card.body.classes(add=ASKED)
        await self._refresh()

    async def _tick(self) -> None:
        """Ask for all that is shown; at two of three ticks of a new page only for what there is nothing to show of."""
        self._ticks += 1
        if not self._choose_sites.options or self._ticks % _SITES_EVERY == 0:
            await self._load_sites()
        if self._timer.interval < self._served.refresh_s and self._ticks % _EAGER:
            await self._refresh([card for card in self._cards if card.empty.shown])
        else:
            await self._refresh()

    async def _refresh(self, some: Sequence[Card] | None = None) -> None:
        """Ask for what the visible dashboard shows, or some of it; one round at a time."""
        async with self._busy:
            beside: tuple[Asks | None, ...] = (
                self._strip,
                *self._cards,
                self._marks,
                self._commands,
                *self._head,
            )
            asked = [one for one in beside if one is not None] if some is None else list[Asks](some)
            if not asked:
                return
            self._waiting_since = time.monotonic()
            try:
                failures = await self._round(asked)
            finally:
                self._waiting_since = None
        if some is None and isinstance(failures[0], SourceError) and not self._strip.body.is_deleted:
            self._strip.lose()
        self._report([failure for failure in failures if failure is not None])

    async def _round(self, asked: Sequence[Asks]) -> list[BaseException | None]:
        """Ask each, and draw the answers that come close together at once; what kept each from answering."""
        moment = self._moment()
        asking = {asyncio.create_task(one.ask(self._reader, moment)): one for one in asked}
        left, broken = set(asking), list[Exception]()
        try:
            while left:
                done, left = await asyncio.wait(left, timeout=_TOGETHER_S)
                for task in done:
                    self._waiting_since = time.monotonic()  # a sign of life, however slow the others are
                    if task.exception() is None:
                        try:
                            self._draw(asking[task], task.result(), moment)
                        except Exception as error:  # noqa: BLE001 - told below; the other cards are drawn
                            broken.append(error)
        finally:
            for task in left:
                task.cancel()
        return [*(task.exception() for task in asking), *broken]

    def _draw(self, one: Asks, draw: Draw | None, moment: Moment) -> None:
        if one.body.is_deleted:
            return
        if draw is not None:
            draw()
        if moment.choice == self._moment().choice:
            one.body.classes(remove=ASKED)

    def _watch_store(self) -> None:
        """A store that neither answers nor refuses is lost too; and what is shown grows older."""
        waited = 0.0 if self._waiting_since is None else time.monotonic() - self._waiting_since
        if self._problem.is_deleted:
            return
        if waited > _PATIENCE_S:
            self._strip.lose()
            self._tell(f"The store has not answered for {waited:.0f} s. What is shown may be old.")
        self._strip.grow_old()

    def _report(self, failures: list[BaseException]) -> None:
        for failure in failures:
            if not isinstance(failure, SourceError):
                raise failure
        if self._problem.is_deleted:
            return
        self._tell(f"The store does not answer. What is shown may be old. {failures[0]}" if failures else "")

    def _tell(self, problem: str) -> None:
        self._problem.set_visibility(bool(problem))
        self._problem.set_text(printable(problem))


def _commanded(page: Page) -> list[DeviceKind]:
    """The page's kinds that can be told something."""
    return [] if page.sector is None else [kind for kind in page.sector.kinds if kind.actions]
