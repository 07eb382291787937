"""The truth about an incident, as labels that `park score` reads."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.incidents.cast import Cast
from simulator.incidents.scenes import Delivery
from simulator.incidents.staged import faulty_readings
from simulator.state import TownState


def answer(cast: Cast, until_ms: int) -> Iterator[dict[str, Any]]:
    """A label for each device that was hit before a moment.

    `first_observable` is the first reading that differs from the clean one, or that was sent otherwise than it should
    be; None if there was none. Where delivery is at fault, the channel is the class's name: no channel is wrong.
    """
    readings = faulty_readings(cast, cast.plan, TownState([cast.plan]))
    (group,) = cast.plan.groups
    seen: dict[int, list[int]] = {device: [] for device in cast.hit.devices.tolist()}
    for first, last in readings.windows(cast.hit.start_ms, min(cast.hit.end_ms, until_ms)):
        for columns, traces in readings.traced(first, last):
            for trace in traces:
                seen[trace.fault.device] += columns.ts[trace.rows[trace.changed]].tolist()
            if not cast.faults:
                rows = np.flatnonzero(cast.hit.rows(columns))
                for device, ts in zip(columns.device[rows].tolist(), columns.ts[rows].tolist(), strict=True):
                    seen[device].append(ts)
    sites = cast.plan.sites(group.sector)
    strike = cast.scene.strike
    name, channel, severity = (
        (strike.name, strike.name, None)
        if isinstance(strike, Delivery)
        else (strike.fault, strike.channel, strike.severity)
    )
    for device, times in seen.items():
        yield {
            "id": f"{cast.name}-{group.kind.device(device + 1)}",
            "rule": cast.name,
            "fault": name,
            "sector": group.sector.name,
            "site": sites[device // group.kind.per_cell % len(sites)],
            "kind": group.kind.name,
            "device": group.kind.device(device + 1),
            "channel": channel,
            "start": cast.hit.start_ms,
            "end": min(cast.hit.end_ms, until_ms),
            "first_observable": min(times, default=None),
            "changed": len(times),
            "severity": severity,
        }
