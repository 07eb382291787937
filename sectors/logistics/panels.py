"""What the logistics dashboard asks and shows."""

from park.panel import Aggregate, Dashboard, Panel, Threshold, View

_COOL = (
    Threshold(value=-40, level="critical"),
    Threshold(value=2, level="good"),
    Threshold(value=8, level="critical"),
)
_DWELL = (Threshold(value=0, level="good"), Threshold(value=90, level="notice"), Threshold(value=120, level="warning"))
_CHARGE = (Threshold(value=0, level="warning"), Threshold(value=20, level="good"))


def _stat(title: str, story: str, measurement: str, field: str, across: Aggregate, **more: object) -> Panel:
    return Panel(
        title=title,
        story=story,
        measurement=measurement,
        fields=(field,),
        aggregate=Aggregate.LAST,
        across=across,
        view=View.STAT,
        width=6,
        height=5,
        **more,  # type: ignore[arg-type]
    )


_NOW = (
    _stat(
        "Warmest parcel",
        "Parcels travel at 2 to 8 °C; above 8 a load is in doubt.",
        "parcel_logger",
        "temperature",
        Aggregate.MAX,
        decimals=1,
        thresholds=_COOL,
        highlight=True,
    ),
    _stat(
        "Power of the rooms",
        "All rooms together; more on a hot afternoon, and steps of single compressors.",
        "cold_room",
        "active_power",
        Aggregate.SUM,
        decimals=1,
        highlight=True,
    ),
    _stat("Room doors open", "Each costs cold air.", "cold_room", "door_open", Aggregate.SUM, decimals=0),
    _stat("Lorries at docks", "Doors that are taken now.", "dock_door", "occupied", Aggregate.SUM, decimals=0),
)

_ROOMS = (
    Panel(
        title="Air of the rooms",
        story="Saw teeth are the unit's cycles, peaks are doors and thaws. A climb of hours is a failed compressor.",
        measurement="cold_room",
        fields=("air_temperature",),
        by=("device",),
        decimals=1,
        highlight=True,
    ),
    Panel(
        title="Goods in the rooms",
        story="They follow the air by hours and hardly feel a door.",
        measurement="cold_room",
        fields=("product_temperature",),
        by=("device",),
        decimals=1,
    ),
    Panel(
        title="Energy of the rooms an hour, by site",
        story="It follows the heat outside, doors, and heaters that thaw.",
        measurement="cold_room",
        fields=("energy",),
        across=Aggregate.SUM,
        by=("site",),
        rate_s=3600,
        low=0,
        decimals=1,
    ),
    Panel(
        title="Compressors",
        story="How often and how long each runs: most of the time in July, a third of it in January.",
        measurement="cold_room",
        fields=("compressor_on",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
        levels={"true": "good", "false": "notice"},
    ),
)

_TRUCKS = (
    Panel(
        title="The cold chain on the road",
        story="Each lorry's load, while it has one; a tick is an open door. Green is safe, red is a load in doubt.",
        measurement="reefer_truck",
        fields=("cargo_temperature", "door_open"),
        aggregate=Aggregate.LAST,
        by=("site", "device"),
        view=View.HEAT,
        low=0,
        high=12,
        decimals=1,
        ramp=("#2f5fb3", "#3fb6a8", "#4fb477", "#a3c644", "#f6bd16", "#e8596b", "#b02a3f"),
        width=24,
        height=7,
        labels={"cargo_temperature": "Load", "door_open": "Door open"},
    ),
    Panel(
        title="Air and loads of lorries",
        story="The body is pulled down before it is loaded; each stop lets warm air in, the load hardly moves.",
        measurement="reefer_truck",
        fields=("return_air_temperature", "supply_air_temperature", "cargo_temperature"),
        across=Aggregate.MEAN,
        decimals=1,
        labels={
            "return_air_temperature": "return",
            "supply_air_temperature": "supply",
            "cargo_temperature": "load",
        },
    ),
    Panel(
        title="What lorries do",
        story="Loading, then twelve stops with a rest after the sixth, and back about noon.",
        measurement="reefer_truck",
        fields=("status",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
        levels={"driving": "good", "loading": "notice", "unloading": "notice", "rest": "warning"},
    ),
    Panel(
        title="The fleet",
        story="Where each is in its round, and what is left in its tanks.",
        measurement="reefer_truck",
        fields=("status", "refrigeration_mode", "odometer", "cargo_weight", "fuel_level", "tru_fuel_level"),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.TABLE,
        width=16,
        labels={"refrigeration_mode": "Cooling", "fuel_level": "Fuel", "tru_fuel_level": "Cooler's fuel"},
    ),
    Panel(
        title="Charge of forklifts",
        story="Down with the shift, up at lunch and at night.",
        width=8,
        measurement="forklift",
        fields=("battery_level",),
        by=("device",),
        low=0,
        high=100,
        decimals=0,
        thresholds=_CHARGE,
    ),
)

_DOCKS = (
    Panel(
        title="From gate to gate",
        story="Of the last lorry at each door; above two hours a carrier asks to be paid for waiting.",
        measurement="dock_door",
        fields=("turnaround_time",),
        aggregate=Aggregate.MAX,
        by=("device",),
        low=0,
        decimals=0,
        thresholds=_DWELL,
    ),
    Panel(
        title="Lorries that wait",
        story="All doors of a site; bookings that overrun push the next ones.",
        measurement="dock_door",
        fields=("queue_length",),
        aggregate=Aggregate.MAX,
        across=Aggregate.SUM,
        by=("site",),
        low=0,
        decimals=0,
    ),
)

_PARCELS = (
    Panel(
        title="Mean kinetic temperature since 04:00",
        story="Weighs heat more than the mean does; one warm hour shows to the day's end.",
        measurement="parcel_logger",
        fields=("mean_kinetic_temperature",),
        aggregate=Aggregate.MAX,
        by=("device",),
        decimals=2,
        thresholds=_COOL,
    ),
    Panel(
        title="Who keeps the parcels",
        story="One keeper at a time: warehouse, carrier, receiver, and back in the evening.",
        measurement="parcel_logger",
        fields=("custody",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
        levels={"warehouse": "good", "carrier": "warning", "receiver": "notice"},
    ),
)

DASHBOARD = Dashboard(
    description="Cold hubs: rooms, docks, lorries on their rounds and the parcels in them.",
    icon="ac_unit",
    panels=(*_NOW, *_ROOMS, *_TRUCKS, *_DOCKS, *_PARCELS),
)
