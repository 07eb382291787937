"""InfluxDB 1.8 to 2.x, and whatever takes its line protocol on `/api/v2/write`."""
