"""The park's devices: one seeded world, fleets of devices in it, their readings, and what should be stored."""
