// One client a device, as most people write it with MQTT.js: HOST PORT DEVICES RAMP_SECONDS, until SIGTERM.
import mqtt from "mqtt";

const [host, port, devices, ramp] = process.argv.slice(2);
const clients = [];
let sent = 0;
let acknowledged = 0;

const normal = (mean, sigma) =>
  mean + sigma * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const round = (value, decimals) => Number(value.toFixed(decimals));

function device(number) {
  const name = `soil-probe-${String(number).padStart(6, "0")}`;
  const topic = `park/agriculture/yangshan/soil_probe/${name}`;
  const client = mqtt.connect(`mqtt://${host}:${port}`, {
    protocolVersion: 5,
    clientId: name,
    keepalive: 60,
    will: { topic: `${topic}/state`, payload: '{"state":"offline"}', qos: 1, retain: true },
  });
  clients.push(client);
  client.on("error", (error) => console.error(error.message));
  client.once("connect", () => {
    let seq = 0;
    client.timer = setInterval(() => {
      sent += 1;
      const reading = {
        ts: Date.now(),
        seq: seq++,
        soil_moisture: round(normal(0.3, 0.05), 3),
        soil_temperature: round(normal(15, 3), 1),
        soil_moisture_ec: round(normal(1.2, 0.1), 2),
        battery_voltage: round(3.4 + 0.4 * Math.random(), 2),
      };
      const options = { qos: 1, properties: { contentType: "application/json" } };
      client.publish(`${topic}/telemetry`, JSON.stringify(reading), options, (error) => {
        if (!error) acknowledged += 1;
      });
    }, 1000);
  });
}

for (let number = 1; number <= Number(devices); number++) {
  setTimeout(device, (1000 * Number(ramp) * number) / Number(devices), number);
}

process.on("SIGTERM", () => {
  console.log(JSON.stringify({ sent, acknowledged }));
  process.exit(0);
});
