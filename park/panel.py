"""A panel as data: what is asked, how it is grouped, in which unit, and what it tells.

A panel knows neither Grafana nor a database. A sector's `panels.py` holds a `DASHBOARD`.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class View(enum.Enum):
    """How a panel is drawn."""

    TIME_SERIES = "time series"
    STAT = "stat"
    GAUGE = "gauge"
    STATES = "state timeline"
    TABLE = "table"
    HEADING = "heading"
    HEAT = "heat map"
    SCATTER = "scatter"
    ROSE = "rose"
    BOARD = "board"
    CROWD = "crowd"
    BARS = "bars"


#: Views of two numbers, each in its own unit: the second over the first; the second by the direction, in degrees, that
#: the first tells; or how many there are and how close they stand, and maybe a text that says how that is called.
PAIRS = frozenset({View.SCATTER, View.ROSE, View.CROWD})


class Aggregate(enum.Enum):
    """How values within an interval, or across devices, become one."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    MEDIAN = "median"
    P95 = "95th percentile"
    SUM = "sum"
    LAST = "last"
    COUNT = "count"
    SPREAD = "spread"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """From `value` on, in the panel's unit, a level holds: good, notice, warning or critical."""

    value: float
    level: str


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One question to the store and how its answer is shown.

    Booleans and texts are never averaged: their newest value counts, and `across=Aggregate.SUM` counts
    the devices at which a boolean is true.

    Attributes:
        measurement: a device kind, a log of events, or a measurement of the pipeline.
        fields: channels of it, drawn together; they share a unit, except in a table and in views of `PAIRS`, where
            each has its channel's own. A heat map may have a boolean second: where it is true, rows are marked.
        aggregate: within each interval of the panel's time axis, per device. A table has no time
            axis, so there it is over the whole range; LAST shows the newest.
        across: then across devices (sum of all powers, mean of all speeds); None draws each group.
        by: tags that split the answer into series: site, device.
        split: a text channel by whose values rows are told apart into `cases`.
        cases: what each series is called, and the values of `split` whose rows it is of; a row may count in several.
            There is one field then.
        unit: UCUM code; None takes the channels', or that of their increase where `rate_s` is given.
        low, high: range of the axis; None lets it follow the data.
        story: what to look for, one or two sentences.
        labels: field to the name shown; a case has its own.
        rate_s: for registers: show the increase per this many seconds instead of the reading.
        width, height: in cells of a grid 24 columns wide; a row that is not full is stretched.
        levels: for booleans ("true", "false") and texts: value to its level, as in `Threshold`.
        limit: at most this many series are drawn, or rows of a table shown: the first by their tags.
            None means 20 series, 200 rows.
        ramp: `#rrggbb` colours of a heat map from `low` to `high`, else its thresholds' levels; of bars, by field.
        last_s: the last so many seconds are shown, whatever longer span is looked at.
        sort: the field, or tag, by whose values a table's rows stand at first; with "-" before it the largest on top.
        highlight: stands for its page elsewhere: a sector's on the first page, the pipeline's in the viewer's strip.
    """

    title: str
    story: str
    measurement: str = ""
    fields: tuple[str, ...] = ()
    aggregate: Aggregate = Aggregate.MEAN
    across: Aggregate | None = None
    by: tuple[str, ...] = ()
    split: str = ""
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit: str | None = None
    view: View = View.TIME_SERIES
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    thresholds: tuple[Threshold, ...] = ()
    stacked: bool = False
    rate_s: float | None = None
    width: int = 12
    height: int = 8
    labels: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    ramp: tuple[str, ...] = ()
    last_s: int | None = None
    sort: str = ""
    highlight: bool = False


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A page of panels. A sector's has the sector's name as its address, and its title.

    On the first page a few figures and charts stand for a sector: those with `highlight`, then the others in turn.

    Attributes:
        icon: its name among Google's Material Icons.
        weather: charts of the weather that all sectors share, for the first page; from a sector that measures it.
        span_s: how far back it looks at first sight.
    """

    description: str
    panels: tuple[Panel, ...]
    icon: str = "hub"
    weather: tuple[Panel, ...] = ()
    span_s: int = 86_400
