"""What stands beside readings, as lines of JSON on their way to Parquet: devices, what happened, labels."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from park.catalogue import Channel, DeviceKind
from park.columns import quantise
from park.event import PLACE
from simulator.event_columns import Told
from simulator.faults.labels import Label
from simulator.plan import Group, Plan, device_names
from simulator.streams import CounterStreams
from simulator.world import Places

_WHOSE = {"device": "VARCHAR", "sector": "VARCHAR", "site": "VARCHAR", "kind": "VARCHAR"}
DEVICES = {**_WHOSE, "interval_ms": "BIGINT", "latitude": "DOUBLE", "longitude": "DOUBLE"}
EVENTS = {**_WHOSE, "ts": "BIGINT", "type": "VARCHAR", "phase": "VARCHAR", "id": "VARCHAR", "values": "JSON"}
LABEL_TIMES = ("start", "end", "first_observable")

_SQL: Mapping[Any, str] = {
    str: "VARCHAR",
    int: "BIGINT",
    bool: "BOOLEAN",
    float: "DOUBLE",
    int | None: "BIGINT",
    float | None: "DOUBLE",
    Mapping[str, float]: "MAP(VARCHAR, DOUBLE)",
}
LABELS = {name: _SQL[type_] for name, type_ in get_type_hints(Label).items()}


def line(record: Mapping[str, Any]) -> bytes:
    """A record as a line of JSON."""
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def devices(plan: Plan) -> Iterator[dict[str, Any]]:
    """Every device, and where it stands or is kept; of what goes with a person no place is told."""
    for group in plan.groups:
        where = _places(plan, group)
        sites, rows = plan.sites(group.sector), plan.site_rows(group).tolist()
        for at, name in enumerate(device_names(group.kind, group.device.tolist())):
            yield {
                "device": name,
                "sector": group.sector.name,
                "site": sites[rows[at]],
                "kind": group.kind.name,
                "interval_ms": plan.selection.interval_of(group.kind),
                **{axis: None if group.kind.personal else some[at] for axis, some in where.items()},
            }


def _places(plan: Plan, group: Group) -> dict[str, list[float]]:
    selection = plan.selection
    where = Places(selection.town, group.sector, CounterStreams(selection.seed)).devices(group.kind.name, group.device)
    found = {"latitude": where.latitude, "longitude": where.longitude}
    told = {channel.name: channel for channel in PLACE.channels}
    return {
        axis: (quantise(told[axis], degrees)[0] / float(told[axis].scale)).tolist() for axis, degrees in found.items()
    }


def happenings(plan: Plan, told: Told) -> Iterator[dict[str, Any]]:
    """Events, a record each, but for places, which are told with the devices."""
    if told.type.name == PLACE.name:
        return
    group = next(group for group in plan.groups if group.kind.name == told.kind.name)
    sites = plan.sites(group.sector)
    names = device_names(told.kind, told.device.tolist())
    rows = (told.device // told.kind.per_cell % len(sites)).tolist()
    for at, (ts, id_) in enumerate(zip(told.ts.tolist(), told.ids(), strict=True)):
        yield {
            "device": names[at],
            "sector": group.sector.name,
            "site": sites[rows[at]],
            "kind": told.kind.name,
            "ts": ts,
            "type": told.type.name,
            "phase": told.phase.value,
            "id": id_,
            "values": told.row(at),
        }


def catalogue(plan: Plan) -> str:
    """The kinds of a plan, their channels and units, as JSON."""
    kinds = {group.kind.name: _kind(plan, group) for group in plan.groups}
    return json.dumps(kinds, indent=2, ensure_ascii=False) + "\n"


def _kind(plan: Plan, group: Group) -> dict[str, Any]:
    kind: DeviceKind = group.kind
    return {
        "title": kind.title,
        "description": kind.description,
        "sector": group.sector.name,
        "interval_ms": plan.selection.interval_of(kind),
        "channels": {channel.name: _channel(channel) for channel in kind.channels},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    told = dataclasses.asdict(channel)
    del told["name"]
    return {**told, "type": channel.type.value, "behaviour": channel.behaviour.value}
