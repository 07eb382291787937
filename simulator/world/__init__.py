"""One seeded world that every sector reads: sun, weather and calendar."""

from simulator.world.errors import BeforeTheTownError, UnknownClimateError, UnknownCountryError, WorldError
from simulator.world.places import Places
from simulator.world.world import World

__all__ = ["BeforeTheTownError", "Places", "UnknownClimateError", "UnknownCountryError", "World", "WorldError"]
