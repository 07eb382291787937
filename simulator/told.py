"""What a gateway tells of itself, as the bytes of its messages."""

import json
import time

from park.latency import Latencies
from simulator.clock import Schedule
from simulator.progress import Progress
from simulator.version import MODELS_VERSION


def figures(progress: Progress, recent: Latencies) -> bytes:
    """The figures of `park.pipeline.GATEWAY`; the latencies are those since they were told last, and begin anew."""
    told: dict[str, float | int] = {
        "ts": int(time.time() * 1000),
        "offered": progress.offered,
        "sent": progress.sent,
        "acknowledged": progress.acknowledged,
        "overruns": progress.overruns,
        "reconnects": progress.reconnects,
        "models": MODELS_VERSION,
    }
    for name, share in (("latency_p50", 0.5), ("latency_p95", 0.95)):
        value = recent.percentile(share)
        if value is not None:
            told[name] = round(value, 3)
    recent.clear()
    return json.dumps(told).encode()


def standing(state: str, schedule: Schedule, devices: int) -> bytes:
    """A birth or goodbye; `live_from` tells history from live readings, where the town keeps real time."""
    live = {"live_from": schedule.origin_ms} if schedule.is_now else {}
    said = {"state": state, "ts": int(time.time() * 1000), "devices": devices, "models": MODELS_VERSION}
    return json.dumps(said | live).encode()
