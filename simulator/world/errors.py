"""Errors of the world.

WorldError
├── UnknownCountryError    no calendar of the town's country
├── UnknownClimateError    no climate of that name
└── BeforeTheTownError     a day before the commissioning was asked for
"""

from park.errors import ParkError


class WorldError(ParkError):
    """Base of every error that the world raises."""


class UnknownCountryError(WorldError):
    """No calendar of the town's country is known."""


class UnknownClimateError(WorldError):
    """No climate of the town's is known."""


class BeforeTheTownError(WorldError):
    """A day before the commissioning was asked for."""
