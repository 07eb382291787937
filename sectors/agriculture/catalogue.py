"""What stands on a farm and what it measures."""

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType

_STATION_BATTERY = Channel(
    name="battery_voltage",
    unit="V",
    description="Terminal voltage of the 12 V lead-acid battery, charged by a solar panel.",
    low=11.0,
    high=14.8,
    decimals=2,
)
_NODE_BATTERY = Channel(
    name="battery_voltage",
    unit="V",
    description="Terminal voltage of the lithium cell, charged by a small solar panel.",
    low=3.0,
    high=4.3,
    decimals=2,
)

WEATHER_STATION = DeviceKind(
    name="weather_station",
    title="Weather station",
    description="Automatic weather station at the edge of the field.",
    channels=(
        Channel(
            name="temperature",
            unit="Cel",
            description="Air temperature at 2 m.",
            low=-40.0,
            high=60.0,
            decimals=1,
        ),
        Channel(
            name="relative_humidity",
            unit="%",
            description="Relative humidity of the air at 2 m.",
            high=100.0,
            decimals=1,
        ),
        Channel(
            name="atmospheric_pressure",
            unit="hPa",
            description="Air pressure at the station.",
            low=500.0,
            high=1100.0,
            decimals=1,
        ),
        Channel(
            name="wind_speed",
            unit="m/s",
            description="Wind speed at 10 m, turbulence included.",
            high=75.0,
            decimals=1,
        ),
        Channel(
            name="wind_direction",
            unit="deg",
            description="Direction from which the wind blows, clockwise from north, 0 to 360.",
            high=360.0,
        ),
        Channel(
            name="solar_radiation",
            unit="W/m2",
            description="Global horizontal irradiance.",
            high=1600.0,
            decimals=1,
        ),
        Channel(
            name="precipitation",
            unit="mm/h",
            description="Intensity of rain or snow, as water.",
            high=400.0,
            decimals=1,
        ),
        Channel(
            name="precipitation_total",
            unit="mm",
            description="Precipitation since commissioning, in tips of 0.2 mm.",
            high=1e6,
            decimals=1,
            behaviour=Behaviour.REGISTER,
        ),
        _STATION_BATTERY,
        Channel(
            name="signal_strength",
            unit="dBm",
            description="Received signal strength of the radio link.",
            low=-120.0,
            high=-30.0,
            type=ValueType.INT,
        ),
        Channel.state("firmware", "Version of the firmware.", "2.1.0", "2.1.4", "2.2.0", "2.2.1"),
    ),
)

SOIL_PROBE = DeviceKind(
    name="soil_probe",
    title="Soil probe",
    description="Capacitance probe in the root zone of an irrigation zone.",
    channels=(
        Channel(
            name="soil_moisture",
            unit="m3/m3",
            description="Volumetric water content.",
            high=0.6,
            decimals=3,
        ),
        Channel(
            name="soil_temperature",
            unit="Cel",
            description="Temperature at the probe's depth.",
            low=-20.0,
            high=55.0,
            decimals=1,
        ),
        Channel(
            name="soil_moisture_ec",
            unit="mS/cm",
            description="Electrical conductivity of the pore water.",
            high=20.0,
            decimals=2,
        ),
        _NODE_BATTERY,
    ),
    per_cell=6,
)

