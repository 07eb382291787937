"""What a panel asks, in the few terms that every store knows. InfluxQL and SQL are written from it.

A question goes through at most three steps, each over the rows of the one before:

1. `rate_s`: per device, the increase from reading to reading, per so many seconds;
2. `within`: per device (or per group, where nothing is gathered across devices) and interval;
3. `across`: over devices, per group and interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.errors import PanelError
from dashboards.units import symbol
from park.catalogue import Channel, ValueType
from park.panel import Aggregate, Panel, View
from park.pipeline import PIPELINE
from sectors import KINDS

LEVELS = ("good", "notice", "warning", "critical")
PIPELINE_INTERVAL_S = 10.0
_EXTREMES = {Aggregate.MIN, Aggregate.MAX, Aggregate.SUM, Aggregate.COUNT, Aggregate.SPREAD}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is stored under a measurement."""

    channels: dict[str, Channel]
    tags: tuple[str, ...]
    source_tag: str
    interval_s: float


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A panel's question.

    Attributes:
        fields: all of one type where `across` is set.
        source_tags: tags that tell one series of readings from another.
        by: tags of the answer's series.
        over_time: per interval of a time axis; else one value per series for the whole window.
        within: step 2, over `source_tags` where `across` follows, else over `by`.
        across: step 3.
        count_true: the fields are booleans and step 3 counts the true ones.
        site_filter: whether the measurement has sites to choose from.
    """

    measurement: str
    fields: tuple[str, ...]
    labels: tuple[str, ...]
    source_tags: tuple[str, ...]
    by: tuple[str, ...]
    over_time: bool
    rate_s: float | None
    within: Aggregate
    across: Aggregate | None
    count_true: bool
    site_filter: bool
    limit: int | None


def measured(measurement: str) -> Measured:
    """What is stored under the name of a device kind or a measurement of the pipeline.

    Raises:
        PanelError: there is no such kind or measurement.
    """
    if measurement in KINDS:
        kind = KINDS[measurement]
        tags = ("device", "sector", "site")
        return Measured(channels=kind.channel, tags=tags, source_tag="device", interval_s=kind.interval_s)
    if measurement in PIPELINE:
        own = PIPELINE[measurement]
        channels = {channel.name: channel for channel in own.fields}
        return Measured(channels=channels, tags=own.tags, source_tag=own.tags[0], interval_s=PIPELINE_INTERVAL_S)
    raise PanelError(f"measurement {measurement!r} is no kind of the catalogue nor one of the pipeline's")


def shape(panel: Panel, *, over_time: bool | None = None) -> Shape:
    """The question of a panel.

    Args:
        panel: not a heading.
        over_time: None takes it from the panel's view; False asks for one value per series: a table's
            is over the whole window, any other's is the newest.

    Raises:
        PanelError: the panel asks for what is not stored, or cannot be computed.
    """
    at = measured(panel.measurement)
    check(panel, at)
    if over_time is None:
        over_time = panel.view is not View.TABLE
    within, across = _steps(panel, at, over_time=over_time)
    source_tags = tuple(dict.fromkeys((at.source_tag, *panel.by)))
    truth = within is Aggregate.LAST and at.channels[panel.fields[0]].type is ValueType.BOOL
    return Shape(
        measurement=panel.measurement,
        fields=panel.fields,
        labels=tuple(label(panel, field) for field in panel.fields),
        source_tags=source_tags,
        by=panel.by,
        over_time=over_time,
        rate_s=panel.rate_s,
        within=within,
        across=across,
        count_true=truth and across is Aggregate.SUM,
        site_filter="site" in at.tags,
        limit=_limit(panel) if panel.by else None,
    )


def _limit(panel: Panel) -> int:
    if panel.limit is not None:
        return panel.limit
    return 200 if panel.view is View.TABLE else 20


def label(panel: Panel, field: str) -> str:
    """The name under which a field is shown: the panel's own, or its words ("Soil moisture").

    A table's columns have units of their own, so there the words name it too.
    """
    if own := panel.labels.get(field):
        return own
    words = field[:1].upper() + field[1:].replace("_", " ")
    unit = symbol(measured(panel.measurement).channels[field].unit)
    return f"{words} ({unit})" if unit and panel.view is View.TABLE else words


def series_name(panel: Panel, field: str, tags: Mapping[str, str]) -> str:
    """The name of one series of a panel's answer: its group, or its field, or both."""
    group = " ".join(tags[tag] for tag in panel.by if tag in tags)
    name = label(panel, field)
    if not group:
        return name
    return group if len(panel.fields) == 1 else f"{group} · {name}"


def _steps(panel: Panel, at: Measured, *, over_time: bool) -> tuple[Aggregate, Aggregate | None]:
    within, across = panel.aggregate, panel.across
    if any(at.channels[field].type in {ValueType.BOOL, ValueType.TEXT} for field in panel.fields):
        return (within if within is Aggregate.COUNT else Aggregate.LAST), across
    newest = not over_time and panel.view is not View.TABLE and within not in _EXTREMES and panel.rate_s is None
    if newest and across is None and within is Aggregate.MEAN and at.source_tag not in panel.by:
        across = Aggregate.MEAN
    return (Aggregate.LAST if newest else within), across


def check(panel: Panel, at: Measured) -> None:
    """Hold a panel against the catalogue.

    Raises:
        PanelError: it names the panel, and the key that is wrong.
    """
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
    channels = [at.channels[field] for field in panel.fields]
    _check_units(panel, channels, where)
    _check_types(panel, {channel.type for channel in channels}, where)


def _check_units(panel: Panel, channels: list[Channel], where: str) -> None:
    counts = Aggregate.COUNT in {panel.aggregate, panel.across}
    if panel.view is View.TABLE or panel.rate_s is not None or counts:
        return
    for channel in channels:
        if channel.unit != panel.unit and channel.type in {ValueType.FLOAT, ValueType.INT}:
            raise PanelError(f"{where}: unit {panel.unit!r}, but {channel.name} is in {channel.unit!r}")


def _check_types(panel: Panel, types: set[ValueType], where: str) -> None:
    words = types & {ValueType.BOOL, ValueType.TEXT}
    if words and panel.rate_s is not None:
        raise PanelError(f"{where}: rate_s needs numbers")
    if panel.across is Aggregate.LAST:
        raise PanelError(f"{where}: across=LAST has no meaning: devices have no order")
    if words and panel.across not in {None, Aggregate.SUM, Aggregate.COUNT}:
        raise PanelError(f"{where}: across={panel.across} of booleans or texts; SUM counts the true ones")
    if panel.across is Aggregate.SUM and (ValueType.TEXT in types or (words and len(types) > 1)):
        raise PanelError(f"{where}: across=SUM needs numbers, or booleans alone")
