"""Panels held against the catalogue: once, when the pages are made. Renderers and sources are given the result."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.errors import PanelError
from dashboards.measured import NUMERIC, Measured, measured
from dashboards.sources.shape import Shape, shape
from park.catalogue import Behaviour, Channel, Sector, ValueType
from park.panel import PAIRS, Aggregate, Dashboard, Panel, View
from park.units import per, symbol

LEVELS = ("good", "notice", "warning", "critical")


@dataclass(frozen=True, kw_only=True)
class ResolvedPanel(Panel):
    """A panel with what the catalogue says of it.

    Attributes:
        unit: of all its fields; "1" where they have none in common.
        labels: the name in the answer of every field, or of every case.
        stored: what there is under its measurement.
        course: its question over a time axis.
        newest: its question for one value per series.
    """

    unit: str = "1"
    stored: Measured
    course: Shape
    newest: Shape

    @property
    def asked(self) -> Shape:
        """The question of its own view."""
        return self.newest if self.view in {View.TABLE, View.BARS} else self.course

    @property
    def columns(self) -> tuple[str, ...]:
        """What the answer's series are of: its cases, or its fields."""
        return self.course.fields

    def channel(self, column: str) -> Channel:
        """The channel of a field, or of a case."""
        return self.stored.channels[self.fields[0] if column in self.cases else column]

    def is_number(self, field: str) -> bool:
        """Whether a field is neither boolean nor text."""
        return self.channel(field).type in NUMERIC

    def series_name(self, field: str, tags: Mapping[str, str]) -> str:
        """The name of one series of the answer: its group, or its field, or both."""
        group = " ".join(tags[tag] for tag in self.by if tag in tags)
        if not group:
            return self.labels[field]
        return group if len(self.columns) == 1 else f"{group} · {self.labels[field]}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A dashboard with an address, its panels resolved.

    Attributes:
        sector: whose page it is; None for those of the whole park.
        of_town: whether it begins with a map of the town.
    """

    slug: str
    title: str
    description: str
    panels: tuple[ResolvedPanel, ...]
    icon: str
    span_s: int
    sector: Sector | None = None
    of_town: bool = False


def page(slug: str, title: str, dashboard: Dashboard, sector: Sector | None = None, *, of_town: bool = False) -> Page:
    """The dashboard under an address.

    Raises:
        PanelError: it names the dashboard, the panel and the key.
    """
    try:
        panels = tuple(map(resolve, dashboard.panels))
    except PanelError as error:
        raise PanelError(f"dashboard {slug!r}: {error}") from None
    return Page(
        slug=slug,
        title=title,
        description=dashboard.description,
        panels=panels,
        icon=dashboard.icon,
        span_s=dashboard.span_s,
        sector=sector,
        of_town=of_town,
    )


def resolve(panel: Panel) -> ResolvedPanel:
    """The panel with what the catalogue says of it; a heading asks for nothing.

    Raises:
        PanelError: the panel asks for what is not stored, or cannot be computed.
    """
    at = Measured()
    if panel.view is not View.HEADING:
        at = measured(panel.measurement)
        _check(panel, at)
    labels = {case: case for case in panel.cases} or {
        field: _label(panel, at.channels[field]) for field in panel.fields
    }
    own = {field.name: getattr(panel, field.name) for field in dataclasses.fields(Panel)}
    resolved = {
        "unit": _unit(panel, at),
        "labels": labels,
        "stored": at,
        "course": shape(panel, at, labels, over_time=True),
        "newest": shape(panel, at, labels, over_time=False),
    }
    return ResolvedPanel(**{**own, **resolved})


def _label(panel: Panel, channel: Channel) -> str:
    """The name under which a field is shown: the panel's own, or its words ("Soil moisture").

    A table's columns have units of their own, so there the name has it too.
    """
    name = panel.labels.get(channel.name) or channel.name[:1].upper() + channel.name[1:].replace("_", " ")
    unit = symbol(channel.unit)
    apart = panel.view is View.TABLE and unit and unit not in name and not _counts(panel)
    return f"{name} ({unit})" if apart else name


def _unit(panel: Panel, at: Measured) -> str:
    """The panel's own unit, or that which its numbers share; a count has none."""
    if panel.unit is not None:
        return panel.unit
    units = {at.channels[field].unit for field in panel.fields if at.channels[field].type in NUMERIC}
    if len(units) != 1 or _counts(panel):
        return "1"
    return min(units) if panel.rate_s is None else per(min(units), panel.rate_s)


