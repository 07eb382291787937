"""The load of one step: so many devices of some kinds at one rate, and one device more that is looked for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from park.catalogue import DeviceKind, ValueType
from park.town import KindSettings, Town
from park_cli.errors import UsageError
from sectors import KINDS
from simulator.plan import Selection

PROBE_INTERVAL_MS = 50


@dataclass(frozen=True, kw_only=True)
class Load:
    """A rate as devices and their interval.

    Attributes:
        selection: the devices, and the probe.
        rate: messages a second, the probe's among them, as near to what was asked as whole milliseconds allow.
    """

    selection: Selection
    rate: float


def probe_kind(kinds: Sequence[str]) -> DeviceKind:
    """A kind of which nobody else reports, all numbers, as any pipeline can take them."""
    for kind in KINDS.values():
        if kind.name not in kinds and all(channel.type is ValueType.FLOAT for channel in kind.channels):
            return kind
    raise UsageError("--kind: leave a kind out, of which the probe can be")


def load_of(rate: float, town: Town, seed: int, kinds: Sequence[str], most_devices: int) -> Load:
    """Devices of these kinds that send so many messages a second, all at one interval.

    Each kind has as many devices; of the probe's kind there is one, at an interval of its own.
    """
    if unknown := [name for name in kinds if name not in KINDS]:
        raise UsageError(f"--kind {unknown[0]}: not known; choose from {', '.join(KINDS)}")
    interval_ms = 1000 if rate <= most_devices else max(1, math.floor(1000 * most_devices / rate))
    each = max(1, round(rate * interval_ms / 1000 / len(kinds)))
    probe = probe_kind(kinds)
    settings: Mapping[str, KindSettings] = {
        **{name: KindSettings(interval_s=interval_ms / 1000, weight=float(each)) for name in kinds},
        probe.name: KindSettings(interval_s=PROBE_INTERVAL_MS / 1000, weight=1.0),
    }
    devices = each * len(kinds) + 1
    selection = Selection(
        town=replace(town, kinds={**town.kinds, **settings}),
        seed=seed,
        devices=devices,
        kinds=(*kinds, probe.name),
    )
    return Load(selection=selection, rate=(devices - 1) * 1000 / interval_ms + 1000 / PROBE_INTERVAL_MS)
