"""Which devices a gateway answers for."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from park.model import Ints
from park.topics import DeviceTopic
from sectors import KINDS
from simulator.commands.record import number_of
from simulator.plan import GatewayPlan, Group, Plan


class Standing(enum.Enum):
    """Whose a device is."""

    MINE = enum.auto()
    OTHERS = enum.auto()
    NOBODYS = enum.auto()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kind:
    group: Group
    devices: Ints
    sites: tuple[str, ...]


class Directory:
    """The devices of a gateway, and of the whole selection.

    Args:
        gateway: what it carries.
        whole: all devices that any gateway carries, wherever it runs.
    """

    def __init__(self, gateway: GatewayPlan, whole: Plan) -> None:
        self._mine = {group.kind.name: group for group in gateway.plan.groups}
        self._all: Mapping[str, _Kind] = {
            group.kind.name: _Kind(group=group, devices=group.device, sites=whole.sites(group.sector))
            for group in whole.groups
        }

    def standing(self, where: DeviceTopic) -> Standing:
        """Whose the device of a topic is."""
        known = self._all.get(where.kind)
        if known is None or where.kind not in KINDS:
            return Standing.NOBODYS
        try:
            number = number_of(where)
        except ValueError:
            return Standing.NOBODYS
        site = known.sites[number // known.group.kind.per_cell % len(known.sites)]
        if not among(number, known.devices) or (where.sector, where.site) != (known.group.sector.name, site):
            return Standing.NOBODYS
        mine = self._mine.get(where.kind)
        return Standing.MINE if mine is not None and among(number, mine.device) else Standing.OTHERS

    def group(self, kind: str) -> Group:
        """The gateway's devices of a kind."""
        return self._mine[kind]


def among(number: int, ascending: Ints | None) -> bool:
    """Whether a number is one of some."""
    if ascending is None:
        return False
    at = int(np.searchsorted(ascending, number))
    return at < len(ascending) and int(ascending[at]) == number
