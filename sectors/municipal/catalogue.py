"""What stands in a street block, what it measures and what it can be told."""

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector, ValueType


def _state(name: str, description: str, *texts: str) -> Channel:
    return Channel(
        name=name, unit="1", type=ValueType.TEXT, behaviour=Behaviour.STATE, texts=texts, description=description
    )


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
        ),
        Action(name="resume", description="Follow the cabinet's program again.", shows_s=10.0),
    ),
    channels=(
        _state("power_state", "After FIWARE: off, starting, dimmed, on", "off", "bootingUp", "low", "on"),
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
        _state("control_mode", "Who decides the level", "program", "commanded"),
    ),
)

LIGHT_CABINET = DeviceKind(
    name="light_cabinet",
    title="Light cabinets",
    description="Feeds and meters a block's lamps, and switches them by its photocell: after CJJ 89, on below 25 lx, "
    "off above 40 lx, each held for a minute; dimmed from 23 to 5 h.",
    interval_s=300.0,
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
        Channel(
            name="door_open",
            unit="1",
            type=ValueType.BOOL,
            behaviour=Behaviour.STATE,
            description="Whether the door is open: someone works there, by the switch on the spot",
        ),
    ),
)

SECTOR = Sector(
    name="municipal",
    title="Municipal",
    description="Street lighting, water, waste, green and public buildings: infrastructure that obeys.",
    cell="a street block with its lamps and their cabinet",
    kinds=(STREET_LAMP, LIGHT_CABINET),
    sites=("xinwu", "binhu"),
)

SET_LEVEL = SECTOR.actions[STREET_LAMP.name, "set_level"]
RESUME = SECTOR.actions[STREET_LAMP.name, "resume"]
