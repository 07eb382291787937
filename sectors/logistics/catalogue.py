"""What the logistics sector measures."""

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType

TRUCK_STATES = ("depot", "loading", "driving", "unloading", "rest")
MODES = ("off", "cool", "idle", "defrost")
KEEPERS = ("warehouse", "carrier", "receiver")
LIFT_STATES = ("parked", "driving", "lifting", "charging")


def _cel(name: str, description: str, decimals: int = 1) -> Channel:
    return Channel(name=name, unit="Cel", low=-45, high=70, decimals=decimals, description=description)


def _register(name: str, unit: str, decimals: int, description: str) -> Channel:
    return Channel(
        name=name, unit=unit, high=1e7, decimals=decimals, behaviour=Behaviour.REGISTER, description=description
    )


def _counter(name: str, description: str) -> Channel:
    return Channel(
        name=name, unit="1", high=1e9, type=ValueType.INT, behaviour=Behaviour.REGISTER, description=description
    )


COLD_ROOM = DeviceKind(
    name="cold_room",
    title="Cold rooms",
    description="A chilled room (first of each cell, +4 Cel) and a frozen one (-20 Cel), each with its own unit.",
    interval_s=120.0,
    per_cell=2,
    channels=(
        _cel("air_temperature", "In the room"),
        _cel("product_temperature", "In a buffer that answers as packed goods do"),
        _cel("evaporator_temperature", "On the fins of the coil"),
        Channel(name="relative_humidity", unit="%", high=100, decimals=1, description="Of the room's air"),
        Channel.flag("door_open", "Whether the room's door stands open"),
        _counter("door_openings", "Since commissioning"),
        Channel.flag("compressor_on", "Whether it runs"),
        Channel.flag("defrost", "Whether the coil is being thawed"),
        Channel(name="active_power", unit="kW", high=60, decimals=2, description="Compressor, fans and heaters"),
        _register("energy", "kW.h", 2, "Drawn since commissioning"),
    ),
)

REEFER_TRUCK = DeviceKind(
    name="reefer_truck",
    title="Reefer trucks",
    description="A light lorry with a chilled body of 4.2 m, on its round near the hub.",
    carries_all=True,
    actions=(
        Action(
            name="set_temperature",
            description="Keep the body at this until `resume`; it follows from the next instant of the grid.",
            parameters=(
                Channel(name="temperature", unit="Cel", low=-2, high=12, decimals=1, description="Of the body's air"),
            ),
            shows_s=300.0,
            refuses=("goods",),
        ),
        Action(name="resume", description="Keep the usual 4 Cel again.", shows_s=300.0),
    ),
    interval_s=30.0,
    per_cell=1,
    channels=(
        Channel(name="latitude", unit="deg", low=-90, high=90, decimals=6, description="Position north, WGS 84"),
        Channel(name="longitude", unit="deg", low=-180, high=180, decimals=6, description="Position east, WGS 84"),
        Channel(name="speed", unit="km/h", high=120, decimals=1, description="Speed over ground"),
        Channel(name="heading", unit="deg", high=360, decimals=1, description="Course, clockwise from north"),
        _register("odometer", "km", 2, "Distance driven"),
        Channel.state("status", "What the lorry is doing", *TRUCK_STATES),
        _cel("setpoint_temperature", "Of the body"),
        _cel("return_air_temperature", "Of the air that the unit draws in"),
        _cel("supply_air_temperature", "Of the air that it blows out"),
        _cel("cargo_temperature", "In the load; absent while there is none"),
        Channel.flag("door_open", "Whether the body is open"),
        Channel.state("refrigeration_mode", "What the unit is doing", *MODES),
        Channel(name="fuel_level", unit="L", high=120, decimals=1, description="In the lorry's tank"),
        Channel(name="tru_fuel_level", unit="L", high=60, decimals=1, description="In the unit's tank"),
        _register("fuel_used", "L", 2, "By the lorry's engine"),
        _register("tru_hours", "h", 1, "That the unit was switched on"),
        Channel(name="battery_voltage", unit="V", high=32, decimals=2, description="Of the starter battery"),
        Channel(name="cargo_weight", unit="kg", high=5000, decimals=0, description="Left in the body"),
        Channel(
            name="eta_error",
            unit="s",
            low=-7200,
            high=7200,
            decimals=0,
            description="Announced less true arrival at the next stop; absent unless it is driving",
        ),
    ),
)

