# ruff: noqa: S608  (names come from the catalogue, and every text from our own code)
"""What InfluxQL asks about devices: where they are, and how often they report."""

from dashboards.measured import Measured


def sites(sector: str | None) -> str:
    """The statement that lists the sites of a sector, or of the whole park."""
    where = f" WHERE \"sector\" = '{sector}'" if sector else ""
    return f'SHOW TAG VALUES WITH KEY = "site"{where}'


def spacing(stored: Measured, *, twice: bool = False, suffix: str = "") -> str:
    """The statement of the seconds between two readings of a device, as `Source.spacing` defines them.

    Args:
        stored: what there is under a measurement.
        twice: as Grafana's least interval: twice as many, and 4 s for readings that are still under way. It writes an
            interval as whole minutes, hours or days, rounded down; of twice as many it so never leaves less than once.
        suffix: of the measurement; buckets are as far apart as they are long.
    """
    # Backwards, so that a device's last readings come first; the times between them are negative then.
    tags = ", ".join(f'"{tag}"' for tag in stored.tags)
    back = f"GROUP BY {tags} ORDER BY time DESC"
    last = f'SELECT "{stored.beat}" FROM "{stored.name}{suffix}" WHERE $timeFilter {back} LIMIT 4'
    between = f'SELECT elapsed("{stored.beat}", 1ms) AS "every" FROM ({last}) {back}'
    usual = f'SELECT median("every") / -1000 AS "every" FROM ({between}) {back}'
    seconds = 'ceil(percentile("every", 90))'
    wanted = f"2 * {seconds} + 4" if twice else seconds
    return f'SELECT {wanted} AS "every" FROM ({usual}) ORDER BY time DESC'
