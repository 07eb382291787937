"""Where devices stand and drive, as questions to a store: places as told every morning, positions as read."""

from functools import cache

from dashboards.resolved import ResolvedPanel, resolve
from park.event import Log
from park.panel import Aggregate, Panel, View
from sectors import KINDS

#: Devices that are shown.
MOST = 3000
_MOVING = 60


@cache
def standing() -> ResolvedPanel:
    """Where every device stood when it last told its place."""
    return resolve(
        Panel(
            title="Places",
            story="",
            measurement=Log.DEVICE.value,
            fields=("latitude", "longitude"),
            aggregate=Aggregate.LAST,
            by=("sector", "site", "device"),
            view=View.TABLE,
            limit=MOST,
        )
    )


@cache
def moving() -> tuple[ResolvedPanel, ...]:
    """Of each kind that tells its position, found by its channels."""
    return tuple(
        resolve(
            Panel(
                title=kind.title,
                story="",
                measurement=name,
                fields=("latitude", "longitude"),
                aggregate=Aggregate.LAST,
                by=("site", "device"),
                limit=_MOVING,
            )
        )
        for name, kind in KINDS.items()
        if {"latitude", "longitude"} <= kind.channel.keys()
    )
