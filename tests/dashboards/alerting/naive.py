"""Grafana's documented semantics of alert instances, written down word by word: one instance and evaluation at a time.

From "Alert rule evaluation", "No data and error states" and "Stale alert instances" of its documentation.
"""

import math
from dataclasses import dataclass, field

from park.alert import Alert, NoData

NAMELESS = -1


@dataclass(kw_only=True)
class Instance:
    """An alert instance: its state's name, since when its condition holds, evaluations missed in a row."""

    state: str = "Normal"
    since: int = 0
    missed: int = 0

    @property
    def active(self) -> bool:
        return self.state in {"Pending", "Alerting"}


@dataclass(kw_only=True)
class Rule:
    """A rule at work."""

    alert: Alert
    instances: dict[int, Instance] = field(default_factory=dict)

    def evaluate(self, now: int, values: dict[int, float]) -> None:
        """One evaluation, given the value of each series that the query returned."""
        if values:
            self._with_data(now, values)
        else:
            self._without_data(now)

    def _with_data(self, now: int, values: dict[int, float]) -> None:
        for series, value in values.items():
            instance = self.instances.setdefault(series, Instance())
            instance.missed = 0
            self._next(instance, now, breach=self._breach(value, instance))
        for series in list(self.instances):
            if series not in values:
                self._missing(series)

    def _missing(self, series: int) -> None:
        """Keeps its last state for one evaluation; at the second it is resolved and evicted."""
        instance = self.instances[series]
        instance.missed += 1
        if instance.missed >= 2:
            del self.instances[series]

    def _without_data(self, now: int) -> None:
        if self.alert.no_data is NoData.NO_DATA:
            for series in list(self.instances):
                if series != NAMELESS:
                    self._missing(series)
            self.instances[NAMELESS] = Instance(state="NoData")
            return
        if not self.instances:
            self.instances[NAMELESS] = Instance()
        for instance in self.instances.values():
            instance.missed = 0
            if self.alert.no_data is not NoData.KEEP:
                self._next(instance, now, breach=self.alert.no_data is NoData.ALERTING)

    def _next(self, instance: Instance, now: int, *, breach: bool) -> None:
        if not breach:
            instance.state = "Normal"
        elif instance.state == "Alerting":
            pass
        elif instance.state == "Pending":
            if now - instance.since >= self.alert.for_s * 1000:
                instance.state = "Alerting"
        else:
            instance.since = now
            instance.state = "Alerting" if self.alert.for_s == 0 else "Pending"

    def _breach(self, value: float, instance: Instance) -> bool:
        alert = self.alert
        if alert.states:
            return value > 0
        if instance.active and alert.until is not None:
            # The recovery threshold: resolved only once it is beyond.
            return not (value < alert.until if alert.above is not None else value > alert.until)
        low = -math.inf if alert.below is None else alert.below
        high = math.inf if alert.above is None else alert.above
        return value < low or value > high
