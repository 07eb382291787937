"""Which devices a number of devices means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.town import default_town
from sectors import KINDS, SECTORS
from simulator.errors import SelectionError
from simulator.plan import GatewayPlan, Plan, Shards, make_plan
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
    parts = [names(gateway.plan) for gateway in plan.gateways(Shards(total=shards))]
    assert sum(map(len, parts)) == count
    assert set().union(*parts) == names(plan)
    assert len({gateway.client_id for gateway in plan.gateways(Shards(total=shards))}) == len(parts)


@given(st.integers(1, 900), st.integers(1, 300), st.integers(2, 6), st.data())
def test_hosts_share_neither_a_cell_nor_a_client_id(count: int, more: int, total: int, data: st.DataObject) -> None:
    """Not even while one of them still observes fewer devices than the other."""
    cut = data.draw(st.integers(0, total - 2))
    one = make_plan(select(devices=count)).gateways(Shards(total=total, here=(0, cut)))
    other = make_plan(select(devices=count + more)).gateways(Shards(total=total, here=(cut + 1, total - 1)))
    assert not {gateway.client_id for gateway in one} & {gateway.client_id for gateway in other}
    assert not cells(one) & cells(other)
    everything = make_plan(select(devices=count)).gateways(Shards(total=total))
    assert cells(one) <= cells(everything)
    assert {gateway.client_id for gateway in one} == {
        gateway.client_id for gateway in everything if gateway.shard <= cut
    }


def cells(gateways: list[GatewayPlan]) -> set[tuple[str, int]]:
    return {
        (group.sector.name, cell)
        for gateway in gateways
        for group in gateway.plan.groups
        for cell in group.cell.tolist()
    }


@pytest.mark.parametrize("shards", [(0, None), (4, (0, 4)), (4, (2, 1)), (4, (-1, 1))], ids=str)
def test_shards_that_there_are_not_are_refused(shards: tuple[int, tuple[int, int] | None]) -> None:
    total, here = shards
    with pytest.raises(SelectionError, match="--shard"):
        Shards(total=total, here=here)


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
