"""One MQTT 5 session with a broker, held through every fault."""
