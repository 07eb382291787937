"""What the environment sector measures."""

from park.catalogue import Behaviour, Channel, DeviceKind, Sector, ValueType
from park.event import BEGIN_AND_END, DURATION, EventType

LEVELS = ("excellent", "good", "light", "moderate", "heavy", "severe")
POLLUTANTS = ("pm25", "pm10", "so2", "no2", "o3", "co")
CLASSES = ("I", "II", "III", "IV", "V", "worse_than_V")
STACK_STATES = ("run", "start_up", "calibration", "purge", "stop")

AIR_STATION = DeviceKind(
    name="air_station",
    title="Air stations",
    description="Reference analysers at the kerb of a main road (first of each cell) and in the quarter behind it.",
    interval_s=120.0,
    per_cell=2,
    channels=(
        Channel(name="pm25", unit="ug/m3", high=1000, decimals=1, description="Particles under 2.5 um"),
        Channel(name="pm10", unit="ug/m3", high=2000, decimals=1, description="Particles under 10 um"),
        Channel(name="no", unit="ug/m3", low=-5, high=1000, decimals=1, description="Nitrogen monoxide at 298.15 K"),
        Channel(name="no2", unit="ug/m3", low=-5, high=1000, decimals=1, description="Nitrogen dioxide at 298.15 K"),
        Channel(name="so2", unit="ug/m3", low=-5, high=1000, decimals=1, description="Sulphur dioxide at 298.15 K"),
        Channel(name="o3", unit="ug/m3", low=-5, high=1000, decimals=1, description="Ozone at 298.15 K"),
        Channel(name="co", unit="mg/m3", high=50, decimals=2, description="Carbon monoxide at 298.15 K"),
        Channel(
            name="air_quality_index",
            unit="1",
            high=500,
            type=ValueType.INT,
            description="Of the last full hour, by HJ 633-2026",
        ),
        Channel.state("air_quality_level", "Level of the index, by HJ 633-2026", *LEVELS),
        Channel.state(
            "primary_pollutant",
            "The largest individual index, where the index is above 50; the first of several",
            "none",
            *POLLUTANTS,
        ),
        Channel(name="temperature", unit="Cel", low=-40, high=60, decimals=1, description="Air at 2 m"),
        Channel(name="relative_humidity", unit="%", high=100, decimals=1, description="Of the air at 2 m"),
        Channel(name="wind_speed", unit="m/s", high=60, decimals=1, description="Mean of the minute on a 10 m mast"),
        Channel(
            name="wind_direction", unit="deg", high=360, decimals=0, step=360, description="Where the wind comes from"
        ),
    ),
)

AIR_SENSOR = DeviceKind(
    name="air_sensor",
    title="Air sensors",
    description="Low-cost optical and electrochemical cells on lamp posts: raw figures, not corrected for humidity.",
    interval_s=300.0,
    per_cell=4,
    channels=(
        Channel(name="pm25", unit="ug/m3", high=2000, decimals=1, description="Light scattered, as if particles"),
        Channel(name="pm10", unit="ug/m3", high=4000, decimals=1, description="Light scattered, as if particles"),
        Channel(name="no2", unit="ug/m3", low=-100, high=1000, decimals=0, description="Cell; ozone and heat disturb"),
        Channel(name="o3", unit="ug/m3", low=-100, high=1000, decimals=0, description="Cell; answers to oxidants"),
        Channel(name="temperature", unit="Cel", low=-40, high=85, decimals=1, description="Inside the case"),
        Channel(name="relative_humidity", unit="%", high=100, decimals=1, description="Inside the case"),
        Channel(name="battery_voltage", unit="V", high=5, decimals=2, description="Lithium cell under a solar panel"),
    ),
)

NOISE_MONITOR = DeviceKind(
    name="noise_monitor",
    title="Noise monitors",
    description="Class 1 meters at the main road (first of each cell) and among homes; figures of the last 60 s.",
    interval_s=60.0,
    per_cell=2,
    channels=(
        Channel(name="l_aeq", unit="dB[SPL]", low=25, high=120, decimals=1, description="Equivalent level, A-weighted"),
        Channel(name="l_a_max", unit="dB[SPL]", low=25, high=130, decimals=1, description="Highest level, fast"),
        Channel(name="l_10", unit="dB[SPL]", low=25, high=120, decimals=1, description="Exceeded for 10 % of the time"),
        Channel(name="l_50", unit="dB[SPL]", low=25, high=120, decimals=1, description="Exceeded for half of the time"),
        Channel(name="l_90", unit="dB[SPL]", low=25, high=120, decimals=1, description="Exceeded for 90 % of the time"),
        Channel.flag("weather_valid", "Neither rain nor wind above 5 m/s, as GB 3096 asks of a measurement"),
    ),
)

