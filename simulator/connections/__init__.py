"""A connection for each device, all of one process behind one set of timers."""
