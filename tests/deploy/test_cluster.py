"""deploy/rmqtt, as far as it can be held without the broker: scripts/test-cluster runs it."""

import tomllib
from collections import Counter
from random import Random
from typing import Any

import pytest

from bench.soak.cluster import BEFORE_S, FAULTS, Befallen, plan, shares, spans
from ingest.receive import SessionOptions
from mqttlink import Address
from tests.servers.hosts import Host, Network
from tests.servers.rmqtt import CONFIGURATION, PORT

BROKER = tomllib.loads((CONFIGURATION / "rmqtt.toml").read_text())
PLUGINS = {path.stem: tomllib.loads(path.read_text()) for path in (CONFIGURATION / "plugins").glob("*.toml")}
LISTENER: dict[str, Any] = BROKER["listener"]["tcp"]["external"]
HOSTS = [Host(number=number) for number in (1, 2, 3)]


def test_each_plugin_that_starts_has_its_settings_and_there_are_no_others() -> None:
    assert set(PLUGINS) == set(BROKER["plugins"]["default_startups"])


@pytest.mark.parametrize(
    ("setting", "port"),
    [("node_grpc_addrs", BROKER["rpc"]["server_addr"].rpartition(":")[2]), ("raft_peer_addrs", "6003")],
)
def test_each_node_knows_all_by_their_addresses_in_the_network_that_is_theirs(setting: str, port: str) -> None:
    wanted = [f"{host.number}@{host.address(Network.CLUSTER)}:{port}" for host in HOSTS]
    assert PLUGINS["rmqtt-cluster-raft"][setting] == wanted


def test_gateways_find_the_broker_where_it_listens_and_its_administration_is_the_host_s_own() -> None:
    assert LISTENER["addr"] == f"0.0.0.0:{PORT}"
    assert PLUGINS["rmqtt-http-api"]["http_laddr"].startswith("127.0.0.1:")


def test_the_ingester_s_sessions_fit() -> None:
    ours = SessionOptions(address=Address(host="127.0.0.1", port=PORT))
    assert LISTENER["min_keepalive"] <= ours.keep_alive_s
    assert int(LISTENER["session_expiry_interval"].removesuffix("h")) * 3600 >= ours.session_expiry_s
    assert LISTENER["max_mqueue_len"] > ours.receive_max > LISTENER["max_inflight"]


def test_every_fault_comes_as_often_as_another_and_at_every_host() -> None:
    faults = plan(HOSTS, 30, Random(1))
    assert set(Counter((kind.name, host.number) for kind, host in faults).values()) == {2}
    assert plan(HOSTS, 30, Random(1)) == faults != plan(HOSTS, 30, Random(2))
    assert len({kind.name for kind in FAULTS}) == len(FAULTS)


def test_what_is_lost_is_put_to_one_fault_each_and_the_rest_to_the_promise() -> None:
    begins = [5.2, 60.0, 99.6, 400.0]
    parts = spans(begins, 300)
    assert parts == [(0, 60 - BEFORE_S), (60 - BEFORE_S, 100 - BEFORE_S), (100 - BEFORE_S, 300), (300, 300)]
    done = [
        Befallen(kind=kind.name, host=1, began_s=0.0, promised=kind.promised, recovered_s=1.0, lost=2)
        for kind in FAULTS
        for _ in range(3)
    ]
    beyond = 2 * 3 * sum(not kind.promised for kind in FAULTS)
    assert shares(done, 100) == {"lost, promised": 100 - beyond, "lost, not promised": beyond}
    assert 0 < beyond < 2 * len(done)
