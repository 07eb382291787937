"""From a rule's series to the states of its alert instances, at many moments at once.

The semantics are those that Grafana documents for its own rules. At each evaluation:

- an instance whose condition holds is pending, and alerting once it has held for the rule's `for`; one whose condition
  does not hold is normal;
- with a recovery threshold, what is pending or alerting stays so until it is beyond that;
- where the question finds series, an instance without one keeps its state once, and is resolved the second time;
- where the question finds no series at all, the rule's `no_data` decides for all instances, or for a nameless one
  where there are none.
"""

import enum
from dataclasses import dataclass

import numpy as np

from park.alert import Alert, NoData
from park.arrays import Bools, Floats, Ints

#: Evaluations without its series after which an instance is resolved: Grafana's default.
STALE = 2


class State(enum.IntEnum):
    """Of an alert instance."""

    NORMAL = 0
    PENDING = 1
    ALERTING = 2
    NO_DATA = 3


def breached(alert: Alert, values: Floats, active: Bools) -> Bools:
    """Which values are beyond the threshold, or not yet back beyond the recovery threshold where `active`."""
    if alert.states:
        return np.asarray(values > 0.0)
    low = -np.inf if alert.below is None else alert.below
    high = np.inf if alert.above is None else alert.above
    beyond = (values < low) | (values > high)
    if alert.until is None:
        return np.asarray(beyond)
    stays = values >= alert.until if alert.above is not None else values <= alert.until
    return np.asarray(beyond | (active & stays))


@dataclass(kw_only=True, eq=False)
class _Instances:
    """N instances and a nameless one, the last: (N + 1,) each.

    Attributes:
        known: whether there is such an instance.
        state: its `State`.
        since: when its condition began to hold, ms; of the present pending or alerting.
        missed: evaluations in a row without its series.
    """

    known: Bools
    state: Ints
    since: Ints
    missed: Ints

    def judge(self, which: Bools, breach: Bools, now: int, hold_ms: int) -> None:
        """One evaluation of some of them."""
        active = (self.state == State.PENDING) | (self.state == State.ALERTING)
        self.since = np.where(which & breach & ~active, now, self.since)
        held = (now - self.since >= hold_ms) | (self.state == State.ALERTING)
        firing = np.where(held, State.ALERTING, State.PENDING)
        self.state = np.where(which, np.where(breach, firing, State.NORMAL), self.state)
        self.known |= which
        self.missed = np.where(which, 0, self.missed)

    def miss(self, which: Bools) -> None:
        """Some have no series: for the second time they are resolved, and forgotten."""
        self.missed = np.where(which & self.known, self.missed + 1, self.missed)
        gone = self.missed >= STALE
        self.state = np.where(gone, State.NORMAL, self.state)
        self.known &= ~gone
        self.missed = np.where(gone, 0, self.missed)


def states(alert: Alert, ticks: Ints, values: Floats) -> tuple[Ints, Ints]:
    """The states of N instances and, last, of a nameless one, at T moments.

    Args:
        alert: the rule.
        ticks: (T,) moments of evaluation, ms.
        values: (N, T) what each series comes to; NaN where there is none.

    Returns:
        (N + 1, T) of `State`, and (N + 1, T) since when the condition holds, ms; 0 where it does not.
    """
    count = len(values) + 1
    now = _Instances(
        known=np.zeros(count, dtype=np.bool_),
        state=np.zeros(count, dtype=np.int64),
        since=np.zeros(count, dtype=np.int64),
        missed=np.zeros(count, dtype=np.int64),
    )
    found = np.zeros((2, count, len(ticks)), dtype=np.int64)
    quiet = not breached(alert, values, np.zeros(values.shape, dtype=np.bool_)).any()
    if quiet and alert.no_data in {NoData.OK, NoData.KEEP}:
        return found[0], found[1]  # nothing can become of it, and that is so for most rules at most times
    for column, tick in enumerate(ticks.tolist()):
        _evaluate(alert, now, tick, np.append(values[:, column], np.nan))
        found[0, :, column] = now.state
        active = (now.state == State.PENDING) | (now.state == State.ALERTING)
        found[1, :, column] = np.where(active, now.since, 0)
    return found[0], found[1]


def _evaluate(alert: Alert, now: _Instances, tick: int, values: Floats) -> None:
    here = ~np.isnan(values)
    hold_ms = alert.for_s * 1000
    if here.any():
        active = (now.state == State.PENDING) | (now.state == State.ALERTING)
        now.judge(here, breached(alert, values, active), tick, hold_ms)
        now.miss(~here)
        return
    nameless = np.arange(len(values)) == len(values) - 1
    if alert.no_data is NoData.NO_DATA:
        now.miss(~nameless)
        now.state = np.where(nameless, State.NO_DATA, now.state)
        now.known |= nameless
        now.missed = np.where(nameless, 0, now.missed)
        return
    all_known = now.known if now.known.any() else nameless
    if alert.no_data is NoData.KEEP:
        now.known = now.known | all_known
        now.missed = np.where(all_known, 0, now.missed)
        return
    breach = np.full(len(values), alert.no_data is NoData.ALERTING)
    now.judge(all_known, breach, tick, hold_ms)
