"""What the transport sector measures."""

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType

TRAFFIC_DETECTOR = DeviceKind(
    name="traffic_detector",
    title="Traffic detectors",
    description="Loop detectors across one carriageway of two lanes; figures of the last 60 s.",
    per_cell=6,
    channels=(
        Channel(name="intensity", unit="{veh}/h", high=4200, description="Flow: vehicles of the last minute times 60"),
        Channel(
            name="average_vehicle_speed",
            unit="km/h",
            high=90,
            decimals=1,
            description="Space-mean speed; absent in a minute without vehicles",
        ),
        Channel(name="density", unit="{veh}/km", high=300, decimals=2, description="Flow divided by speed"),
        Channel(name="occupancy", unit="%", high=100, decimals=1, description="Share of time with a vehicle on a loop"),
        Channel(
            name="average_headway_time",
            unit="s",
            high=60,
            decimals=1,
            description="Mean time between vehicles; absent in a minute without vehicles",
        ),
        Channel(
            name="vehicle_total",
            unit="{veh}",
            high=1e9,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="Vehicles counted since the detector was installed",
        ),
    ),
)

BUS = DeviceKind(
    name="bus",
    title="Buses",
    description="City buses of one line, with satellite positioning, odometer, doors and passenger counter.",
    interval_s=10.0,
    per_cell=3,
    channels=(
        Channel(name="latitude", unit="deg", low=-90, high=90, decimals=6, description="Position north, WGS 84"),
        Channel(name="longitude", unit="deg", low=-180, high=180, decimals=6, description="Position east, WGS 84"),
        Channel(name="speed", unit="km/h", high=60, decimals=1, description="Speed over ground"),
        Channel(name="heading", unit="deg", high=360, decimals=1, description="Course, clockwise from north"),
        Channel(
            name="mileage_from_odometer",
            unit="km",
            high=1e7,
            decimals=2,
            behaviour=Behaviour.REGISTER,
            description="Distance driven in the life of the bus",
        ),
        Channel(name="passengers", unit="{person}", high=90, type=ValueType.INT, description="People on board"),
        Channel(name="delay", unit="s", low=-3600, high=14400, description="Behind the timetable; negative is early"),
        Channel.flag("door_open", "Doors open"),
        Channel.state("status", "What the bus is doing", "depot", "driving", "at_stop", "layover"),
    ),
)

PARKING_LOT = DeviceKind(
    name="parking_lot",
    title="Car parks",
    description="A public car park with counting gates.",
    channels=(
        Channel(
            name="total_spot_number",
            unit="{veh}",
            high=2000,
            type=ValueType.INT,
            behaviour=Behaviour.STATE,
            description="Spaces in all",
        ),
        Channel(name="occupied_spot_number", unit="{veh}", high=2000, type=ValueType.INT, description="Spaces taken"),
        Channel(
            name="vehicle_entrance_count",
            unit="{veh}",
            high=1e9,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="Vehicles that have entered since the gates were installed",
        ),
        Channel(
            name="vehicle_exit_count",
            unit="{veh}",
            high=1e9,
            type=ValueType.INT,
            behaviour=Behaviour.REGISTER,
            description="Vehicles that have left since the gates were installed",
        ),
        Channel(name="occupancy", unit="%", high=100, decimals=1, description="Share of spaces taken"),
    ),
)

TRAFFIC_SIGNAL = DeviceKind(
    name="traffic_signal",
    title="Traffic signals",
    description="The signal at the corridor's junction, with a camera on its two approaches.",
    carries_all=True,
    actions=(
        Action(
            name="set_plan",
            description="Run this plan's cycle with this share of green for the corridor until `resume`; traffic meets "
            "it from the next instant of the grid.",
            parameters=(
                Channel.state("plan", "Cycle: by the hour, 70 s, 90 s or 120 s", "auto", "night", "day", "rush"),
                Channel(
                    name="green_share",
                    unit="1",
                    low=0.3,
                    high=0.7,
                    decimals=2,
                    description="Effective green of the corridor as a share of the cycle",
                ),
            ),
            shows_s=1.0,
            refuses=("pedestrians",),
        ),
        Action(name="resume", description="Follow the hours again, with the signal's own share.", shows_s=1.0),
    ),
    channels=(
        Channel.state("phase", "Aspect shown to the corridor", "green", "yellow", "red"),
        Channel(
            name="queue_length",
            unit="{veh}",
            high=145,
            type=ValueType.INT,
            description="Vehicles waiting on the longer of the two approaches, as far as the camera sees",
        ),
        Channel(
            name="cycle_time", unit="s", low=30, high=180, behaviour=Behaviour.STATE, description="Length of a cycle"
        ),
        Channel(
            name="green_ratio",
            unit="1",
            decimals=2,
            behaviour=Behaviour.STATE,
            description="Effective green of the corridor as a share of the cycle",
        ),
    ),
)

JAM = EventType(
    name="jam",
    title="Jam",
    description="Traffic on the detector's link is slower than 20 km/h, for a quarter of an hour or more.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="transport",
    title="Transport",
    description="Traffic flow, signals, buses and car parks along the town's main roads.",
    cell="a road corridor of 6 km with its detectors, junction signal, bus line and car park",
    kinds=(TRAFFIC_DETECTOR, BUS, PARKING_LOT, TRAFFIC_SIGNAL),
    sites=("xinwu", "binhu"),
    events=(JAM,),
)

SET_PLAN = SECTOR.actions[TRAFFIC_SIGNAL.name, "set_plan"]
RESUME = SECTOR.actions[TRAFFIC_SIGNAL.name, "resume"]
