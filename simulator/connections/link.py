"""What a device says of itself to the broker: how it logs in, its birth and its will. MQTT of `connections` is here."""

import json
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate

import mqtt5

from mqttlink import LinkOptions, Needs
from park.topics import DeviceTopic, state_topic
from simulator.broker import GatewayOptions
from simulator.errors import SelectionError
from simulator.plan import Plan

_KEEP_ALIVE_S = 60
"""A gateway asks twice as often; a device that is silent for a minute is not missed by anybody."""


@dataclass(frozen=True, kw_only=True)
class DeviceAccounts:
    """As whom devices log in.

    Attributes:
        pattern: of the user name, in which `{device}`, `{kind}`, `{site}` and `{sector}` stand for the device's own.
            Without one, all use the user of the broker's URL, or each its client id, which is its name.
    """

    pattern: str | None = None

    def __post_init__(self) -> None:
        if self.pattern is not None:
            try:
                tried = self.of(DeviceTopic(sector="s", site="s", kind="k", device="d-1"), None)
            except (KeyError, IndexError, ValueError, AttributeError):
                tried = ""
            if not tried or "/" in tried:
                raise SelectionError(
                    f"--account-per-device {self.pattern}: give a name in which {{device}}, {{kind}}, {{site}} and "
                    "{sector} are the device's own, such as dev-{device}"
                )

    def of(self, where: DeviceTopic, user: str | None) -> str:
        """The user name of a device; `user` is the URL's."""
        if self.pattern is None:
            return user or where.device
        return self.pattern.format(device=where.device, kind=where.kind, site=where.site, sector=where.sector)


class Places:
    """Where each device of a plan stands among the topics, by its number in the plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ends = list(accumulate(len(group.device) for group in plan.groups))

    def __call__(self, index: int) -> DeviceTopic:
        """The device's place."""
        row = bisect_right(self._ends, index)
        group = self._plan.groups[row]
        number = int(group.device[index - self._ends[row]])
        sites = self._plan.sites(group.sector)
        site = sites[number // group.kind.per_cell % len(sites)]
        return DeviceTopic(
            sector=group.sector.name, site=site, kind=group.kind.name, device=group.kind.device(number + 1)
        )


def login_of(
    places: Callable[[int], DeviceTopic], broker: GatewayOptions, accounts: DeviceAccounts
) -> Callable[[int], LinkOptions]:
    """How each device logs in: its name is its client id; it has a will, and no session, for it listens to nothing.

    Raises:
        UnusableCertificate: a certificate cannot be used.
    """
    context = broker.trust.context(broker.address)
    all_alike = broker.address.username

    def login(index: int) -> LinkOptions:
        where = places(index)
        user = accounts.of(where, all_alike)
        will = mqtt5.Will(
            state_topic(where),
            payload=json.dumps({"state": "offline"}).encode(),
            qos=mqtt5.QoS.AT_LEAST_ONCE,
            retain=True,
        )
        return LinkOptions(
            address=replace(broker.address, username=user),
            client_id=where.device,
            password=broker.credentials.of(user),
            clean_start=True,
            session_expiry_s=0,
            keep_alive_s=_KEEP_ALIVE_S,
            will=will,
            ssl=context,
            needs=Needs(retained=True),
        )

    return login


def standing(where: DeviceTopic, state: str) -> bytes:
    """A birth or goodbye, as a packet: retained, and at QoS 0, for it follows on the same connection what it speaks of.

    A device's readings never wait for it, and the window is theirs alone.
    """
    payload = json.dumps({"state": state, "ts": int(time.time() * 1000)}).encode()
    return mqtt5.PublishPacket(state_topic(where), payload, qos=mqtt5.QoS.AT_MOST_ONCE, retain=True).write()
