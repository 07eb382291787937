"""A lamp that takes commands: the device side of docs/commands.md on paho-mqtt. python lamp.py HOST PORT"""

import json
import sys
import time

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

LAMP = "park/municipal/xinwu/street_lamp/street-lamp-000900"
answers = {}  # by id: when it may be forgotten, and the last answer. A real lamp keeps this over a restart.


def tell(client, message, request, state, **more):
    """Answer on the ack, and where the actor asked to be answered; and log it as an event."""
    answer = {"id": request["id"], "state": state, "ts": int(time.time() * 1000), **more}
    answers[request["id"]] = request["expires"] + 3_600_000, answer
    send(client, message, answer)
    event = {"ts": answer["ts"], "id": request["id"], "type": "command", "state": state, "action": request["action"]}
    event |= {"actor": message.topic.rpartition("/")[2], "issued": request["issued"], "expires": request["expires"]}
    event["delay"] = answer["ts"] - request["issued"]
    event["phase"] = {"accepted": "begin", "rejected": "state"}.get(state, "end")
    event |= {name: more[name] for name in ("reason",) if name in more}
    client.publish(f"{LAMP}/event", json.dumps(event), 1)
    time.sleep(0.001)  # no two events of a device share a millisecond


def send(client, message, answer):
    client.publish(f"{LAMP}/ack", json.dumps(answer), 1)
    to, actor = getattr(message.properties, "ResponseTopic", ""), message.topic.rpartition("/")[2]
    if f"{to}/".startswith(f"park/replies/{actor}/xinwu/"):
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = getattr(message.properties, "CorrelationData", b"")
        client.publish(to, json.dumps(answer), 1, properties=properties)


def on_message(client, _userdata, message):
    request, now = json.loads(message.payload), time.time() * 1000
    for known in [name for name, (until, _) in answers.items() if until < now]:
        del answers[known]
    level = request.get("args", {}).get("level")
    if request["id"] in answers:
        send(client, message, answers[request["id"]][1])  # the same answer, and no second act
    elif request["expires"] <= now or message.retain:
        tell(client, message, request, "rejected", reason="expired")
    elif request["action"] != "set_level" or not isinstance(level, int | float) or not 0 <= level <= 100:
        tell(client, message, request, "rejected", reason="bad-argument")
    else:
        tell(client, message, request, "accepted", expires=request["expires"])
        print(f"the lamp gives {level} % of its light", flush=True)  # here a real one turns its driver
        tell(client, message, request, "succeeded", measured={"level": level})


lamp = Client(CallbackAPIVersion.VERSION2, "street-lamp-000900", protocol=MQTTv5)
lamp.on_message = on_message
lamp.on_connect = lambda client, *_: client.subscribe(f"{LAMP}/command/+", 1)
lamp.connect(sys.argv[1], int(sys.argv[2]))
lamp.loop_forever()
