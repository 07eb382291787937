"""Rules that watch the town and command it: `park control`.

A rule says what has to hold, and what devices are then told. Deciding is a pure function of what is known
and what was heard; one file alone speaks MQTT, on aiomqtt.
"""