WATER_STATION = DeviceKind(
    name="water_station",
    title="Water stations",
    description="A sonde and a wet-chemistry cabinet on the lake (first of each cell) and on a river.",
    interval_s=600.0,
    per_cell=2,
    channels=(
        Channel(name="water_temperature", unit="Cel", low=-1, high=45, decimals=2, description="At 0.5 m"),
        Channel(name="ph", unit="[pH]", low=4, high=10, decimals=2, description="Acidity"),
        Channel(name="dissolved_oxygen", unit="mg/L", high=25, decimals=2, description="Optical probe at 0.5 m"),
        Channel(name="conductivity", unit="uS/cm", low=50, high=2000, decimals=0, description="At 25 Cel"),
        Channel(name="turbidity", unit="{NTU}", high=1000, decimals=1, description="Light scattered at 90 degrees"),
        Channel(name="chlorophyll_a", unit="ug/L", high=500, decimals=1, description="By fluorescence; lakes only"),
        Channel(name="phycocyanin", unit="ug/L", high=500, decimals=1, description="Of blue-green algae; lakes only"),
        Channel(name="water_level", unit="m", high=12, decimals=3, description="Above the bed; rivers only"),
        Channel(
            name="permanganate_index", unit="mg/L", high=30, decimals=1, description="Every 4 h; shown for an hour"
        ),
        Channel(
            name="ammonia_nitrogen",
            unit="mg/L",
            high=20,
            decimals=2,
            still=True,
            description="Every 4 h; shown for an hour",
        ),
        Channel(name="total_phosphorus", unit="mg/L", high=5, decimals=3, description="Every 4 h; shown for an hour"),
        Channel(name="total_nitrogen", unit="mg/L", high=30, decimals=2, description="Every 4 h; shown for an hour"),
        Channel.state(
            "water_quality_class",
            "By GB 3838-2002: the worst of pH, oxygen and the last analysis, total nitrogen left out",
            *CLASSES,
        ),
    ),
)


def _emission(name: str, what: str) -> tuple[Channel, Channel, Channel]:
    return (
        Channel(name=f"flue_{name}", unit="mg/m3", high=2000, decimals=1, description=f"{what}, dry, as measured"),
        Channel(
            name=f"flue_{name}_reference",
            unit="mg/m3",
            high=4000,
            decimals=1,
            description=f"{what} at the reference oxygen of 11 %",
        ),
        Channel(
            name=f"emitted_{name}",
            unit="kg",
            high=1e9,
            decimals=2,
            behaviour=Behaviour.REGISTER,
            description=f"{what} let out since the monitor was installed",
        ),
    )


STACK_MONITOR = DeviceKind(
    name="stack_monitor",
    title="Stack monitors",
    description="Continuous emission monitor on the stack of a waste-to-energy line.",
    interval_s=120.0,
    channels=(
        *_emission("so2", "Sulphur dioxide"),
        *_emission("nox", "Nitrogen oxides as NO2"),
        *_emission("dust", "Dust"),
        Channel(name="flue_oxygen", unit="%", high=21, decimals=2, description="Of the dry flue gas"),
        Channel(name="flue_gas_flow", unit="m3/h", high=500_000, decimals=0, description="Dry, at 273 K and 1013 hPa"),
        Channel(name="flue_temperature", unit="Cel", low=-20, high=400, decimals=1, description="Of the flue gas"),
        Channel(name="flue_pressure", unit="Pa", low=-2000, high=2000, decimals=0, description="Against the outside"),
        Channel(name="flue_moisture", unit="%", high=60, decimals=1, description="Water vapour by volume"),
        Channel(name="load", unit="%", high=120, decimals=1, description="Of the line's rated steam"),
        Channel.state(
            "status", "What line and monitor are doing; gases are absent in calibration and purge", *STACK_STATES
        ),
    ),
)

ALGAL_BLOOM = EventType(
    name="algal_bloom",
    title="Algal bloom",
    description="The bay has 40 ug/L of chlorophyll or more.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)
STORM_RUNOFF = EventType(
    name="storm_runoff",
    title="Storm runoff",
    description="The river carries five times its base flow or more.",
    phases=BEGIN_AND_END,
    channels=(DURATION,),
)

SECTOR = Sector(
    name="environment",
    title="Environment",
    description="Air, noise, lake and river, and stacks, under the town's weather and beside its roads.",
    cell="a district with a main road, its quarter, a bay of the lake, a river and a stack",
    kinds=(AIR_STATION, AIR_SENSOR, NOISE_MONITOR, WATER_STATION, STACK_MONITOR),
    sites=("xinwu", "binhu"),
    events=(ALGAL_BLOOM, STORM_RUNOFF),
)
