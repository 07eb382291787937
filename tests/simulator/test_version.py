"""The models' version stands for the bytes that they make."""

from simulator.version import MODELS_VERSION, SEALS
from tests.simulator.specimens import digest


def test_other_bytes_have_another_version() -> None:
    made = digest()
    assert SEALS[MODELS_VERSION] == made, (
        f"what the models make has changed: in simulator/version.py raise MODELS_VERSION by one, sealed with {made!r}"
    )


def test_every_version_so_far_is_sealed_and_no_two_alike() -> None:
    assert list(SEALS) == list(range(1, MODELS_VERSION + 1))
    assert len(set(SEALS.values())) == len(SEALS)
