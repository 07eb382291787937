"""A window of a store against what it should hold: `park verify`, and the end of `park demo`."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, Protocol

from park.catalogue import DeviceKind
from park.event import PLACE, EventLog
from park.model import DAY_MS
from sectors import EVENTS
from simulator.commands.outcomes import Outcomes
from simulator.commands.proof import broken_lives, explained
from simulator.errors import OtherVersion
from simulator.event_ledger import EventLedger
from simulator.faults.delivery.delivered import Delivered
from simulator.faults.delivery.proof import DeliveryLedger
from simulator.ledger import Findings, Found, Ledger
from simulator.observed import Readings
from simulator.version import MODELS_VERSION

_LOOK_AGAIN_S = 1.0

_Window = tuple[int, int]


class Stored(Protocol):
    """What a store is asked for; every store of the ingester's can answer."""

    def scan(self, measurement: DeviceKind | EventLog, start_ms: int, until_ms: int, /) -> Iterator[Found]:
        """Every stored row of the kind or log with start_ms <= ts < until_ms, in chunks of bounded size."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What a store holds against what it should hold.

    Attributes:
        late: what was absent at first and came within the waiting time.
    """

    expected: int
    found: int
    lost: int
    duplicated: int
    altered: int
    late: int

    @property
    def clean(self) -> bool:
        """Whether the store holds exactly what it should."""
        return not (self.lost or self.duplicated or self.altered)


@dataclass(frozen=True, kw_only=True)
class VerifySummary(Counts):
    """The same of readings, and beside them of events; None where events are not looked at."""

    events: Counts | None = None

    @property
    def clean(self) -> bool:
        """Whether the store holds exactly the readings and events that it should."""
        return super().clean and (self.events is None or self.events.clean)


@dataclass(frozen=True, kw_only=True)
class DeliverySummary(VerifySummary):
    """The same where readings were delivered badly on purpose.

    Attributes:
        injected: how many readings of the window each class of delivery fault befell; none of them is a finding.
    """

    injected: Mapping[str, int]


@dataclass(kw_only=True)
class _Look:
    """A part of the store that was looked at, and how to look at it again."""

    findings: Findings
    again: Callable[[], Findings]
    late: int = 0


def _ignore(*_: object) -> None:
    return None


def _never() -> bool:
    return False


def verify(
    readings: Readings,
    store: Stored,
    window: tuple[int, int],
    *,
    wait_s: float = 0.0,
    ignore_unselected: bool = False,
    outcomes: Outcomes | None = None,
    on_progress: Callable[[int], None] = _ignore,
    given_up: Callable[[], bool] = _never,
) -> tuple[VerifySummary, Findings]:
    """Recomputes what a window of a store should hold, and compares, streaming.

    Args:
        readings: what should be there, with their events and labels if the selection has any.
        store: what is there.
        window: [start, until), Unix milliseconds.
        wait_s: parts with losses are looked at again until this has passed; what came is late, not lost.
        ignore_unselected: the store is shared: rows of other devices are no fault.
        outcomes: of the commands that the readings follow; each must be whole, and examples tell of them.
        on_progress: called with how many more readings have been compared; `readings.count` of them in all.
        given_up: asked while it waits, whether nobody waits any more.

    Raises:
        OtherVersion: another version of the models made some of it.
    """
    deadline = time.monotonic() + wait_s
    events = EventLedger(readings, ignore_unselected=ignore_unselected)
    # Of a window without time, nothing has been told, not even what comes with its first readings.
    told = (readings.events.since(window[0]) if window[0] < window[1] else window[1]), window[1]
    _hold_version(events.versions(store.scan(EVENTS.logs[PLACE.log.value], *told)))
    of_readings: list[_Look] = []
    of_events: list[_Look] = []
    ledger = _ledger(readings, window, ignore_unselected=ignore_unselected)
    for look in _readings(ledger, store, window):
        of_readings.append(look)
        on_progress(look.findings.expected)
    asked = readings.plan.selection
    if with_events := asked.events or asked.labels:
        of_events.extend(_events(events, store, told))
    if outcomes is not None and asked.events:
        of_events.append(_lives(outcomes, readings, told))
    _wait_for_the_lost([*of_readings, *of_events], deadline, given_up)
    total = Findings()
    for look in (*of_readings, *of_events):
        total.add(look.findings)
    if outcomes is not None:
        total.examples = explained(total.examples, outcomes, readings.plan, store)
    summary = VerifySummary(**asdict(_counts(of_readings)), events=_counts(of_events) if with_events else None)
    if isinstance(ledger, DeliveryLedger):
        summary = DeliverySummary(**_fields(summary), injected=ledger.injected())
    return summary, total


def _ledger(readings: Readings, window: _Window, *, ignore_unselected: bool) -> Ledger:
    if isinstance(readings, Delivered):
        return DeliveryLedger(readings, window, ignore_unselected=ignore_unselected)
    return Ledger(readings, ignore_unselected=ignore_unselected)


def _fields(summary: VerifySummary) -> dict[str, Any]:
    return {one.name: getattr(summary, one.name) for one in fields(summary)}


def _hold_version(versions: set[int]) -> None:
    if others := sorted(versions - {MODELS_VERSION}):
        made = ", ".join(map(str, others))
        raise OtherVersion(
            f"this window was made by version {made} of the models, and this is version {MODELS_VERSION}: "
            "it cannot be recomputed here; use the release that made it"
        )


def _readings(ledger: Ledger, store: Stored, window: _Window) -> Iterator[_Look]:
    def again(kind: DeviceKind, part: _Window) -> Findings:
        return ledger.compare(kind, ledger.expected(*part).get(kind.name), store.scan(kind, *part))

    for part in ledger.windows(*window):
        expected = ledger.expected(*part)
        for kind in ledger.kinds:
            found = ledger.compare(kind, expected.get(kind.name), store.scan(kind, *part))
            yield _Look(findings=found, again=partial(again, kind, part))


def _events(ledger: EventLedger, store: Stored, window: _Window) -> Iterator[_Look]:
    def look(log: EventLog, part: _Window) -> Findings:
        return ledger.compare(log, ledger.expected(*part)[log.name], store.scan(log, *part))

    since_ms, until_ms = window
    for first in range(since_ms, until_ms, DAY_MS):
        part = first, min(first + DAY_MS, until_ms)
        for log in ledger.logs:
            yield _Look(findings=look(log, part), again=partial(look, log, part))


def _lives(outcomes: Outcomes, readings: Readings, window: _Window) -> _Look:
    def look() -> Findings:
        return broken_lives(outcomes, readings.plan, window)

    return _Look(findings=look(), again=look)


def _counts(looks: Iterable[_Look]) -> Counts:
    total, late = Findings(), 0
    for look in looks:
        total.add(look.findings)
        late += look.late
    figures = {name: getattr(total, name) for name in ("expected", "found", "lost", "duplicated", "altered")}
    return Counts(**figures, late=late)


def _wait_for_the_lost(looks: Iterable[_Look], deadline: float, given_up: Callable[[], bool]) -> None:
    """Looks again at what lacks something, until nothing does, the deadline has passed or nobody waits."""
    looks = list(looks)
    while (lacking := [look for look in looks if look.findings.lost]) and time.monotonic() < deadline:
        if given_up():
            return
        time.sleep(min(_LOOK_AGAIN_S, max(0.0, deadline - time.monotonic())))
        for look in lacking:
            again = look.again()
            look.late += look.findings.lost - again.lost
            look.findings = again
