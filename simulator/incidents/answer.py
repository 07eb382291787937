"""The truth about an incident, as labels that `park score` reads."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.fleet import Fleet
from simulator.incidents.cast import Cast
from simulator.incidents.outage import Away
from simulator.incidents.scenes import Delivery, Outage, Sensor
from simulator.incidents.staged import faulty_readings
from simulator.state import TownState


def answer(cast: Cast, until_ms: int, away: Away | None = None) -> Iterator[dict[str, Any]]:
    """A label for each device that was hit before a moment; for the part of the pipeline that was away, one.

    `first_observable` is the first reading that differs from the clean one, or that was sent otherwise than it should
    be; None if there was none. Where delivery is at fault, the channel is the class's name: no channel is wrong.

    Args:
        cast: the incident.
        until_ms: to when it was replayed.
        away: when the part was; None if it never was.
    """
    if isinstance(cast.scene.strike, Outage):
        if away is not None:
            yield _of_part(cast, cast.scene.strike, away)
    else:
        yield from _of_devices(cast, cast.scene.strike, until_ms)


def _of_part(cast: Cast, strike: Outage, away: Away) -> dict[str, Any]:
    """Its first observable moment is when it had stopped; `changed` are the readings that came meanwhile."""
    return _label(
        cast,
        device=strike.part,
        fault=strike.name,
        channel=strike.name,
        start=away.start_ms,
        end=away.end_ms,
        first_observable=away.gone_ms,
        changed=Fleet(cast.plan).count(away.gone_ms, away.end_ms),
    )


def _of_devices(cast: Cast, strike: Sensor | Delivery, until_ms: int) -> Iterator[dict[str, Any]]:
    (group,) = cast.plan.groups
    sites, kind = cast.plan.sites(group.sector), group.kind
    name, channel, severity = (
        (strike.name, strike.name, None)
        if isinstance(strike, Delivery)
        else (strike.fault, strike.channel, strike.severity)
    )
    for device, times in _befallen(cast, strike, until_ms).items():
        yield _label(
            cast,
            device=kind.device(device + 1),
            site=sites[device // kind.per_cell % len(sites)],
            kind=kind.name,
            fault=name,
            channel=channel,
            start=cast.hit.start_ms,
            end=min(cast.hit.end_ms, until_ms),
            first_observable=min(times, default=None),
            changed=len(times),
            severity=severity,
        )


def _befallen(cast: Cast, strike: Sensor | Delivery, until_ms: int) -> dict[int, list[int]]:
    """The times of each victim's readings that something was done to."""
    readings = faulty_readings(cast, cast.plan, TownState([cast.plan]))
    seen: dict[int, list[int]] = {device: [] for device in cast.hit.devices.tolist()}
    for first, last in readings.windows(cast.hit.start_ms, min(cast.hit.end_ms, until_ms)):
        for columns, traces in readings.traced(first, last):
            for trace in traces:
                seen[trace.fault.device] += columns.ts[trace.rows[trace.changed]].tolist()
            if isinstance(strike, Delivery):
                rows = np.flatnonzero(cast.hit.rows(columns) & strike.trick.befalls(columns))
                for device, ts in zip(columns.device[rows].tolist(), columns.ts[rows].tolist(), strict=True):
                    seen[device].append(ts)
    return seen


def _label(cast: Cast, *, device: str, **said: Any) -> dict[str, Any]:
    """The columns of a label, in their order."""
    told = {
        "id": f"{cast.name}-{device}",
        "rule": cast.name,
        "fault": None,
        "sector": cast.plan.groups[0].sector.name,
        "site": "",
        "kind": "",
        "device": device,
        "channel": None,
        "start": None,
        "end": None,
        "first_observable": None,
        "changed": None,
        "severity": None,
    }
    return told | said
