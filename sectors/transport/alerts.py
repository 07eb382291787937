"""What needs attention on the roads and in the car parks."""

from park.alert import Alert, Severity
from park.panel import Aggregate

ALERTS = (
    Alert(
        name="jam",
        title="Jam",
        advice="Give the corridor's signal more green, and tell drivers of the other road.",
        severity=Severity.WARNING,
        panel="Traffic speed by site",
        measurement="traffic_detector",
        field="average_vehicle_speed",
        aggregate=Aggregate.MEAN,
        below=25.0,
        for_s=300,
    ),
    Alert(
        name="bus-late",
        title="Bus a quarter of an hour late",
        advice="Turn it short, or send the spare bus.",
        severity=Severity.NOTICE,
        panel="Bus delay",
        measurement="bus",
        field="delay",
        above=900.0,
        until=600.0,
        for_s=600,
    ),
    Alert(
        name="car-park-full",
        title="Car park full",
        advice="Show it on the signs, and lead cars to the next one.",
        severity=Severity.NOTICE,
        panel="Occupancy by car park",
        measurement="parking_lot",
        field="occupancy",
        above=98.0,
        until=95.0,
        for_s=600,
    ),
)
