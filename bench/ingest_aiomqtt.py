"""The loop that most people would write: HOST PORT INFLUX_URL ORG BUCKET CLIENT_ID; the token in INFLUXDB_V2_TOKEN."""

import asyncio
import json
import os
import sys

import aiomqtt
from influxdb_client import InfluxDBClient, Point, WriteOptions, WritePrecision  # type: ignore[attr-defined]


async def main(*arguments: str) -> None:
    host, port, url, org, bucket, client_id = arguments
    token = os.environ["INFLUXDB_V2_TOKEN"]
    writes = WriteOptions(batch_size=5000, flush_interval=1000)
    with InfluxDBClient(url, token, org=org) as influx, influx.write_api(writes) as api:
        broker = aiomqtt.Client(
            host, int(port), identifier=client_id, clean_session=False, protocol=aiomqtt.ProtocolVersion.V311
        )
        async with broker as client:
            await client.subscribe("park/+/+/+/+/telemetry", qos=1)
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                _, sector, site, kind, device, _ = str(message.topic).split("/")
                reading = json.loads(message.payload)
                point = Point(kind).tag("device", device).tag("sector", sector).tag("site", site)
                point.time(reading.pop("ts"), WritePrecision.MS)
                for channel, value in reading.items():
                    point.field(channel, value)
                api.write(bucket, org, point)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
