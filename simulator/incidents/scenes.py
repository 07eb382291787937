"""The incidents that there are, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.incidents.tricks import Trick, delayed, held_back, jumped, repeated, thinned, torn


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """A channel of some devices goes wrong.

    Attributes:
        fault: one of `simulator.faults.classes.CLASSES`.
        severity: in local sigma, where the class has one.
        amount: in the channel's unit, where the class is told so.
        victims: how many devices; None for all of one site.
    """

    fault: str
    channel: str
    severity: float | None = None
    amount: float = 0.0
    victims: int | None = 1


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Messages of some devices go wrong, their values do not.

    Attributes:
        name: of what happens to them, as a label's class.
        victims: how many devices; None for all of one site.
    """

    name: str
    trick: Trick
    victims: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A part of the pipeline goes away and comes back; the scene's devices report as they should.

    It is really stopped and started, by whoever owns it: see `simulator.incidents.outage`.

    Attributes:
        part: what it is, as a label's device.
        name: of what happens to it, as a label's class.
    """

    part: str
    name: str = "away"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An incident.

    Attributes:
        told: what the operator is told beforehand: a complaint, not the answer.
        lesson: what it was, told with the answer.
        kind: of the devices.
        devices: how many, those that nothing happens to among them.
        minutes: how long it is replayed, unless asked otherwise.
    """

    title: str
    told: str
    lesson: str
    kind: str
    devices: int
    strike: Sensor | Delivery | Outage
    interval_s: float = 10.0
    minutes: float = 20.0


SCENES: Mapping[str, Scene] = {
    "frozen-sensor": Scene(
        title="A probe that has stopped",
        told="The water laboratory finds that one station does not follow its samples any more.",
        lesson="An oxygen probe told one value again and again; the others of its kind went on moving.",
        kind="water_station",
        devices=8,
        strike=Sensor(fault="stuck", channel="dissolved_oxygen"),
    ),
    "slow-leak": Scene(
        title="A zone that takes more and more",
        told="The waterworks' night balance does not add up, and gets worse.",
        lesson="The inflow of one pressure zone drifted away from what its pressures explain.",
        kind="pressure_zone",
        devices=6,
        strike=Sensor(fault="drift", channel="inflow", severity=1.5),
        minutes=40.0,
    ),
    "flooded-site": Scene(
        title="A site under water",
        told="After a burst pipe a farmer wants to know which fields to look at first.",
        lesson="Every soil probe of one site told what an open input tells, from one moment on.",
        kind="soil_probe",
        devices=48,
        strike=Sensor(fault="rail", channel="soil_moisture", amount=0.6, victims=None),
    ),
    "fading-battery": Scene(
        title="A sensor that fades",
        told="An air sensor's battery was last changed by nobody knows whom.",
        lesson="One sensor scattered ever more, and then told its particles no more.",
        kind="air_sensor",
        devices=16,
        strike=Sensor(fault="low_battery", channel="pm25", severity=8.0),
    ),
    "gateway-storm": Scene(
        title="A gateway that repeats itself",
        told="The broker's bill has doubled, and nobody has installed anything.",
        lesson="One site's gateway sent each reading twenty times; the store took each once.",
        kind="air_sensor",
        devices=48,
        strike=Delivery(name="duplicated", trick=repeated),
    ),
    "lost-gateway": Scene(
        title="A site that went silent, and came back",
        told="For a while a site was not on the map; now its history is whole, and somebody doubts it.",
        lesson="One gateway lost its uplink, kept its readings and sent them in one burst.",
        kind="site_meter",
        devices=12,
        strike=Delivery(name="held-back", trick=held_back),
    ),
    "clock-jump": Scene(
        title="A clock that is wrong",
        told="A site's load seems to foretell the others'.",
        lesson="One gateway's clock stood an hour ahead: times were wrong, values and slots were right.",
        kind="site_meter",
        devices=12,
        strike=Delivery(name="clock-ahead", trick=jumped),
    ),
    "poisoned-batch": Scene(
        title="Devices that cannot be read",
        told="Since a change of firmware some bins are not on the tour any more.",
        lesson="Ten bins of one batch sent payloads that end too early; they lie among the dead letters.",
        kind="waste_bin",
        devices=40,
        strike=Delivery(name="malformed", trick=torn, victims=10),
    ),
    "reversed-meter": Scene(
        title="A house that feeds at night",
        told="Since an electrician was there, a customer's bill is a credit note.",
        lesson="One meter's power had its sign turned: it was connected the wrong way round.",
        kind="site_meter",
        devices=12,
        strike=Sensor(fault="reversed", channel="active_power"),
    ),
    "weak-radio": Scene(
        title="Meters that are hard to hear",
        told="Some customers' hourly values of water are missing, and nobody has changed anything there.",
        lesson="Every third reading of six neighbouring meters was lost on its way; gaps in seq tell so.",
        kind="water_meter",
        devices=48,
        strike=Delivery(name="lost", trick=thinned, victims=6),
    ),
    "slow-uplink": Scene(
        title="Yesterday's news",
        told="At one site alarms come well after those who stand there have called.",
        lesson="One gateway's readings came late, each by its own while: out of order, but whole.",
        kind="air_sensor",
        devices=48,
        strike=Delivery(name="late", trick=delayed),
    ),
    "store-away": Scene(
        title="Rush hour without a store",
        told="In the rush hour every page of the dashboards stood still, and then did not. Was anything lost?",
        lesson="The store was away. The broker kept what came, the ingester stored it later; park verify proves it.",
        kind="traffic_detector",
        devices=60,
        strike=Outage(part="store"),
        interval_s=2.0,
    ),
}
