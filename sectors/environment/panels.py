"""What the environment dashboard asks and shows."""

from park.panel import Aggregate, Dashboard, Panel, Threshold, View


def _steps(*values: float) -> tuple[Threshold, ...]:
    """Good, then notice, warning and critical from these values on."""
    levels = ("notice", "warning", "critical")
    rest = (Threshold(value=value, level=level) for value, level in zip(values, levels, strict=False))
    return (Threshold(value=-100, level="good"), *rest)


_AQI = _steps(50, 100, 150)
_GOOD_BAD = {
    "excellent": "good",
    "good": "good",
    "light": "notice",
    "moderate": "warning",
    "heavy": "critical",
    "severe": "critical",
}
_CLASS = {
    "I": "good",
    "II": "good",
    "III": "good",
    "IV": "notice",
    "V": "warning",
    "worse_than_V": "critical",
}
_NAMES = {"pm25": "PM2.5", "pm10": "PM10", "no2": "NO₂", "o3": "O₃", "no": "NO", "so2": "SO₂", "co": "CO"}

_NOW = (
    Panel(
        title="Air quality index",
        story="The worst station's last full hour, by HJ 633-2026. Above 100 sensitive people stay in.",
        measurement="air_station",
        fields=("air_quality_index",),
        aggregate=Aggregate.LAST,
        across=Aggregate.MAX,
        view=View.GAUGE,
        low=0,
        high=300,
        decimals=0,
        thresholds=_AQI,
        width=6,
        height=5,
        highlight=True,
    ),
    Panel(
        title="Ozone",
        story="Made by sun and heat from what exhausts leave: highest in the early afternoon, and not at the kerb. "
        "Limit of an hour: 200.",
        measurement="air_station",
        fields=("o3",),
        across=Aggregate.MAX,
        view=View.STAT,
        decimals=0,
        thresholds=_steps(160, 200, 300),
        width=6,
        height=5,
    ),
    Panel(
        title="Loudest street",
        story="Equivalent level of the minute. A main road may have 70 dB by day and 55 dB from 22 to 06 h.",
        measurement="noise_monitor",
        fields=("l_aeq",),
        aggregate=Aggregate.LAST,
        across=Aggregate.MAX,
        view=View.STAT,
        decimals=1,
        thresholds=_steps(55, 70, 75),
        width=6,
        height=5,
    ),
    Panel(
        title="Oxygen in the water",
        story="The poorest station. Class III needs 5 mg/L; below 2 mg/L water turns black.",
        measurement="water_station",
        fields=("dissolved_oxygen",),
        aggregate=Aggregate.LAST,
        across=Aggregate.MIN,
        view=View.GAUGE,
        low=0,
        high=15,
        decimals=1,
        thresholds=(
            Threshold(value=0, level="critical"),
            Threshold(value=2, level="warning"),
            Threshold(value=5, level="good"),
        ),
        width=6,
        height=5,
    ),
)

