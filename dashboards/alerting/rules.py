"""Every alert rule of the park, found by looking, and held against the catalogue and its page."""

import dataclasses
import importlib
import importlib.util
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboards.alerting import pipeline
from dashboards.alerting.silence import quiet_s, silent
from dashboards.definitions import PIPELINE
from dashboards.errors import PanelError
from dashboards.measured import measured
from dashboards.resolved import Page, ResolvedPanel, resolve
from park.alert import Alert, Severity
from park.catalogue import Sector, ValueType
from park.panel import Panel

#: Series of a rule that are judged.
MOST = 100_000
_INTERVALS = 2.5
_LONG = 8


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An alert with its question and its place.

    Attributes:
        page: on which its panel stands.
        panel: that panel; None where it has none, and the whole page is meant.
        question: what is asked of a source, over time.
    """

    alert: Alert
    page: Page
    panel: ResolvedPanel | None
    question: ResolvedPanel

    def fitted(self, spacing_s: float | None) -> Alert:
        """The alert for devices that report so often: it looks back far enough to see each of them.

        Args:
            spacing_s: by their readings, or None if that is not known; then what the catalogue says.
        """
        known = self.question.stored.interval_s if spacing_s is None else spacing_s
        every = max(self.alert.every_s, quiet_s(known)) if self._tells_silence else self.alert.every_s
        least = _LONG * every if self.alert.counts else _INTERVALS * known
        over = math.ceil(max(self.alert.over_s, least, every) / every) * every
        return dataclasses.replace(self.alert, every_s=every, over_s=over)

    @property
    def _tells_silence(self) -> bool:
        return self.alert.counts and self.question.stored.is_kind


def rules(pages: Sequence[Page]) -> tuple[Rule, ...]:
    """All rules: of each sector, that its devices report, and of the pipeline; the most severe first.

    Raises:
        PanelError: it names the rule, and what is wrong with it.
    """
    found = [rule for page in pages for rule in _of(page)]
    names = [rule.alert.name for rule in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise PanelError(f"alert {min(twice)!r} is defined twice: its name is its address")
    order = list(Severity)
    return tuple(sorted(found, key=lambda rule: order.index(rule.alert.severity)))


def _of(page: Page) -> Iterable[Rule]:
    if page.sector is not None:
        alerts: Iterable[Alert] = (*own(page.sector), *_silences(page, page.sector))
    else:
        alerts = pipeline.ALERTS if page.slug == PIPELINE else ()
    return [_rule(alert, page) for alert in alerts]


def own(sector: Sector) -> tuple[Alert, ...]:
    """The sector's `alerts.ALERTS`; none where nobody has written any."""
    name = f"sectors.{sector.name.replace('-', '_')}.alerts"
    try:
        there = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # a sector that was made without a folder
        there = False
    return tuple(importlib.import_module(name).ALERTS) if there else ()


def _silences(page: Page, sector: Sector) -> list[Alert]:
    return [silent(kind, page.panels) for kind in sector.kinds]


def _rule(alert: Alert, page: Page) -> Rule:
    shown = next((panel for panel in page.panels if alert.panel and panel.title == alert.panel), None)
    if alert.panel and shown is None:
        raise PanelError(f"alert {alert.name!r}: page {page.slug!r} has no panel {alert.panel!r}")
    try:
        return Rule(alert=alert, page=page, panel=shown, question=_question(alert))
    except PanelError as error:
        raise PanelError(f"alert {alert.name!r}: {error}") from None


def _question(alert: Alert) -> ResolvedPanel:
    """What is asked, as a panel would: a rule without a field asks for that which every reading has."""
    panel = Panel(
        title=alert.title,
        story=alert.advice,
        measurement=alert.measurement,
        fields=(alert.field,) if alert.field else (),
        aggregate=alert.aggregate,
        by=alert.by,
        rate_s=alert.rate_s,
        limit=MOST,
    )
    asked = _resolved(panel) if alert.field else _beats(panel)
    if alert.field:
        _check_states(alert, asked)
    return asked


def _resolved(panel: Panel) -> ResolvedPanel:
    """A rule is judged at all sites: it has no variable to choose some."""
    asked = resolve(panel)
    return dataclasses.replace(asked, course=dataclasses.replace(asked.course, site_filter=False))


def _check_states(alert: Alert, asked: ResolvedPanel) -> None:
    """Numbers have bounds, all else has states; what is counted may be anything."""
    channel = asked.channel(alert.field)
    if asked.is_number(alert.field) or alert.counts:
        if alert.states:
            raise PanelError(f"{alert.field} is a number: it has a bound above or below, not states")
        return
    known = {"true", "false"} if channel.type is ValueType.BOOL else set(channel.texts)
    if not alert.states:
        raise PanelError(f"{alert.field} is no number: name the states at which it fires")
    if unknown := [state for state in alert.states if state not in known]:
        raise PanelError(f"{unknown[0]!r} is no state of {alert.field}; there are {', '.join(sorted(known))}")


def _beats(panel: Panel) -> ResolvedPanel:
    stored = measured(panel.measurement)
    asked = _resolved(dataclasses.replace(panel, fields=(next(iter(stored.channels)),)))
    course = dataclasses.replace(asked.course, fields=(stored.beat,), labels=(stored.beat,))
    return dataclasses.replace(asked, course=course)
