"""What the public safety sector measures: analytics as numbers; no image, face, plate or identity has a channel."""

from park.catalogue import Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType

LEVELS = ("A", "B", "C", "D", "E", "F", "unknown")
CAMERA_STATES = ("online", "blurred", "dark", "bright", "scene-changed", "signal-lost", "offline")
DETECTOR_STATES = ("normal", "prealarm", "alarm", "fault", "test")
CALL_STATES = ("idle", "calling", "answered")
#: Cameras over zones, and those over lines, which count; each has its row of `camera_health`.
ZONES = 4
LINES = 2

ZONE_CAMERA = DeviceKind(
    name="zone_camera",
    title="Zone cameras",
    description="Analytics at the edge: figures leave the camera, images do not. Absent while it is down.",
    interval_s=120.0,
    per_cell=ZONES,
    channels=(
        Channel(name="people_count", unit="1", high=2000, description="Seen in the zone, whole"),
        Channel(name="crowd_density", unit="{person}/m2", high=8, decimals=2, description="Seen, by the zone's area"),
        Channel.state("level_of_service", "Of the published density, by Fruin (1971)", *LEVELS),
        Channel(name="average_crowd_speed", unit="m/s", high=2, decimals=2, description="Of those who walk there"),
        Channel(name="mean_dwell", unit="s", high=3600, description="Of those who have left the zone lately"),
        Channel(name="vehicle_count", unit="1", high=200, description="Standing or passing in view, whole"),
        Channel(name="detection_confidence", unit="%", high=100, decimals=1, description="Mean over what is detected"),
    ),
)

LINE_COUNTER = DeviceKind(
    name="line_counter",
    title="Line counters",
    description="A line across each entrance, counted both ways. Over a square's lines, entered less left is inside.",
    interval_s=120.0,
    per_cell=LINES,
    channels=(
        Channel(
            name="entered",
            unit="1",
            high=1e12,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="People in over the line since the commissioning",
        ),
        Channel(
            name="left",
            unit="1",
            high=1e12,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="People out over the line since the commissioning",
        ),
        Channel(
            name="people_inside",
            unit="1",
            high=20000,
            type=ValueType.INT,
            description="In the square: entered less left, over all its lines",
        ),
    ),
)

CAMERA_HEALTH = DeviceKind(
    name="camera_health",
    title="Camera health",
    description="How each camera is: the first four of a cell over zones, then those over lines.",
    interval_s=300.0,
    per_cell=ZONES + LINES,
    channels=(
        Channel(name="frame_rate", unit="{frame}/s", high=60, decimals=1, description="Received"),
        Channel(name="bitrate", unit="Mbit/s", high=20, decimals=2, description="Of the stream to the recorder"),
        Channel(name="packet_loss", unit="%", high=100, decimals=2, description="On the way to the recorder"),
        Channel(name="sharpness", unit="%", high=100, decimals=1, description="Of edges, as when the lens was cleaned"),
        Channel(name="storage_used", unit="%", high=100, decimals=1, description="Of the recorder's share"),
        Channel.state("camera_status", "The worst of what is wrong", *CAMERA_STATES),
    ),
)

FIRE_DETECTOR = DeviceKind(
    name="fire_detector",
    title="Fire detectors",
    description="Multi-criteria heads under the arcades around the square. An alarm stays until it is reset.",
    interval_s=900.0,
    per_cell=6,
    channels=(
        Channel(name="smoke", unit="dB/m", high=1, decimals=3, description="Obscuration in the chamber"),
        Channel(name="temperature", unit="Cel", low=-40, high=200, decimals=1, description="Under the ceiling"),
        Channel(name="carbon_monoxide", unit="[ppm]", high=1000, decimals=1, description="Electrochemical cell"),
        Channel(
            name="contamination", unit="%", high=100, decimals=1, still=True, description="Drift compensation used up"
        ),
        Channel.state("detector_status", "As the panel shows it", *DETECTOR_STATES),
    ),
)

CALL_POINT = DeviceKind(
    name="call_point",
    title="Call points",
    description="A column with a button and a voice link to the control room.",
    interval_s=300.0,
    per_cell=1,
    channels=(
        Channel(
            name="calls",
            unit="1",
            high=1e9,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="Times the button was pressed in the life of the column",
        ),
        Channel.state("call_status", "Of the voice link", *CALL_STATES),
        Channel(
            name="answer_time",
            unit="s",
            high=3600,
            decimals=1,
            behaviour=Behaviour.STATE,
            description="Of the last call; absent before the first",
        ),
        Channel(name="battery_voltage", unit="V", high=15, decimals=2, description="Lead battery behind the mains"),
    ),
)

GATHERING = EventType(
    name="gathering",
    title="Gathering",
    description="People fill a square for an evening; from when all are there until they begin to leave.",
    phases=BEGIN_AND_END,
    channels=(
        Channel(name="people", unit="1", high=1e5, type=ValueType.INT, description="Who came for it."),
        DURATION,
    ),
)
FIRE_ALARM = EventType(
    name="fire_alarm",
    title="Fire alarm",
    description="A head is in alarm, until the panel is reset.",
    phases=BEGIN_AND_END,
    channels=(
        Channel(name="heat_release", unit="kW", high=1e5, description="Of the fire at its height; 0 if nothing burnt."),
        DURATION,
    ),
)
CALL = EventType(
    name="emergency_call",
    title="Call",
    description="Somebody has pressed the button, until all is said or it is pressed again.",
    phases=BEGIN_AND_END,
    channels=(
        Channel(name="answer_time", unit="s", high=3600, decimals=1, description="Until somebody answered."),
        DURATION,
    ),
)

SECTOR = Sector(
    name="public-safety",
    title="Public safety",
    description="Squares with their crowds, cameras that give numbers only, fire detectors and call points.",
    cell="a square with its entrances",
    kinds=(ZONE_CAMERA, LINE_COUNTER, CAMERA_HEALTH, FIRE_DETECTOR, CALL_POINT),
    sites=("xinwu", "binhu"),
    events=(GATHERING, FIRE_ALARM, CALL),
)