def _counts(panel: Panel) -> bool:
    return Aggregate.COUNT in {panel.aggregate, panel.across}


def _check(panel: Panel, at: Measured) -> None:
    where = f"panel {panel.title!r} of {panel.measurement}"
    if not panel.fields:
        raise PanelError(f"{where}: fields is empty")
    if bad := [field for field in panel.fields if field not in at.channels]:
        raise PanelError(f"{where}: field {bad[0]!r} is no channel; there are {', '.join(at.channels)}")
    if bad := [tag for tag in panel.by if tag not in at.tags]:
        raise PanelError(f"{where}: by {bad[0]!r} is no tag; there are {', '.join(at.tags)}")
    if bad := [step.level for step in panel.thresholds if step.level not in LEVELS]:
        raise PanelError(f"{where}: level {bad[0]!r} is none of {', '.join(LEVELS)}")
    if bad := [level for level in panel.levels.values() if level not in LEVELS]:
        raise PanelError(f"{where}: level {bad[0]!r} is none of {', '.join(LEVELS)}")
    _check_cases(panel, at, where)
    _check_picture(panel, at, where)
    channels = [at.channels[field] for field in panel.fields]
    _check_units(panel, channels, where)
    _check_types(panel, {channel.type for channel in channels}, where)
    _check_rate(panel, channels, where)


def _check_cases(panel: Panel, at: Measured, where: str) -> None:
    if not panel.cases and not panel.split:
        return
    split = at.channels.get(panel.split)
    if split is None or split.type is not ValueType.TEXT or not panel.cases:
        raise PanelError(f"{where}: split {panel.split!r} needs to be a text channel, and cases of it")
    if len(panel.fields) > 1:
        raise PanelError(f"{where}: cases are of one field, and there are {', '.join(panel.fields)}")
    if at.channels[panel.fields[0]].type not in NUMERIC:
        raise PanelError(f"{where}: cases are of a number, and {panel.fields[0]} is none")


def _check_picture(panel: Panel, at: Measured, where: str) -> None:
    numbers = [field for field in panel.fields if at.channels[field].type in NUMERIC]
    most = 3 if panel.view is View.CROWD else 2
    if panel.view in PAIRS and not (numbers == list(panel.fields[:2]) and 2 <= len(panel.fields) <= most):
        raise PanelError(f"{where}: a {panel.view.value} is of two numbers, and there are {', '.join(panel.fields)}")
    if panel.view is View.HEAT and (numbers != [panel.fields[0]] or len(panel.fields) > 2):
        raise PanelError(f"{where}: a heat map is of one number, and maybe a boolean after it")
    if panel.view is View.HEAT and panel.ramp and (panel.low is None or panel.high is None):
        raise PanelError(f"{where}: ramp needs low and high")
    if panel.sort.removeprefix("-") not in {"", *panel.fields, *panel.by}:
        raise PanelError(f"{where}: sort {panel.sort!r} is neither a field nor a tag of it")


def _check_units(panel: Panel, channels: list[Channel], where: str) -> None:
    if panel.view is View.TABLE or panel.view in PAIRS or _counts(panel):
        return
    numbers = [channel for channel in channels if channel.type in NUMERIC]
    wanted = panel.unit if panel.rate_s is None and panel.unit is not None else None
    for channel in numbers:
        if wanted is not None and channel.unit != wanted:
            raise PanelError(f"{where}: unit {wanted!r}, but {channel.name} is in {channel.unit!r}")
        if channel.unit != numbers[0].unit:
            raise PanelError(f"{where}: fields are in {numbers[0].unit!r} and {channel.unit!r}: a chart has one axis")


def _check_types(panel: Panel, types: set[ValueType], where: str) -> None:
    words = types - NUMERIC
    if panel.across is Aggregate.LAST:
        raise PanelError(f"{where}: across=LAST has no meaning: devices have no order")
    if words and panel.across not in {None, Aggregate.SUM, Aggregate.COUNT}:
        raise PanelError(f"{where}: across={panel.across} of booleans or texts; SUM counts the true ones")
    if panel.across is Aggregate.SUM and (ValueType.TEXT in types or (words and len(types) > 1)):
        raise PanelError(f"{where}: across=SUM needs numbers, or booleans alone")


def _check_rate(panel: Panel, channels: list[Channel], where: str) -> None:
    other = [channel.name for channel in channels if channel.behaviour is not Behaviour.REGISTER]
    if panel.rate_s is not None and other:
        raise PanelError(f"{where}: rate_s needs registers, and {other[0]} is none")
