"""What the catalogue alone says: a device that reports nothing for three of its intervals is silent."""

import math
from collections.abc import Iterable

from park.alert import Alert, Severity
from park.catalogue import DeviceKind
from park.panel import Aggregate, Panel

#: A device that has been silent for so long is forgotten: it is gone.
KNOWN_S = 6 * 3600
_INTERVALS = 3
_MINUTE_S = 60


def silent(kind: DeviceKind, panels: Iterable[Panel]) -> Alert:
    """The rule that a kind's devices report; it leads to the first of these panels that shows them."""
    shown = [panel.title for panel in panels if panel.measurement == kind.name]
    return Alert(
        name=f"silent-{kind.device_stem}",
        title=f"Silent: {kind.title.lower()}",
        advice="Look at its power and its radio; if its neighbours are silent too, at the site's gateway.",
        severity=Severity.WARNING,
        panel=shown[0] if shown else "",
        measurement=kind.name,
        aggregate=Aggregate.COUNT,
        below=1.0,
        every_s=quiet_s(kind.interval_s),
        over_s=KNOWN_S,
    )


def quiet_s(interval_s: float) -> int:
    """After how many seconds without a reading a device is silent: whole minutes, at least five."""
    return max(5, math.ceil(_INTERVALS * interval_s / _MINUTE_S)) * _MINUTE_S
