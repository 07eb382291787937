"""The energy page: what the town makes, uses, stores and trades."""

from park.panel import Aggregate, Dashboard, Panel, Threshold, View

_SOC_LEVELS = (
    Threshold(value=0, level="critical"),
    Threshold(value=15, level="warning"),
    Threshold(value=30, level="good"),
)
_GRID_LEVELS = (Threshold(value=-1e6, level="good"), Threshold(value=0, level="notice"))


def _now(title: str, story: str, measurement: str, field: str, **extra: object) -> Panel:
    settings: dict[str, object] = {"decimals": 1, "across": Aggregate.SUM, "view": View.STAT, **extra}
    return Panel(
        title=title,
        story=story,
        measurement=measurement,
        fields=(field,),
        aggregate=Aggregate.LAST,
        width=6,
        height=4,
        **settings,  # type: ignore[arg-type]
    )


_NOW = (
    _now("Solar power now", "All inverters together.", "pv_inverter", "active_power", highlight=True),
    _now(
        "Consumption now",
        "Buildings and charging points together.",
        "site_meter",
        "consumption_power",
        highlight=True,
    ),
    _now(
        "Grid exchange now",
        "Positive: the town buys from the grid. Negative: it sells.",
        "site_meter",
        "active_power",
        thresholds=_GRID_LEVELS,
    ),
    _now(
        "Battery charge now",
        "Mean over all batteries: full in the afternoon, drawn down in the evening.",
        "battery",
        "state_of_charge",
        decimals=0,
        across=Aggregate.MEAN,
        view=View.GAUGE,
        low=0,
        high=100,
        thresholds=_SOC_LEVELS,
    ),
)

_BALANCE = (
    Panel(
        title="Where the power comes from",
        story="Sun, wind, batteries and grid, stacked: together they are the consumption and the small loss, "
        "at every instant. Below zero: batteries charging and power sold.",
        measurement="site_meter",
        fields=("photovoltaic_power", "wind_power", "storage_power", "active_power"),
        across=Aggregate.SUM,
        stacked=True,
        width=16,
        height=10,
        labels={
            "photovoltaic_power": "Solar",
            "wind_power": "Wind",
            "storage_power": "Battery",
            "active_power": "Grid",
        },
    ),
    Panel(
        title="Solar against the grid",
        story="When the solar hill rises the grid line sinks, and crosses zero on bright days off work.",
        measurement="site_meter",
        fields=("photovoltaic_power", "active_power", "consumption_power"),
        across=Aggregate.SUM,
        width=8,
        height=10,
        labels={"photovoltaic_power": "Solar", "active_power": "Grid", "consumption_power": "Consumption"},
    ),
)

_USE = (
    Panel(
        title="Buildings by site",
        story="Office hours lift it, weekends flatten it, and heat and frost add air conditioning.",
        measurement="building_meter",
        fields=("active_power",),
        across=Aggregate.SUM,
        by=("site",),
        low=0,
        labels={"active_power": "Buildings"},
    ),
    Panel(
        title="Charging cars",
        story="Work charges in the morning, homes plug in after 16:00; current tapers as the cars fill.",
        measurement="ev_charger",
        fields=("active_power",),
        across=Aggregate.SUM,
        by=("site",),
        low=0,
        labels={"active_power": "Charging"},
    ),
    Panel(
        title="Charging points",
        story="Who is free, who charges, and who is full and still blocks the bay.",
        measurement="ev_charger",
        fields=("status",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
        height=10,
    ),
)

_STORAGE = (
    Panel(
        title="Battery charge",
        story="Surplus sun fills the batteries by day, the evening peak empties them, cheap night power evens out.",
        measurement="battery",
        fields=("state_of_charge",),
        across=Aggregate.MEAN,
        by=("site",),
        low=0,
        high=100,
        thresholds=_SOC_LEVELS,
        height=10,
        labels={"state_of_charge": "Charge"},
    ),
    Panel(
        title="Battery power",
        story="Above zero the batteries discharge, below they charge.",
        measurement="battery",
        fields=("active_power",),
        across=Aggregate.SUM,
        by=("site",),
        labels={"active_power": "Battery"},
    ),
    Panel(
        title="Solar energy per hour",
        story="The hourly increase of the inverters' registers: the yield as it would be billed.",
        measurement="pv_inverter",
        fields=("total_active_energy_export",),
        across=Aggregate.SUM,
        by=("site",),
        unit="kWh",
        low=0,
        rate_s=3600,
        labels={"total_active_energy_export": "Yield"},
    ),
)

_QUALITY = (
    Panel(
        title="Voltage at the grid connections",
        story="Sinks with load and rises where solar power is fed in. Allowed: 198 to 235.4 V.",
        measurement="site_meter",
        fields=("phase_voltage",),
        by=("device",),
        low=195,
        high=240,
        thresholds=(
            Threshold(value=0, level="critical"),
            Threshold(value=198, level="good"),
            Threshold(value=235.4, level="critical"),
        ),
    ),
    Panel(
        title="Grid frequency",
        story="One frequency for the whole town. Allowed: 49.8 to 50.2 Hz.",
        measurement="site_meter",
        fields=("frequency",),
        across=Aggregate.MEAN,
        low=49.75,
        high=50.25,
        decimals=3,
        thresholds=(
            Threshold(value=0, level="critical"),
            Threshold(value=49.8, level="good"),
            Threshold(value=50.2, level="critical"),
        ),
    ),
    Panel(
        title="Inverters",
        story="Each inverter's latest figures; a roof that lags its neighbours under the same sky wants a visit.",
        measurement="pv_inverter",
        fields=("active_power", "dc_power", "total_active_energy_export", "status", "firmware"),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.TABLE,
        sort="active_power",
        width=24,
        height=9,
        labels={
            "active_power": "AC power, kW",
            "dc_power": "DC power, kW",
            "total_active_energy_export": "Lifetime yield, kWh",
            "status": "Status",
            "firmware": "Firmware",
        },
    ),
)

DASHBOARD = Dashboard(
    description="What the town's microgrids make, use, store and trade.",
    panels=(*_NOW, *_BALANCE, *_USE, *_STORAGE, *_QUALITY),
    icon="bolt",
)
