"""What stands in a microgrid and what it measures."""

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector, ValueType


def _power(name: str, description: str, low: float, high: float) -> Channel:
    return Channel(name=name, unit="kW", description=description, low=low, high=high, decimals=3)


def _register(name: str, description: str) -> Channel:
    return Channel(
        name=name,
        unit="kWh",
        description=description,
        low=0.0,
        high=1e8,
        decimals=3,
        behaviour=Behaviour.REGISTER,
    )


def _current(high: float) -> Channel:
    return Channel(name="current", unit="A", description="Current of one phase", low=0.0, high=high, decimals=2)


PHASE_VOLTAGE = Channel(
    name="phase_voltage",
    unit="V",
    description="Voltage of a phase against neutral; 220 V is nominal, 198 to 235.4 V is allowed (GB/T 12325)",
    low=185.0,
    high=255.0,
    decimals=1,
)
FREQUENCY = Channel(
    name="frequency",
    unit="Hz",
    description="Grid frequency; 49.8 to 50.2 Hz is allowed (GB/T 15945)",
    low=49.5,
    high=50.5,
    decimals=3,
)

PV_INVERTER = DeviceKind(
    name="pv_inverter",
    title="PV inverter",
    description="A string of roof modules and its inverter; every roof faces its own way",
    per_cell=3,
    channels=(
        _power("active_power", "AC power fed into the microgrid", 0.0, 15.0),
        _power("dc_power", "DC power of the modules", 0.0, 20.0),
        Channel(
            name="module_temperature",
            unit="Cel",
            description="Temperature at the back of a module",
            low=-60.0,
            high=110.0,
            decimals=1,
        ),
        PHASE_VOLTAGE,
        _current(40.0),
        FREQUENCY,
        _register("total_active_energy_export", "Energy fed in since commissioning"),
        Channel.state("status", "What the inverter does", "standby", "running", "limiting"),
        Channel.state("firmware", "Version of the inverter's firmware", "2.4.1", "2.5.0", "2.5.2"),
    ),
)
WIND_TURBINE = DeviceKind(
    name="wind_turbine",
    title="Wind turbine",
    description="A small three-bladed turbine of 10 kW",
    channels=(
        Channel(
            name="wind_speed",
            unit="m/s",
            description="Wind at the hub",
            low=0.0,
            high=70.0,
            decimals=2,
        ),
        Channel(
            name="rotor_speed",
            unit="/min",
            description="Turns of the rotor",
            low=0.0,
            high=300.0,
            decimals=1,
        ),
        _power("active_power", "Power fed into the microgrid; below zero it draws its own use", -0.1, 12.0),
        Channel(
            name="nacelle_direction",
            unit="deg",
            description="Where the nacelle faces, clockwise from north; still until the wind leaves a dead band",
            low=0.0,
            high=360.0,
            decimals=1,
        ),
        _register("total_active_energy_export", "Energy fed in since commissioning"),
        _register("total_active_energy_import", "Energy drawn since commissioning"),
        Channel.state("status", "What the turbine does", "standby", "running", "rated", "storm-stop"),
    ),
)
BATTERY = DeviceKind(
    name="battery",
    title="Battery",
    description="Lithium iron phosphate storage with its converter",
    carries_all=True,
    actions=(
        Action(
            name="set_power",
            description="Hold this power at the terminal for so long, or until full or empty; then plan anew.",
            parameters=(
                Channel(
                    name="power",
                    unit="kW",
                    low=-40.0,
                    high=40.0,
                    decimals=2,
                    description="At the terminal; positive discharges",
                ),
                Channel(
                    name="duration", unit="min", low=1, high=1440, type=ValueType.INT, description="How long to hold it"
                ),
            ),
            shows_s=1.0,
            refuses=("over-rating", "grid-voltage", "empty", "full"),
        ),
        Action(name="resume", description="Plan the rest of the day with the charge that there is.", shows_s=1.0),
    ),
    channels=(
        Channel(
            name="state_of_charge",
            unit="%",
            description="Stored energy, as a share of the capacity",
            low=0.0,
            high=100.0,
            decimals=2,
        ),
        _power("active_power", "AC power; positive discharges; idle it draws its converter's own", -60.0, 60.0),
        Channel(name="dc_voltage", unit="V", description="Voltage of the string", low=550.0, high=900.0, decimals=1),
        Channel(
            name="cell_temperature",
            unit="Cel",
            description="Mean temperature of the cells",
            low=0.0,
            high=60.0,
            decimals=1,
        ),
        _register("total_active_energy_import", "Energy charged since commissioning"),
        _register("total_active_energy_export", "Energy discharged since commissioning"),
        Channel.state("status", "What the battery does", "idle", "charging", "discharging"),
    ),
)
BUILDING_METER = DeviceKind(
    name="building_meter",
    title="Building meter",
    description="The meter of a home, an office, a shop, a factory or a school; car chargers are metered apart",
    per_cell=3,
    channels=(
        _power("active_power", "Power drawn: mean of the last minute", 0.0, 120.0),
        Channel(
            name="reactive_power",
            unit="kvar",
            description="Reactive power drawn",
            low=0.0,
            high=90.0,
            decimals=3,
        ),
        Channel(
            name="power_factor",
            unit="1",
            description="Active over apparent power",
            low=0.5,
            high=1.0,
            decimals=3,
        ),
        PHASE_VOLTAGE,
        _current(250.0),
        FREQUENCY,
        _register("total_active_energy_import", "Energy drawn since commissioning"),
    ),
)
EV_CHARGER = DeviceKind(
    name="ev_charger",
    title="EV charger",
    description="A charging point: at home (7 kW), at work (11 kW) or public (22 kW)",
    per_cell=3,
    carries_all=True,
    actions=(
        Action(
            name="set_limit",
            description="Give vehicles no more than this until `resume`; what leaves less than 6 A a phase is a pause.",
            parameters=(
                Channel(name="limit", unit="kW", high=22.0, decimals=1, description="Most power to the vehicle"),
            ),
            shows_s=1.0,
        ),
        Action(name="resume", description="Give vehicles what they ask for again.", shows_s=1.0),
    ),
    channels=(
        Channel.flag("vehicle_connected", "Whether a vehicle is plugged in"),
        Channel.state(
            "status",
            "What the charging point does; suspended: its limit leaves the vehicle nothing",
            "available",
            "preparing",
            "charging",
            "complete",
            "suspended",
        ),
        _power("active_power", "Power delivered to the vehicle", 0.0, 22.0),
        _current(40.0),
        Channel(
            name="session_energy",
            unit="kWh",
            description="Energy delivered in this session; 0 while no vehicle is connected",
            low=0.0,
            high=100.0,
            decimals=3,
        ),
        _register("total_active_energy_export", "Energy delivered to vehicles since commissioning"),
    ),
)
SITE_METER = DeviceKind(
    name="site_meter",
    title="Site meter",
    description="The meter at the grid connection, with the totals of the microgrid's energy manager: "
    "PV + wind + storage + grid = consumption + loss at every instant",
    twin=("total_active_energy_import",),
    channels=(
        _power("active_power", "Power from the grid; negative feeds in", -120.0, 400.0),
        Channel(
            name="reactive_power",
            unit="kvar",
            description="Reactive power from the grid",
            low=0.0,
            high=250.0,
            decimals=3,
        ),
        _power("photovoltaic_power", "PV power, summed over the inverters", 0.0, 60.0),
        _power("wind_power", "Power of the wind turbine", -0.1, 12.0),
        _power("storage_power", "Power of the battery; positive discharges", -60.0, 60.0),
        _power("consumption_power", "Power of the buildings and charging points", 0.0, 400.0),
        _power("conversion_loss", "Loss in transformer and cables", 0.0, 20.0),
        PHASE_VOLTAGE,
        FREQUENCY,
        _register("total_active_energy_import", "Energy taken from the grid since commissioning, net of five minutes"),
        _register("total_active_energy_export", "Energy fed into the grid since commissioning, net of five minutes"),
    ),
)

SECTOR = Sector(
    name="energy",
    title="Energy",
    description="Microgrids that make, store, use and trade power under the town's sun, wind and working hours",
    cell="a building block with roof PV, a small turbine, a battery, meters and charging points behind one grid meter",
    kinds=(PV_INVERTER, WIND_TURBINE, BATTERY, BUILDING_METER, EV_CHARGER, SITE_METER),
    sites=("huishan", "xinwu"),
)

SET_POWER = SECTOR.actions[BATTERY.name, "set_power"]
RESUME = SECTOR.actions[BATTERY.name, "resume"]
SET_LIMIT = SECTOR.actions[EV_CHARGER.name, "set_limit"]
RELEASE = SECTOR.actions[EV_CHARGER.name, "resume"]