DOCK_DOOR = DeviceKind(
    name="dock_door",
    title="Dock doors",
    description="Doors of the hub, each booked by the hour.",
    interval_s=180.0,
    per_cell=2,
    channels=(
        Channel.flag("occupied", "Whether a lorry stands at it"),
        Channel.flag("door_open", "Whether it is open"),
        Channel(name="queue_length", unit="{veh}", high=50, type=ValueType.INT, description="Lorries that wait for it"),
        Channel(
            name="turnaround_time",
            unit="min",
            high=1440,
            decimals=1,
            description="From gate to gate, of the day's last lorry that left; absent before the first",
        ),
        _counter("trucks", "Lorries that have left"),
    ),
)

PARCEL_LOGGER = DeviceKind(
    name="parcel_logger",
    title="Parcel loggers",
    description="Loggers in parcels of 2 to 8 Cel that leave with the hub's lorry and are back in the evening.",
    interval_s=300.0,
    per_cell=2,
    channels=(
        _cel("temperature", "In the parcel"),
        Channel(name="relative_humidity", unit="%", high=100, decimals=1, description="In the parcel"),
        Channel(name="illuminance", unit="lx", high=100_000, decimals=0, description="In the parcel; opened if bright"),
        Channel(name="shock", unit="m/s2", high=200, decimals=1, description="Hardest since the last reading"),
        Channel(name="battery_level", unit="%", high=100, decimals=1, description="Charge left"),
        _cel("mean_kinetic_temperature", "Since 04:00, with 83.144 kJ/mol", 2),
        _register("minutes_out_of_range", "min", 1, "Outside 2 to 8 Cel"),
        Channel.state("custody", "Who keeps it", *KEEPERS),
        Channel(
            name="custody_digest",
            unit="1",
            high=2**28,
            type=ValueType.INT,
            description="Seal of the last hand-over, made of the one before it, the logger's number and the new keeper",
        ),
    ),
)

FORKLIFT = DeviceKind(
    name="forklift",
    title="Forklifts",
    description="Electric lift trucks between dock and rooms.",
    interval_s=120.0,
    per_cell=1,
    channels=(
        Channel.state("status", "What it is doing", *LIFT_STATES),
        Channel(name="battery_level", unit="%", high=100, decimals=1, description="Charge left"),
        Channel(name="battery_voltage", unit="V", high=60, decimals=2, description="Of the traction battery"),
        Channel(name="speed", unit="km/h", high=30, decimals=1, description="Over ground"),
        _register("hours", "h", 2, "Of driving and lifting"),
        _counter("impacts", "Knocks above 20 m/s2"),
    ),
)

COMPRESSOR_FAILURE = EventType(
    name="compressor_failure",
    title="Compressor failure",
    description="A cold room's compressor stands still, until it is repaired.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)
DOOR_LEFT_OPEN = EventType(
    name="door_left_open",
    title="Door left open",
    description="A cold room's door stays open for more than seven minutes.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="logistics",
    title="Logistics",
    description="Cold hubs: rooms, docks, lorries on their rounds and the parcels in them.",
    cell="a cold hub with two rooms, two dock doors, a lorry and its parcels",
    kinds=(COLD_ROOM, REEFER_TRUCK, DOCK_DOOR, PARCEL_LOGGER, FORKLIFT),
    sites=("xinwu", "huishan"),
    events=(COMPRESSOR_FAILURE, DOOR_LEFT_OPEN),
)

SET_TEMPERATURE = SECTOR.actions[REEFER_TRUCK.name, "set_temperature"]
RESUME = SECTOR.actions[REEFER_TRUCK.name, "resume"]
