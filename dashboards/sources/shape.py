"""What a panel asks, in the few terms that every store knows. InfluxQL and SQL are written from it.

A question goes through at most three steps, each over the rows of the one before:

1. `rate_s`: per device, the increase from reading to reading, per so many seconds;
2. `within`: per device (or per group, where nothing is gathered across devices) and interval;
3. `across`: over devices, per group and interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards.measured import NUMERIC, Measured
from park.catalogue import ValueType
from park.panel import Aggregate, Panel, View

_EXTREMES = {*Aggregate} - {Aggregate.MEAN, Aggregate.LAST}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A panel's question.

    Attributes:
        fields: what the answer's series are of, all of one type where `across` is set; where there are cases, these.
        cases: by name the values of `split` whose rows are taken, of the stored field `of`; empty takes all rows.
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
    of: str = ""
    split: str = ""
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_state(self) -> bool:
        """Whether an interval shows what held last, which an interval that has only begun tells as well."""
        return self.within is Aggregate.LAST and self.across is None


def shape(panel: Panel, at: Measured, labels: Mapping[str, str], *, over_time: bool) -> Shape:
    """The question of a panel that holds against the catalogue.

    Args:
        panel: what is asked; a heading asks for no field.
        at: what is stored under its measurement.
        labels: every field's name in the answer.
        over_time: False asks for one value per series: a table's is over the whole window, any other's is the newest.
    """
    within, across = _steps(panel, at, over_time=over_time)
    truth = within is Aggregate.LAST and {at.channels[field].type for field in panel.fields[:1]} == {ValueType.BOOL}
    return Shape(
        measurement=panel.measurement,
        fields=tuple(labels),
        labels=tuple(labels.values()),
        source_tags=tuple(dict.fromkeys((at.source_tag, *panel.by))),
        by=panel.by,
        over_time=over_time,
        rate_s=panel.rate_s,
        within=within,
        across=across,
        count_true=truth and across is Aggregate.SUM,
        site_filter="site" in at.tags,
        limit=_limit(panel) if panel.by else None,
        of=panel.fields[0] if panel.cases else "",
        split=panel.split,
        cases=panel.cases,
    )


def _limit(panel: Panel) -> int:
    if panel.limit is not None:
        return panel.limit
    return 200 if panel.view is View.TABLE else 20


def _steps(panel: Panel, at: Measured, *, over_time: bool) -> tuple[Aggregate, Aggregate | None]:
    within, across = panel.aggregate, panel.across
    if any(at.channels[field].type not in NUMERIC for field in panel.fields):
        return (within if within is Aggregate.COUNT else Aggregate.LAST), across
    newest = not over_time and panel.view is not View.TABLE and within not in _EXTREMES and panel.rate_s is None
    if newest and across is None and within is Aggregate.MEAN and at.source_tag not in panel.by:
        across = Aggregate.MEAN
    return (Aggregate.LAST if newest else within), across