GREENHOUSE = DeviceKind(
    name="greenhouse",
    title="Greenhouse",
    description="Climate computer of a heated, naturally ventilated greenhouse.",
    carries_all=True,
    actions=(
        Action(
            name="set_temperature",
            description="Heat below and open the vents above these until `resume`, instead of the house's own.",
            parameters=(
                Channel(name="heating", unit="Cel", low=5, high=25, decimals=1, description="Heated below it."),
                Channel(name="ventilation", unit="Cel", low=7, high=35, decimals=1, description="Vents open above it."),
            ),
            shows_s=300.0,
            refuses=("crossed-set-points",),
        ),
        Action(
            name="set_humidity",
            description="Open the vents against damp as well, by at most 40 %, until `resume`.",
            parameters=(
                Channel(name="limit", unit="%", low=40, high=100, decimals=1, description="Vents open above it."),
            ),
            shows_s=300.0,
            refuses=("frost",),
        ),
        Action(name="resume", description="Keep the house's own set points again.", shows_s=300.0),
    ),
    channels=(
        Channel(
            name="temperature",
            unit="Cel",
            description="Air temperature inside.",
            low=-20.0,
            high=60.0,
            decimals=1,
        ),
        Channel(
            name="relative_humidity",
            unit="%",
            description="Relative humidity inside.",
            high=100.0,
            decimals=1,
        ),
        Channel(
            name="co2",
            unit="ppm",
            description="Carbon dioxide inside, by volume.",
            low=50.0,
            high=5000.0,
        ),
        Channel(
            name="solar_radiation",
            unit="W/m2",
            description="Global irradiance below the cover.",
            high=1300.0,
            decimals=1,
        ),
        Channel(
            name="leaf_wetness",
            unit="%",
            description="Share of the leaf surface that is wet with condensation.",
            high=100.0,
        ),
        Channel(
            name="vent_opening",
            unit="%",
            description="Opening of the roof vents.",
            high=100.0,
        ),
        Channel.flag("heating_on", "Whether the heating runs."),
    ),
)

IRRIGATION_VALVE = DeviceKind(
    name="irrigation_valve",
    title="Irrigation valve",
    description="Valve and water meter of one irrigation zone.",
    carries_all=True,
    twin=("water_total",),
    actions=(
        Action(
            name="open",
            description="Water the zone from now on for so long.",
            parameters=(
                Channel(name="duration", unit="min", low=1, high=240, type=ValueType.INT, description="How long."),
            ),
            shows_s=1.0,
            refuses=("rain", "frost", "low-pressure"),
        ),
        Action(name="close", description="Stop watering now, the program's turn included.", shows_s=1.0),
    ),
    channels=(
        Channel.flag("valve_open", "Whether the valve is open."),
        Channel(
            name="water_flow",
            unit="m3/h",
            description="Flow through the valve.",
            high=200.0,
            decimals=2,
        ),
        Channel(
            name="water_pressure",
            unit="kPa",
            description="Pressure in the main before the valve, above the atmosphere's.",
            high=1000.0,
        ),
        Channel(
            name="water_total",
            unit="m3",
            description="Water through the valve since commissioning.",
            high=1e8,
            decimals=2,
            behaviour=Behaviour.REGISTER,
        ),
        _NODE_BATTERY,
    ),
    per_cell=2,
)

IRRIGATION = EventType(
    name="irrigation",
    title="Irrigation",
    description="A zone's valve is open.",
    phases=BEGIN_AND_END,
    channels=(
        Channel(name="water_volume", unit="m3", high=1e5, decimals=2, description="Metered in the run."),
        DURATION,
    ),
)
FROST = EventType(
    name="frost",
    title="Frost",
    description="The air over the site is below 0 Cel.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="agriculture",
    title="Agriculture",
    description="Fields and greenhouses: weather, water in the soil, irrigation and the climate under glass.",
    cell="a field of one crop with its weather station, six soil probes in two irrigation zones, and a greenhouse",
    kinds=(WEATHER_STATION, SOIL_PROBE, GREENHOUSE, IRRIGATION_VALVE),
    sites=("orchard", "paddock"),
    events=(IRRIGATION, FROST),
)

OPEN = SECTOR.actions[IRRIGATION_VALVE.name, "open"]
CLOSE = SECTOR.actions[IRRIGATION_VALVE.name, "close"]
SET_TEMPERATURE = SECTOR.actions[GREENHOUSE.name, "set_temperature"]
SET_HUMIDITY = SECTOR.actions[GREENHOUSE.name, "set_humidity"]
RESUME = SECTOR.actions[GREENHOUSE.name, "resume"]
