"""What stands in a street block, what it measures and what it can be told."""

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType


def _register(name: str, unit: str, decimals: int, description: str) -> Channel:
    return Channel(
        name=name, unit=unit, high=1e8, decimals=decimals, behaviour=Behaviour.REGISTER, description=description
    )


_LEVEL = Channel(name="level", unit="%", high=100, decimals=1, description="Light, of the lamp's own full light")
_RAMP = Channel(name="ramp", unit="s", high=90, decimals=1, description="Time in which the lamp fades to the new level")
_VOLTAGE = Channel(
    name="phase_voltage", unit="V", low=185, high=255, decimals=1, description="Voltage of a phase against neutral"
)
_POWER_FACTOR = Channel(name="power_factor", unit="1", high=1, decimals=3, description="Active over apparent power")

STREET_LAMP = DeviceKind(
    name="street_lamp",
    title="Street lamps",
    description="LED luminaire with a controller that dims it; lit and dimmed by its cabinet's program until told.",
    interval_s=300.0,
    per_cell=12,
    carries_all=True,
    actions=(
        Action(
            name="set_level",
            description="Give this light until `resume`. In the dark a lamp told less gives its class's least light.",
            parameters=(_LEVEL, _RAMP),
            shows_s=90.0,
            takes="ramp",
            refuses=("manual", "below-class"),
        ),
        Action(name="resume", description="Follow the cabinet's program again.", shows_s=10.0, refuses=("manual",)),
    ),
    channels=(
        Channel.state("power_state", "After FIWARE: off, starting, dimmed, on", "off", "bootingUp", "low", "on"),
        _LEVEL,
        Channel(name="active_power", unit="kW", high=0.3, decimals=4, description="Power drawn"),
        _VOLTAGE,
        Channel(name="current", unit="A", high=3, decimals=3, description="Current drawn"),
        _POWER_FACTOR,
        Channel(
            name="temperature",
            unit="Cel",
            low=-40,
            high=110,
            decimals=1,
            description="Of the LEDs' board",
        ),
        _register("operating_time", "h", 2, "Time alight since commissioning"),
        _register("total_active_energy_import", "kWh", 4, "Energy drawn since commissioning"),
        Channel.state("control_mode", "Who decides the level", "program", "commanded"),
    ),
)

LIGHT_CABINET = DeviceKind(
    name="light_cabinet",
    title="Light cabinets",
    description="Feeds and meters a block's lamps, and switches them by its photocell: after CJJ 89, on below 25 lx, "
    "off above 40 lx, each held for a minute; dimmed from 23 to 5 h.",
    interval_s=300.0,
    twin=("total_active_energy_import",),
    channels=(
        Channel(
            name="illuminance",
            unit="lx",
            high=120000,
            decimals=1,
            description="Of the photocell, which faces the sky",
        ),
        Channel(name="active_power", unit="kW", high=4, decimals=4, description="Of all lamps and the cabinet itself"),
        _VOLTAGE,
        _POWER_FACTOR,
        _register("total_active_energy_import", "kWh", 4, "Energy of all lamps and the cabinet itself"),
        Channel.flag("door_open", "Whether the door is open: someone works there, by the switch on the spot"),
    ),
)

_BATTERY = Channel(name="battery_level", unit="%", high=100, decimals=1, description="Left in the battery")
_SETPOINT = Channel(
    name="pressure_setpoint", unit="kPa", low=120, high=350, decimals=1, description="To be kept behind the valve"
)
_POSITION = Channel(name="valve_position", unit="%", low=5, high=100, decimals=1, description="Opening of the valve")
_TARGET = Channel(name="temperature_setpoint", unit="Cel", low=16, high=30, decimals=1, description="To be kept inside")


def _pressure(name: str, description: str) -> Channel:
    return Channel(name=name, unit="kPa", high=700, decimals=1, description=description)


PRESSURE_ZONE = DeviceKind(
    name="pressure_zone",
    title="Pressure zones",
    description="Inlet of a block's water network: a meter and a valve that keeps the pressure behind it.",
    interval_s=300.0,
    carries_all=True,
    twin=("inflow",),
    actions=(
        Action(
            name="set_pressure",
            description="Keep another pressure; it is approached by at most 5 kPa a minute, against surges.",
            parameters=(_SETPOINT,),
            shows_s=300.0,
            refuses=("low-pressure",),
        ),
        Action(
            name="set_valve",
            description="Hold the valve's opening instead of a pressure, until the next `set_pressure`.",
            parameters=(_POSITION,),
            shows_s=300.0,
            refuses=("low-pressure",),
        ),
    ),
    channels=(
        Channel(name="inflow", unit="m3/h", high=200, decimals=2, description="Into the zone"),
        _pressure("supply_pressure", "In the main before the valve, above the atmosphere's"),
        _pressure("inlet_pressure", "Behind the valve"),
        _pressure("critical_pressure", "At the zone's highest and farthest tap"),
        _SETPOINT,
        _POSITION,
        Channel.state("control_mode", "What the valve keeps", "pressure", "position"),
    ),
)

WATER_METER = DeviceKind(
    name="water_meter",
    title="Water meters",
    description="Meter of a building of 30 to 110 homes; all of a zone's consumption but green's passes one of them.",
    interval_s=3600.0,
    per_cell=8,
    channels=(
        _register("water_total", "m3", 3, "Water through the meter since commissioning"),
        Channel(name="water_flow", unit="m3/h", high=60, decimals=3, description="Flow through the meter"),
        Channel(name="water_temperature", unit="Cel", low=0, high=40, decimals=1, description="Of the water"),
        Channel.flag("alarm_flow_persistence", "After FIWARE: whether something has run without a pause for a day"),
        _BATTERY,
    ),
)

