"""One seeded world that every sector reads: sun, weather and calendar."""

from simulator.world.errors import BeforeTheTownError, UnknownCountryError, WorldError
from simulator.world.world import World

__all__ = ["BeforeTheTownError", "UnknownCountryError", "World", "WorldError"]
