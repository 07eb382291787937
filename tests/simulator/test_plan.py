"""Which devices a number of devices means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.town import default_town
from sectors import KINDS, SECTORS
from simulator.errors import SelectionError
from simulator.plan import Plan, make_plan
from tests.simulator.conftest import select


def names(plan: Plan) -> set[str]:
    return {group.kind.device(number + 1) for group in plan.groups for number in group.device.tolist()}


@given(st.integers(1, 3000), st.integers(1, 500))
def test_n_devices_are_a_prefix_of_more_devices(count: int, more: int) -> None:
    fewer = names(make_plan(select(devices=count)))
    assert len(fewer) == count
    assert fewer < names(make_plan(select(devices=count + more)))


@given(st.integers(1, 400), st.integers(0, 400))
def test_first_device_leaves_out_just_the_ones_before(count: int, first: int) -> None:
    rest = names(make_plan(select(devices=count, first_device=first)))
    everything = names(make_plan(select(devices=count + first)))
    assert rest == everything - (names(make_plan(select(devices=first))) if first else set())


def test_kinds_are_observed_in_proportion_to_their_weight() -> None:
    plan = make_plan(select(devices=10_000))
    total = sum(kind.per_cell for kind in KINDS.values())
    for group in plan.groups:
        assert len(group.device) == pytest.approx(10_000 * group.kind.per_cell / total, abs=1)


def test_the_default_town_is_two_whole_cells_of_every_kind() -> None:
    town = default_town(SECTORS)
    plan = make_plan(select(town=town, devices=town.devices))
    assert {group.kind.name: len(group.device) for group in plan.groups} == {
        kind.name: 2 * kind.per_cell for kind in KINDS.values()
    }


@given(st.integers(1, 600), st.integers(1, 5))
def test_gateways_divide_the_devices_among_them(count: int, shards: int) -> None:
    plan = make_plan(select(devices=count))
    parts = [names(gateway.plan) for gateway in plan.gateways(shards)]
    assert sum(map(len, parts)) == count
    assert set().union(*parts) == names(plan)
    assert len({gateway.client_id for gateway in plan.gateways(shards)}) == len(parts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sectors": ("farming",)}, "--sector farming: not known; choose from agriculture"),
        ({"kinds": ("probe",)}, "--kind probe: not known"),
        ({"kinds": ("battery",), "sectors": ("transport",)}, "--kind: none of the kinds"),
        ({"devices": 0}, "--devices 0"),
        ({"interval_ms": 0}, "--interval"),
    ],
)
def test_a_mistaken_selection_names_the_option(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        select(**changes)
