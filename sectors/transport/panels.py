"""What the transport dashboard asks and shows."""

from park.panel import Aggregate, Dashboard, Panel, Threshold, View

_SPEED = (
    Threshold(value=0, level="critical"),
    Threshold(value=20, level="warning"),
    Threshold(value=35, level="notice"),
    Threshold(value=45, level="good"),
)
_FLOW = (
    Threshold(value=0, level="good"),
    Threshold(value=1500, level="notice"),
    Threshold(value=1800, level="warning"),
)
_FULL = (
    Threshold(value=0, level="good"),
    Threshold(value=70, level="notice"),
    Threshold(value=85, level="warning"),
    Threshold(value=95, level="critical"),
)
_LATE = (
    Threshold(value=-3600, level="notice"),
    Threshold(value=-120, level="good"),
    Threshold(value=180, level="notice"),
    Threshold(value=420, level="warning"),
    Threshold(value=900, level="critical"),
)

_NOW = (
    Panel(
        title="Mean traffic speed",
        story="Below 35 km/h the corridors are filling; below 20 km/h they are queueing.",
        measurement="traffic_detector",
        fields=("average_vehicle_speed",),
        across=Aggregate.MEAN,
        view=View.GAUGE,
        low=0,
        high=70,
        decimals=0,
        thresholds=_SPEED,
        width=6,
        height=5,
        highlight=True,
    ),
    Panel(
        title="Flow per carriageway",
        story="Mean over all detectors. A signalised junction passes about 1,700 to 2,300 vehicles an hour.",
        measurement="traffic_detector",
        fields=("intensity",),
        across=Aggregate.MEAN,
        view=View.STAT,
        decimals=0,
        thresholds=_FLOW,
        width=6,
        height=5,
    ),
    Panel(
        title="People on the buses",
        story="Everyone on board now; it follows the two rush hours of a working day.",
        measurement="bus",
        fields=("passengers",),
        aggregate=Aggregate.LAST,
        across=Aggregate.SUM,
        view=View.STAT,
        decimals=0,
        width=6,
        height=5,
        highlight=True,
    ),
    Panel(
        title="Car parks taken",
        story="Mean over all car parks. Full ones turn cars away.",
        measurement="parking_lot",
        fields=("occupancy",),
        aggregate=Aggregate.LAST,
        across=Aggregate.MEAN,
        view=View.GAUGE,
        low=0,
        high=100,
        decimals=0,
        thresholds=_FULL,
        width=6,
        height=5,
    ),
)

_TRAFFIC = (
    Panel(
        title="Traffic flow by site",
        story="Two peaks on a working day, one broad hump at the weekend. A flat top is a junction at capacity.",
        measurement="traffic_detector",
        fields=("intensity",),
        across=Aggregate.MEAN,
        by=("site",),
        low=0,
        decimals=0,
    ),
    Panel(
        title="Traffic speed by site",
        story="The dips are the queues behind the junctions; rain makes them deeper.",
        measurement="traffic_detector",
        fields=("average_vehicle_speed",),
        across=Aggregate.MEAN,
        by=("site",),
        low=0,
        high=70,
        decimals=0,
        thresholds=_SPEED,
    ),
    Panel(
        title="Congestion: density at the fullest detectors",
        story="Above 70 vehicles a kilometre the two lanes are past capacity and speed collapses.",
        measurement="traffic_detector",
        fields=("density",),
        across=Aggregate.MAX,
        by=("site",),
        low=0,
        decimals=0,
        thresholds=(
            Threshold(value=0, level="good"),
            Threshold(value=45, level="notice"),
            Threshold(value=70, level="critical"),
        ),
    ),
    Panel(
        title="Queue at each signal",
        story="A cycle's own queue clears with every green; one that stays is the rush hour.",
        measurement="traffic_signal",
        fields=("queue_length",),
        by=("device",),
        low=0,
        decimals=0,
    ),
)

_PUBLIC = (
    Panel(
        title="Bus delay",
        story="Delay grows while the road is slow and shrinks in the breaks at the terminals.",
        measurement="bus",
        fields=("delay",),
        by=("device",),
        decimals=0,
        thresholds=_LATE,
    ),
    Panel(
        title="Passengers on board by site",
        story="Mean of a bus. A late one meets more waiting people, takes longer at stops and falls further back.",
        measurement="bus",
        fields=("passengers",),
        across=Aggregate.MEAN,
        by=("site",),
        low=0,
        decimals=0,
    ),
    Panel(
        title="What each bus is doing",
        story="In service from early morning to late evening, then in the depot.",
        measurement="bus",
        fields=("status",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
    ),
    Panel(
        title="Occupancy by car park",
        story="Commuters by day, visitors in the evening, residents overnight.",
        measurement="parking_lot",
        fields=("occupancy",),
        by=("device",),
        low=0,
        high=100,
        decimals=0,
        thresholds=_FULL,
    ),
)

_DETAIL = (
    Panel(
        title="Signal phases",
        story="As seen at each reading; a cycle lasts 70 s at night and 120 s in the rush hour.",
        measurement="traffic_signal",
        fields=("phase",),
        aggregate=Aggregate.LAST,
        by=("device",),
        view=View.STATES,
    ),
    Panel(
        title="Slowest detectors",
        story="Mean speed per detector over the time shown; sort to find the bottlenecks.",
        measurement="traffic_detector",
        fields=("average_vehicle_speed",),
        by=("site", "device"),
        view=View.TABLE,
        decimals=1,
        thresholds=_SPEED,
        labels={"average_vehicle_speed": "Speed"},
    ),
)

DASHBOARD = Dashboard(
    description="How the town moves: roads, signals, buses and car parks.",
    panels=(*_NOW, *_TRAFFIC, *_PUBLIC, *_DETAIL),
    icon="traffic",
)
