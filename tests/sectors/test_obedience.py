"""Orders change what comes after them, at the devices that they were given to, and nothing else."""

import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np
import pytest

from park.catalogue import Sector
from park.model import Orders
from sectors import SECTORS
from tests.sectors import heaters
from tests.sectors.obedience import (
    HOUR,
    MORNING,
    START,
    Trial,
    made,
    nothing_changes_without_orders,
    order_of_arrival_does_not_matter,
    orders_show,
    others_are_left_alone,
    rows_of,
    same,
    what_was_before_stays,
)

ALL = {**SECTORS, heaters.SECTOR.name: heaters.SECTOR}
OBEDIENT = {name: sector for name, sector in ALL.items() if sector.actions}
EVERY = pytest.mark.parametrize("sector", ALL.values(), ids=ALL)


def becomes(monkeypatch: pytest.MonkeyPatch, model: type[heaters.Heaters]) -> None:
    module = ModuleType("sectors.heaters.model")
    module.MODEL = model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture(autouse=True)
def _heaters(monkeypatch: pytest.MonkeyPatch) -> None:
    becomes(monkeypatch, heaters.Heaters)


def often(check: Callable[[Trial, int], None], trial: Trial) -> None:
    """With many orders, where there are any to give."""
    for seed in (1, 2, 3, 4) if trial.sector.actions else (1,):
        check(trial, seed)


@EVERY
def test_nothing_changes_without_orders(sector: Sector) -> None:
    nothing_changes_without_orders(Trial.of(sector))


@EVERY
def test_the_order_in_which_they_arrive_does_not_matter(sector: Sector) -> None:
    order_of_arrival_does_not_matter(Trial.of(sector), 5)


@EVERY
def test_what_was_before_an_order_stays(sector: Sector) -> None:
    often(what_was_before_stays, Trial.of(sector))


@EVERY
def test_an_order_changes_its_own_cell_alone(sector: Sector) -> None:
    often(others_are_left_alone, Trial.of(sector))


@pytest.mark.parametrize("sector", OBEDIENT.values(), ids=OBEDIENT)
def test_orders_show_in_time(sector: Sector) -> None:
    orders_show(Trial.of(sector), 6)


@pytest.mark.parametrize("sector", OBEDIENT.values(), ids=OBEDIENT)
def test_many_cells_obey_as_few_do(sector: Sector) -> None:
    few, many = (Trial.of(sector, cells=cells, interval_ms=600_000) for cells in (3, 150))
    drawn = rows_of(few.random_orders(np.random.default_rng(7), 6))
    beyond = [(cell + 140, unit, action, at, values) for cell, unit, action, at, values in drawn]
    for one, other in zip(few.readings(made(drawn)), many.readings(made([*drawn, *beyond])), strict=True):
        some = other.take(np.isin(other.device, one.device))
        assert same([one], [some])


def stays_told(trial: Trial) -> None:
    """Told in the evening, a heater keeps it in the morning."""
    order = Orders.of(cell=[1], unit=[0], action=[heaters.SET_TARGET], effective=[MORNING - HOUR], value=[[26.5, 2.0]])
    (seen,) = trial.readings(order)
    device = 1 * heaters.HEATER.per_cell
    target = seen.values["target"][(seen.device == device) & (seen.ts >= MORNING - HOUR + 300_000)]
    assert len(target) > 1000
    assert (target == 265_000).all()


def test_a_kind_that_carries_all_does_not_forget_at_the_days_end() -> None:
    stays_told(Trial.of(heaters.SECTOR))


def test_a_heater_warms_up_when_told() -> None:
    trial = Trial.of(heaters.SECTOR)
    order = Orders.of(cell=[0], unit=[1], action=[heaters.SET_TARGET], effective=[START + HOUR], value=[[30.0, 2.0]])
    (told,), (plain,) = trial.readings(order), trial.readings(None)
    late = (told.device == 1) & (told.ts > START + 3 * HOUR)
    assert (told.values["temperature"] - plain.values["temperature"])[late].min() > 20_000


MUTANTS: dict[type[heaters.Heaters], Callable[[Trial], None]] = {
    heaters.Foreseeing: partial(often, what_was_before_stays),
    heaters.Replanning: partial(often, what_was_before_stays),
    heaters.Crowded: partial(often, others_are_left_alone),
    heaters.Remembering: partial(often, order_of_arrival_does_not_matter),
    heaters.Forgetful: stays_told,
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_model_that_breaks_it_is_caught(mutant: type[heaters.Heaters], monkeypatch: pytest.MonkeyPatch) -> None:
    becomes(monkeypatch, mutant)
    with pytest.raises(AssertionError):
        MUTANTS[mutant](Trial.of(heaters.SECTOR))
