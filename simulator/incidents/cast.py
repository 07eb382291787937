"""Who is hit, and when: drawn anew for each replay, and the same for the same draw."""

from dataclasses import dataclass

import numpy as np

from park.model import Ints
from simulator.faults.classes import CLASSES
from simulator.faults.scale import SampledScales
from simulator.faults.schedule import Fault, Size
from simulator.incidents.scenes import Outage, Scene, Sensor
from simulator.incidents.tricks import Hit
from simulator.plan import Group, Plan

#: When it begins and how long it lasts, as shares of the replay.
_BEGINS, _LASTS = (0.15, 0.4), (0.3, 0.5)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """An incident with its victims and its time.

    Attributes:
        window: of the replay, [start, end), Unix milliseconds.
        faults: of sensors; none if it is about delivery, or about a part of the pipeline.
        hit: about which devices it is, none if about no device, and when.
    """

    name: str
    scene: Scene
    plan: Plan
    window: tuple[int, int]
    faults: tuple[Fault, ...]
    hit: Hit


def draw(name: str, scene: Scene, plan: Plan, window: tuple[int, int], number: int) -> Cast:
    """Draws an incident.

    Args:
        name: the scene's.
        scene: what happens.
        plan: its devices, of one kind.
        window: of the replay.
        number: that of the draw.
    """
    rng = np.random.default_rng([number, *name.encode()])
    (group,) = plan.groups
    length = window[1] - window[0]
    start = window[0] + int(length * rng.uniform(*_BEGINS))
    end = start + int(length * rng.uniform(*_LASTS))
    strike = scene.strike
    victims = group.device[:0] if isinstance(strike, Outage) else _victims(plan, group, strike.victims, rng)
    hit = Hit(devices=victims, start_ms=start, end_ms=end)
    faults = tuple(_faults(strike, plan, group, hit, rng)) if isinstance(strike, Sensor) else ()
    return Cast(name=name, scene=scene, plan=plan, window=window, faults=faults, hit=hit)


def _victims(plan: Plan, group: Group, count: int | None, rng: np.random.Generator) -> Ints:
    """Some devices that follow one another, or all of one site."""
    if count is None:
        sites = plan.site_rows(group)
        return np.asarray(group.device[sites == rng.choice(np.unique(sites))])
    first = int(rng.integers(0, len(group.device) - count + 1))
    return np.asarray(group.device[first : first + count])


def _faults(strike: Sensor, plan: Plan, group: Group, hit: Hit, rng: np.random.Generator) -> list[Fault]:
    class_, channel = CLASSES[strike.fault], group.kind.channel[strike.channel]
    scale = SampledScales(plan.selection)(group.kind, channel, hit.start_ms)
    sign = 1.0 if class_.absolute or rng.random() < 0.5 else -1.0
    amount = strike.amount
    if strike.severity is not None and class_.sigma is not None:
        amount = class_.sized(strike.severity, scale, sign)
    size = Size(severity=strike.severity, amount=amount, level=scale.level)
    return [
        Fault(
            rule="incident",
            class_=class_,
            group=group,
            device=device,
            channel=channel,
            start_ms=hit.start_ms,
            end_ms=hit.end_ms,
            onset_ms=0.0,
            sized=lambda: size,
            rank=0.0,
        )
        for device in hit.devices.tolist()
    ]
