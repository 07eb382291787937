"""A rule judged over a stretch of time, from one question to a store.

Nothing is remembered between two looks: what fires now follows from the readings of the last hours, evaluated as if
somebody had been there all along. So readings that came late count, and whoever looks sees the same.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashboards.alerting.reduce import ticks, values, window
from dashboards.alerting.rules import Rule
from dashboards.alerting.states import State, states
from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Window
from park.alert import Alert
from park.arrays import Floats, Ints

#: What a source's `over_time` is.
Ask = Callable[[ResolvedPanel, Window], Awaitable[list[Curve]]]

#: So far back a rule is followed to learn since when it fires.
BACK_MS = 6 * 3_600_000


@dataclass(frozen=True, kw_only=True)
class Firing:
    """An alert instance that fires.

    Attributes:
        labels: of its series; none for a rule that fires because there is nothing at all.
        since: when its condition began to hold, ms; at the latest, where `older`.
        older: whether it has held since before it was looked at.
        until: when it was resolved, ms; None if it still fires.
        value: what its series comes to, at the end.
    """

    rule: Rule
    labels: Mapping[str, str]
    since: int
    older: bool
    until: int | None
    value: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """The states of a rule's instances over time.

    Attributes:
        alert: the rule's, fitted to its devices' interval.
        at: (T,) moments of evaluation, ms.
        labels: of N series; the nameless instance comes after them.
        values: (N, T).
        states: (N + 1, T) of `State`.
        since: (N + 1, T) when the condition began to hold, ms.
    """

    rule: Rule
    alert: Alert
    at: Ints
    labels: tuple[Mapping[str, str], ...]
    values: Floats
    states: Ints
    since: Ints

    def firing(self) -> list[Firing]:
        """What fires at the last moment."""
        return [one for one in self.fired() if one.until is None]

    def fired(self) -> list[Firing]:
        """All that fired, from the first moment of alerting to the first of not alerting."""
        alerting = self.states == State.ALERTING
        edges = np.diff(np.pad(alerting.astype(np.int8), ((0, 0), (1, 1))), axis=1)
        rows, begins = np.nonzero(edges == 1)
        ends = np.nonzero(edges == -1)[1]
        return [self._firing(*one) for one in zip(rows.tolist(), begins.tolist(), ends.tolist(), strict=True)]

    def _firing(self, row: int, begin: int, end: int) -> Firing:
        named = row < len(self.labels)
        since, value = int(self.since[row, begin]), float(self.values[row, end - 1]) if named else np.nan
        return Firing(
            rule=self.rule,
            labels=self.labels[row] if named else {},
            since=since,
            older=since == self.at[0],
            until=int(self.at[end]) if end < len(self.at) else None,
            value=None if np.isnan(value) else value,
        )


def judged(rule: Rule, alert: Alert, at: Ints, answer: Sequence[Curve]) -> Course:
    """A rule's course, given the answer to its question in `window(alert, at)`."""
    labels, found = values(alert, at, answer)
    now, since = states(alert, at, found)
    return Course(rule=rule, alert=alert, at=at, labels=labels, values=found, states=now, since=since)


async def follow(ask: Ask, rule: Rule, since: int, until: int, spacing_s: float | None = None) -> Course:
    """Judge a rule at every moment of evaluation with since < moment <= until, in ms.

    Args:
        ask: asks a source.
        rule: what is judged.
        since: from when on; the first evaluation looks back from there.
        until: up to when.
        spacing_s: how often its devices report, if that is known.

    Raises:
        SourceError: the store does not answer.
    """
    alert = rule.fitted(spacing_s)
    at = ticks(alert, since, until)
    if not len(at):
        at = ticks(alert, since - alert.every_s * 1000, until)
    return judged(rule, alert, at, await ask(rule.question, window(alert, at)))
