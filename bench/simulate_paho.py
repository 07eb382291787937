"""The publish loop that most people would write: HOST PORT DEVICES MESSAGES."""

import json
import random
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def main(host: str, port: str, devices: str, messages: str) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench-paho", protocol=mqtt.MQTTv5)
    client.connect(host, int(port))
    client.loop_start()
    count, waiting = int(devices), []
    for number in range(int(messages)):
        reading = {
            "ts": int(time.time() * 1000),
            "seq": number // count,
            "soil_moisture": round(random.gauss(0.3, 0.05), 3),
            "soil_temperature": round(random.gauss(15, 3), 1),
            "soil_moisture_ec": round(random.gauss(1.2, 0.1), 2),
            "battery_voltage": round(random.uniform(3.4, 3.8), 2),
        }
        topic = f"park/agriculture/yangshan/soil_probe/soil-probe-{number % count:06d}/telemetry"
        waiting.append(client.publish(topic, json.dumps(reading), qos=1))
    for sent in waiting:
        sent.wait_for_publish()
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