WASTE_BIN = DeviceKind(
    name="waste_bin",
    title="Waste bins",
    description="Street bin of 240 litres with a sensor in its lid; a round comes in the morning.",
    interval_s=1800.0,
    per_cell=4,
    channels=(
        Channel(name="filling_level", unit="%", high=100, decimals=1, description="Of the bin's height"),
        Channel(name="temperature", unit="Cel", low=-40, high=400, decimals=1, description="Under the lid"),
        Channel.state("status", "After FIWARE: the lid does not close on a full bin", "ok", "lidOpen", "burning"),
        _BATTERY,
    ),
)

GREEN_VALVE = DeviceKind(
    name="green_valve",
    title="Green valves",
    description="Valve, water meter and soil probe of a green; waters at dawn what the soil lacks.",
    interval_s=300.0,
    per_cell=2,
    carries_all=True,
    twin=("water_total",),
    actions=(
        Action(
            name="open",
            description="Water from now on for so long.",
            parameters=(
                Channel(name="duration", unit="min", low=1, high=240, type=ValueType.INT, description="How long"),
            ),
            refuses=("rain", "frost", "low-pressure"),
        ),
        Action(name="close", description="Stop watering now."),
    ),
    channels=(
        Channel.flag("valve_open", "Whether the valve is open"),
        Channel(name="water_flow", unit="m3/h", high=60, decimals=3, description="Flow through the valve"),
        _register("water_total", "m3", 3, "Water through the valve since commissioning"),
        Channel(name="soil_moisture", unit="m3/m3", high=0.6, decimals=3, description="Water content of the soil"),
        Channel(
            name="battery_voltage", unit="V", low=3.0, high=4.3, decimals=2, description="Of the valve's lithium cell"
        ),
    ),
)

CLIMATE_ZONE = DeviceKind(
    name="climate_zone",
    title="Climate zones",
    description="Hall of a public building with its heat pump, which decides every ten minutes: cooled to 26 Cel, "
    "heated to 20 Cel in opening hours.",
    interval_s=300.0,
    per_cell=2,
    carries_all=True,
    twin=("total_active_energy_import",),
    actions=(
        Action(
            name="set_temperature",
            description="Keep another temperature until `set_mode` says auto.",
            parameters=(_TARGET,),
            shows_s=600.0,
            refuses=("beyond-rule",),
        ),
        Action(
            name="set_mode",
            description="Cool, heat, or stay off whatever the hour; auto is the building's program.",
            parameters=(Channel.state("mode", "What to do", "auto", "off", "cooling", "heating"),),
            shows_s=600.0,
            refuses=("compressor-rest",),
        ),
    ),
    channels=(
        Channel(name="temperature", unit="Cel", low=-20, high=60, decimals=2, description="Of the air in the hall"),
        _TARGET,
        Channel.state("mode", "What the heat pump is set to do", "off", "cooling", "heating"),
        Channel(name="active_power", unit="kW", high=12, decimals=3, description="Drawn by the heat pump"),
        Channel(name="relative_humidity", unit="%", high=100, decimals=1, description="Of the air in the hall"),
        Channel.flag("occupied", "Whether the building is open"),
        _register("total_active_energy_import", "kWh", 3, "Energy drawn since commissioning"),
        Channel.state("control_mode", "Who decides", "program", "commanded"),
    ),
)

MAIN_BURST = EventType(
    name="main_burst",
    title="Burst main",
    description="A main of the zone bursts and runs, until it is found and repaired.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)
WATER_LEAK = EventType(
    name="water_leak",
    title="Leak behind a meter",
    description="Something behind a building's meter runs day and night, until it is mended.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)
BIN_OVERFULL = EventType(
    name="bin_overfull",
    title="Overfull bin",
    description="A bin's lid does not shut, until a round empties it.",
    phases=BEGIN_AND_END,
)
BIN_FIRE = EventType(
    name="bin_fire",
    title="Burning bin",
    description="What is in a bin burns.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)
CABINET_VISIT = EventType(
    name="cabinet_visit",
    title="Someone at a cabinet",
    description="A light cabinet is open and its switch on the spot counts: commands are refused.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="municipal",
    title="Municipal",
    description="Street lighting, water, waste, green and public buildings: infrastructure that obeys.",
    cell="a street block: lamps with their cabinet, a water zone with its meters, bins, greens and a public building",
    kinds=(STREET_LAMP, LIGHT_CABINET, PRESSURE_ZONE, WATER_METER, WASTE_BIN, GREEN_VALVE, CLIMATE_ZONE),
    sites=("xinwu", "binhu"),
    events=(MAIN_BURST, WATER_LEAK, BIN_OVERFULL, BIN_FIRE, CABINET_VISIT),
)

SET_LEVEL = SECTOR.actions[STREET_LAMP.name, "set_level"]
RESUME = SECTOR.actions[STREET_LAMP.name, "resume"]
SET_PRESSURE = SECTOR.actions[PRESSURE_ZONE.name, "set_pressure"]
SET_VALVE = SECTOR.actions[PRESSURE_ZONE.name, "set_valve"]
OPEN = SECTOR.actions[GREEN_VALVE.name, "open"]
CLOSE = SECTOR.actions[GREEN_VALVE.name, "close"]
SET_TEMPERATURE = SECTOR.actions[CLIMATE_ZONE.name, "set_temperature"]
SET_MODE = SECTOR.actions[CLIMATE_ZONE.name, "set_mode"]
