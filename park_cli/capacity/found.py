"""What was found: one step at one rate, all of them, and what follows by arithmetic."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from park_cli.capacity.slo import Slo

#: Of a processor, that one may count on.
FULL = 0.7
_TIMES = (2, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rate, for some seconds.

    Attributes:
        asked_per_s: the rate that was to be tried.
        rate_per_s: the rate that was offered.
        held: whether the objective held.
        failures: what did not, in words.
        latency_ms: from due to found in the store, by percentile; None for what was not found at all.
        found, unseen: how many of the probe's readings that is of, and how many were not found.
        counts: what was offered, acknowledged, overrun, expected, lost, duplicated, altered, late.
        cpu_us: what each part cost, microseconds of CPU a message.
        cores: processors that each part kept busy.
        host_cores: processors of the generator's host that were busy with anything; None if it is not known.
        remarks: what else was seen.
    """

    asked_per_s: float
    rate_per_s: float
    seconds: float
    held: bool
    failures: tuple[str, ...]
    latency_ms: Mapping[str, float | None]
    found: int
    unseen: int
    counts: Mapping[str, int]
    cpu_us: Mapping[str, float] = field(default_factory=dict)
    cores: Mapping[str, float] = field(default_factory=dict)
    host_cores: float | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a multiple of the knee would need, by arithmetic and not measured.

    Attributes:
        machines: like this one, if each bears as much as this one did.
        cores: processors for the pipeline's parts, a part of each left free; None if their cost is not known.
    """

    rate_per_s: int
    machines: int
    cores: int | None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """All that was found.

    Attributes:
        slo: the objective.
        broker, store: where.
        began: when, ISO 8601.
        holds_per_s: the highest rate that held; None if none did.
        fails_per_s: the lowest that failed as often as it takes; None if none did.
        ended: why the search ended.
        steps: in order.
        machine: on which the load was made, and parts of the pipeline whose cost is known ran.
    """

    slo: str
    broker: str
    store: str
    began: str
    holds_per_s: float | None
    fails_per_s: float | None
    ended: str
    steps: tuple[Step, ...]
    machine: str
    needs: tuple[Need, ...]

    @property
    def knee(self) -> Step | None:
        """The step at the highest rate that held."""
        return _at(self.steps, self.holds_per_s, held=True)

    @property
    def broke(self) -> Step | None:
        """The step at the lowest rate that failed."""
        return _at(self.steps, self.fails_per_s, held=False)


def _at(steps: Sequence[Step], rate: float | None, *, held: bool) -> Step | None:
    return next((one for one in reversed(steps) if one.held is held and one.asked_per_s == rate), None)


def concluded(
    slo: Slo,
    steps: Sequence[Step],
    *,
    fails: float | None,
    broker: str,
    store: str,
    began: str,
    ended: str,
    generator: str,
) -> Capacity:
    """What follows from the steps.

    Args:
        slo: the objective.
        steps: in order.
        fails: the lowest rate that failed as often as it takes; None if none did.
        broker: where.
        store: where.
        began: when.
        ended: why the search ended.
        generator: the part that is the load's, not the pipeline's.
    """
    holds = max((one.asked_per_s for one in steps if one.held), default=None)
    knee = _at(steps, holds, held=True)
    return Capacity(
        slo=slo.text,
        broker=broker,
        store=store,
        began=began,
        holds_per_s=holds,
        fails_per_s=fails,
        ended=ended,
        steps=tuple(steps),
        machine=f"{os.cpu_count()} processors, {platform.machine()}, {platform.system()} {platform.release()}",
        needs=() if knee is None else tuple(_need(knee, times, generator) for times in _TIMES),
    )


def _need(knee: Step, times: int, generator: str) -> Need:
    rate = round(knee.rate_per_s * times)
    cost_us = sum(cost for name, cost in knee.cpu_us.items() if name != generator)
    known = any(name != generator for name in knee.cpu_us)
    return Need(rate_per_s=rate, machines=times, cores=math.ceil(rate * cost_us / 1e6 / FULL) if known else None)
