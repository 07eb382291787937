"""Tells a lamp its level and waits for the end: the service side of docs/commands.md on aiomqtt.

python dimmer.py HOST PORT park/municipal/xinwu/street_lamp/street-lamp-000001 LEVEL
"""

import asyncio
import json
import sys
import time
import uuid

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

ACTOR = "dimmer"  # where the broker has accounts, the account's name, client id and user name


async def repeat(client, lamp, request):
    """Ask under the same id until somebody answers: it is done once, however often it is asked."""
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = f"park/replies/{ACTOR}/{lamp.split('/')[2]}"
    while time.time() * 1000 < request["expires"]:
        await client.publish(f"{lamp}/command/{ACTOR}", json.dumps(request), qos=1, properties=properties)
        await asyncio.sleep(2)


async def main(host, port, lamp, level):
    now = int(time.time() * 1000)
    request = {"id": uuid.uuid4().hex, "action": "set_level", "issued": now, "expires": now + 30_000}
    request["args"] = {"level": float(level), "ramp": 0}
    async with aiomqtt.Client(host, int(port), protocol=aiomqtt.ProtocolVersion.V5, identifier=ACTOR) as client:
        await client.subscribe(f"park/replies/{ACTOR}/+", qos=1)
        async with asyncio.timeout(40), asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(repeat(client, lamp, request))
            async for message in client.messages:
                answer = json.loads(message.payload)
                if answer["id"] == request["id"]:
                    print(answer["state"], answer.get("reason") or answer.get("measured", ""), flush=True)
                    if answer["state"] != "accepted":
                        break
            asking.cancel()


asyncio.run(main(*sys.argv[1:]))