_AIR = (
    Panel(
        title="Air quality index by station",
        story="Of each full hour. Stations of one town rise and fall together with the air that the wind brings; the "
        "kerb has its own rush hours on top.",
        measurement="air_station",
        fields=("air_quality_index",),
        aggregate=Aggregate.MAX,
        by=("device",),
        low=0,
        decimals=0,
        thresholds=_AQI,
        width=15,
        height=10,
        highlight=True,
    ),
    Panel(
        title="Where the NO₂ comes from",
        story="A petal is as long as the wind blew from there; its colours say how much NO₂ came along.",
        measurement="air_station",
        fields=("wind_direction", "no2"),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.ROSE,
        thresholds=(Threshold(value=-100, level="good"), *_steps(20, 40, 80)[1:]),
        width=9,
        height=10,
        labels={"wind_direction": "Wind from", "no2": "NO₂"},
    ),
    Panel(
        title="Level of the air",
        story="As it is told to the public: the level of the last full hour.",
        measurement="air_station",
        fields=("air_quality_level",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
        levels=_GOOD_BAD,
    ),
    Panel(
        title="Ozone against nitrogen",
        story="NO from the exhausts eats ozone and leaves NO₂; by day the sun turns it back. One rises where the other "
        "falls.",
        measurement="air_station",
        fields=("o3", "no2", "no"),
        across=Aggregate.MEAN,
        decimals=0,
        low=0,
        labels=_NAMES,
    ),
    Panel(
        title="NO₂ by station",
        story="The kerb lies above the quarter, most of all in the rush hours of a calm day. Limit of an hour: 200.",
        measurement="air_station",
        fields=("no2",),
        by=("device",),
        low=0,
        decimals=0,
        labels=_NAMES,
    ),
    Panel(
        title="Particles",
        story="PM2.5 is part of PM10. Episodes last for days; rain washes them out; dust in spring lifts PM10 alone.",
        measurement="air_station",
        fields=("pm25", "pm10"),
        across=Aggregate.MEAN,
        low=0,
        decimals=0,
        labels=_NAMES,
    ),
    Panel(
        title="Low-cost sensors, PM2.5",
        story="The same air as the stations', but raw: damp air swells the particles, so nights and rain read high.",
        measurement="air_sensor",
        fields=("pm25",),
        across=Aggregate.MEAN,
        by=("site",),
        low=0,
        decimals=0,
        labels=_NAMES,
    ),
    Panel(
        title="Wind at the stations",
        story="Wind thins what the roads emit: the calmest hours have the worst air.",
        measurement="air_station",
        fields=("wind_speed",),
        across=Aggregate.MEAN,
        by=("site",),
        low=0,
        decimals=1,
    ),
)

_NOISE = (
    Panel(
        title="Noise by monitor",
        story="At the road traffic, among homes the hum of the town. Limits of homes: 55 dB by day, 45 dB at night.",
        measurement="noise_monitor",
        fields=("l_aeq",),
        by=("device",),
        low=30,
        high=90,
        decimals=0,
        labels={"l_aeq": "LAeq"},
    ),
)

_WATER = (
    Panel(
        title="Oxygen by station",
        story="Algae make it by day and use it by night: the wider the swing, the denser the bloom.",
        measurement="water_station",
        fields=("dissolved_oxygen",),
        by=("device",),
        low=0,
        decimals=1,
        labels={"dissolved_oxygen": "Oxygen"},
    ),
    Panel(
        title="Algae in the lake",
        story="Chlorophyll and the blue-greens' own pigment. In a calm scum gathers at the surface and both leap; wind "
        "mixes it in.",
        measurement="water_station",
        fields=("chlorophyll_a", "phycocyanin"),
        across=Aggregate.MEAN,
        low=0,
        decimals=0,
        labels={"chlorophyll_a": "Chlorophyll a", "phycocyanin": "Phycocyanin"},
    ),
    Panel(
        title="River level",
        story="Rises within the hour of a heavy rain and falls for a day; then it is turbid and poor in salts.",
        measurement="water_station",
        fields=("water_level",),
        across=Aggregate.MEAN,
        by=("site",),
        decimals=2,
        labels={"water_level": "Level"},
    ),
    Panel(
        title="Water stations",
        story="What the last analysis found, and the class that follows by GB 3838-2002.",
        measurement="water_station",
        fields=(
            "water_quality_class",
            "dissolved_oxygen",
            "ph",
            "ammonia_nitrogen",
            "total_phosphorus",
            "permanganate_index",
        ),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.TABLE,
        sort="dissolved_oxygen",
        width=24,
        levels=_CLASS,
        labels={
            "water_quality_class": "Class",
            "dissolved_oxygen": "Oxygen, mg/L",
            "ph": "pH",
            "ammonia_nitrogen": "NH₃-N, mg/L",
            "total_phosphorus": "P, mg/L",
            "permanganate_index": "CODMn, mg/L",
        },
    ),
)

_STACKS = (
    Panel(
        title="Stacks at reference oxygen",
        story="Limits of an hour: NOx 300, SO₂ 100, dust 30 mg/m³ (GB 18485). A line being lit is above its own level.",
        measurement="stack_monitor",
        fields=("flue_nox_reference", "flue_so2_reference", "flue_dust_reference"),
        across=Aggregate.MEAN,
        low=0,
        decimals=0,
        labels={"flue_nox_reference": "NOx", "flue_so2_reference": "SO₂", "flue_dust_reference": "Dust"},
    ),
    Panel(
        title="Stacks and their monitors",
        story="Purges every four hours and a calibration after midnight leave gaps, which are told.",
        measurement="stack_monitor",
        fields=("status",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
        levels={
            "run": "good",
            "start_up": "warning",
            "calibration": "notice",
            "purge": "notice",
            "stop": "critical",
        },
    ),
)

DASHBOARD = Dashboard(
    description="The air that people breathe, what they hear, the lake and the river, and what the stacks let out.",
    panels=(*_NOW, *_AIR, *_NOISE, *_WATER, *_STACKS),
    icon="eco",
)
