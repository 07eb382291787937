"""An alert rule as data: what is watched, from where on it matters, for how long, and what to do then.

A rule knows neither Grafana nor a database. A sector's `alerts.py` holds its `ALERTS`. A rule is asked as a panel is,
over a time axis, a series for each device; the series is reduced to one number, held against a threshold, and has to
stay beyond it for a while before the rule fires: the semantics are those that Grafana documents for its own rules.
"""

import enum
import re
from dataclasses import dataclass

from park.errors import CatalogueError
from park.panel import Aggregate

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,34}")


class Severity(enum.StrEnum):
    """How soon somebody has to act: at once, today, or when there is time. A level of `park.panel.Threshold`."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


class Reduce(enum.StrEnum):
    """How the points of a series become the one number that is judged.

    RISE is of a number that grows and may come back: by how much the last point is above the least of them.
    """

    LAST = "last"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"
    RISE = "rise"


class NoData(enum.Enum):
    """What a rule says when its question finds no series at all."""

    OK = "OK"
    ALERTING = "Alerting"
    NO_DATA = "NoData"
    KEEP = "KeepLast"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One rule. It is judged for each series by itself: for each device, unless `by` says otherwise.

    Attributes:
        name: a slug, unique in the park.
        title: what is so when it fires ("Soil too dry").
        advice: what to do, in a sentence.
        panel: the title of a panel of the same page, where the matter shows; empty for the page as a whole.
        measurement: a device kind, or a measurement of the pipeline.
        field: a channel of it; empty for its readings as such, which can be counted.
        above, below: it fires beyond, in the channel's unit; with both, outside of the range.
        until: what has fired ends only beyond this, on the other side of the threshold; with one bound alone.
        states: of a text or a boolean ("true", "false"): it fires while the newest value is one of these.
        by: tags that split the answer into series.
        aggregate: within each interval, per series. COUNT tells of an interval without readings that there are
            none, from a series' first reading on.
        rate_s: for registers: their increase per so many seconds.
        reduce: over the intervals of `over_s`.
        every_s: how often it is judged, and the length of an interval.
        over_s: how far back is looked; at least as long as two and a half of the devices' own intervals.
        for_s: so long it has to be so before it fires; until then it is pending.
        no_data: where the whole question finds nothing.
    """

    name: str
    title: str
    advice: str
    severity: Severity
    panel: str
    measurement: str
    field: str = ""
    above: float | None = None
    below: float | None = None
    until: float | None = None
    states: tuple[str, ...] = ()
    by: tuple[str, ...] = ("site", "device")
    aggregate: Aggregate = Aggregate.LAST
    rate_s: float | None = None
    reduce: Reduce = Reduce.LAST
    every_s: int = 300
    over_s: int = 0
    for_s: int = 0
    no_data: NoData = NoData.OK

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.name):
            raise CatalogueError(f"alert {self.name!r}: must be at most 35 lower-case letters, digits and dashes")
        if bool(self.states) == (self.above is not None or self.below is not None):
            raise CatalogueError(f"alert {self.name!r}: needs either states, or a bound above or below")
        if self.above is not None and self.below is not None and not self.below < self.above:
            raise CatalogueError(f"alert {self.name!r}: below {self.below} must be less than above {self.above}")
        if self.until is not None and not self._recovers(self.until):
            raise CatalogueError(f"alert {self.name!r}: until {self.until} must be on the good side of its one bound")
        if self.every_s < 1 or self.over_s < 0 or self.for_s < 0:
            raise CatalogueError(f"alert {self.name!r}: every_s must be positive, over_s and for_s not negative")

    def _recovers(self, until: float) -> bool:
        if self.states or (self.above is not None and self.below is not None):
            return False
        return until <= self.above if self.above is not None else until >= (self.below or 0.0)

    @property
    def counts(self) -> bool:
        """Whether it counts readings, of which there may be none."""
        return self.aggregate is Aggregate.COUNT
