"""compose.yaml keeps the promises of its security: ports, passwords, images, privileges."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana.town import DRAWING
from ingest.decode import MAX_PAYLOAD
from park.topics import MAX_TOPIC
from park.town import default_town
from sectors import SECTORS
from tests.deploy.brokers import CONF, LISTENERS
from tests.deploy.program import ROOT, make_secrets
from tests.servers import http
from tests.servers.influxdb2 import run_influxdb2

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"secrets", "tokens"}
TOOLS = {"load", "verify", "forget", "backup", "command"}  # run when asked for; their end is their result
AS_ROOT = {"secrets", "tokens", "forget", "backup"}
SECRET_WORDS = ("PASSWORD", "TOKEN", "SECRET")
every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_the_services_are_those_of_the_park() -> None:
    assert set(SERVICES) == ONCE | TOOLS | {
        *("mosquitto", "influxdb", "ingester", "rollup", "simulator", "control", "grafana")
    }


@every_service
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert str(port).startswith("127.0.0.1:"), port


@every_service
def test_secrets_come_from_files(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if any(word in variable for word in SECRET_WORDS):
            assert variable.endswith(("_FILE", "_DIR")), variable
            assert str(value).startswith("/run/park/"), variable


@every_service
def test_images_are_pinned(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert tag, image
    assert tag != "latest"


@every_service
def test_services_have_no_privileges_and_no_writable_image(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    if name in AS_ROOT:
        assert set(service["cap_add"]) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER"}
    else:
        assert "cap_add" not in service
        assert int(service["user"].split(":")[0]) > 0


@every_service
def test_memory_and_processes_are_bounded(name: str) -> None:
    assert bytes_of(SERVICES[name]["mem_limit"]) > 0
    assert 0 < SERVICES[name]["pids_limit"] <= 512


def bytes_of(text: str) -> int:
    """A size as compose writes it: 512m, 1g."""
    return int(text[:-1]) * {"m": 2**20, "g": 2**30}[text[-1]]


def broker_setting(name: str) -> int:
    """A number of mosquitto.conf, or of both its listeners."""
    texts = [CONF.read_text(encoding="utf-8"), *(path.read_text(encoding="utf-8") for path in LISTENERS.iterdir())]
    (value,) = {line.split()[1] for text in texts for line in text.splitlines() if line.startswith(f"{name} ")}
    return int(value)


def test_the_brokers_limits_follow_from_their_arithmetic() -> None:
    queue = broker_setting("max_queued_messages") * 384 + broker_setting("max_queued_bytes")
    under_way = broker_setting("max_connections") * broker_setting("max_inflight_messages") * 400
    queues = len(default_town(SECTORS).sites) + 1  # one is retired after an upgrade
    assert queues * queue + under_way < 0.8 * bytes_of(SERVICES["mosquitto"]["mem_limit"])
    assert broker_setting("max_packet_size") == MAX_PAYLOAD + MAX_TOPIC + 208
    accounts = make_secrets.logins([site.name for site in default_town(SECTORS).sites], shards=1, members=4)
    assert len(accounts) * 2 < broker_setting("max_connections")


def test_each_program_logs_in_as_an_account_that_is_made() -> None:
    sites = [site.name for site in default_town(SECTORS).sites]
    made = {login.name for login in make_secrets.logins(sites, shards=1, members=4)}
    assert {f"park-ingest-{site}" for site in sites} <= made
    assert SERVICES["ingester"]["environment"]["PARK_MQTT_PASSWORD_DIR"] == "/run/park/ingest"
    (broker,) = (word for word in SERVICES["ingester"]["command"] if word.startswith("--broker="))
    assert "@" not in broker
    (broker,) = (word for word in SERVICES["control"]["command"] if word.startswith("--broker="))
    assert f"://{make_secrets.CONTROL}@" in broker
    assert {make_secrets.CONTROL, make_secrets.COMMAND} <= made
    assert SERVICES["control"]["environment"]["PARK_MQTT_PASSWORD_DIR"] == "/run/park/control"


def test_the_ingester_holds_a_session_for_each_site_of_the_town() -> None:
    named = [word.removeprefix("--site=") for word in SERVICES["ingester"]["command"] if word.startswith("--site=")]
    assert named == [site.name for site in default_town(SECTORS).sites]


@every_service
def test_the_secrets_are_writable_to_their_maker_only(name: str) -> None:
    mounts = [one for one in SERVICES[name]["volumes"] if isinstance(one, str) and one.startswith("secrets:")]
    if name == "backup":
        assert SERVICES[name]["network_mode"] == "none"
        return
    assert mounts == ["secrets:/run/park" if name in ONCE else "secrets:/run/park:ro"]


@every_service
def test_long_running_services_restart_report_their_health_and_stop_in_order(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE | TOOLS:
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    assert "stop_grace_period" in service
    assert service["healthcheck"]["test"]


def test_no_service_starts_before_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, condition in service.get("depends_on", {}).items():
            ends = needed in ONCE
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert condition == {"condition": wanted}, (name, needed)


def test_each_secret_is_given_to_the_user_of_its_service() -> None:
    readers = {owner: "ingester" if owner == "ingest" else owner for owner in make_secrets.OWNERS}
    del readers["detector"]  # somebody else's program
    assert {make_secrets.OWNERS[name] for name in ("authority", "tls")} == {0}
    del readers["authority"], readers["tls"]  # its maker's alone, and everybody's
    assert set(readers.values()) == set(SERVICES) - ONCE - (TOOLS - {"verify", "command"})
    for owner, service in readers.items():
        assert SERVICES[service]["user"] == f"{make_secrets.OWNERS[owner]}:{make_secrets.OWNERS[owner]}"


def test_a_load_is_a_simulator_that_may_verify_and_no_other_service_may() -> None:
    reader = str(make_secrets.OWNERS["verify"])
    assert SERVICES["load"]["user"] == SERVICES["simulator"]["user"]
    assert {name for name, service in SERVICES.items() if reader in service.get("group_add", [])} == {"load"}


def test_the_backup_holds_every_volume() -> None:
    held = {volume.partition(":")[0] for volume in SERVICES["backup"]["volumes"]}
    assert set(COMPOSE["volumes"]) <= held


def test_the_database_answers_nobody_about_itself() -> None:
    environment = SERVICES["influxdb"]["environment"]
    assert environment["INFLUXD_PPROF_DISABLED"] == environment["INFLUXD_METRICS_DISABLED"] == "true"


def test_metrics_and_profiles_of_the_database_are_closed_by_these_settings(tmp_path: Path) -> None:
    """As options here, whose names are those of the variables."""
    with run_influxdb2(tmp_path, options=["--pprof-disabled", "--metrics-disabled"]) as server:
        for path in ("metrics", "debug/pprof/", "debug/pprof/heap", "debug/pprof/cmdline"):
            try:
                answer = http.call(f"{server.url}/{path}")
            except http.HttpError:
                continue
            assert b"go_goroutines" not in answer, path
            assert b"influxd" not in answer.lower() or b"<html" in answer.lower(), path


def test_grafana_reads_the_park_through_a_token_file_and_the_committed_dashboards() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioning / "datasources" / "park.yaml").read_text(encoding="utf-8"))
    (source,) = sources["datasources"]
    assert source["type"] == "influxdb"
    assert source["jsonData"]["version"] == "InfluxQL"
    assert source["jsonData"]["dbName"] == "park"
    assert source["jsonData"]["httpHeaderName1"] == "Authorization"
    assert source["secureJsonData"] == {"httpHeaderValue1": "Token $__file{/run/park/grafana/store-token}"}
    providers = yaml.safe_load((provisioning / "dashboards" / "park.yaml").read_text(encoding="utf-8"))
    (provider,) = providers["providers"]
    mounts = SERVICES["grafana"]["volumes"]
    assert f"./dashboards/out:{provider['options']['path']}:ro" in mounts
    for folder in ("datasources", "dashboards"):
        assert f"./deploy/grafana/provisioning/{folder}:/etc/grafana/provisioning/{folder}:ro" in mounts
    assert "./dashboards/out/alerts:/etc/grafana/provisioning/alerting:ro" in mounts
    drawing = "dashboards/out/maps/park.geojson"
    assert (ROOT / drawing).is_file()
    assert f"./{drawing}:/usr/share/grafana/{DRAWING}:ro" in mounts


def datasource_uids(node: object) -> set[str]:
    """Every data source that a dashboard's JSON names by uid, variables left out."""
    if isinstance(node, list):
        return {uid for item in node for uid in datasource_uids(item)}
    if not isinstance(node, dict):
        return set()
    named = node.get("datasource")
    own = {named["uid"]} if isinstance(named, dict) and named.get("type") == "influxdb" else set()
    return own | datasource_uids(list(node.values()))


def test_the_dashboards_ask_for_the_data_source_that_grafana_is_given() -> None:
    source = ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "park.yaml"
    (provided,) = yaml.safe_load(source.read_text(encoding="utf-8"))["datasources"]
    dashboards = sorted((ROOT / "dashboards" / "out").glob("*.json"))
    assert dashboards
    for dashboard in dashboards:
        assert datasource_uids(json.loads(dashboard.read_text(encoding="utf-8"))) == {provided["uid"]}, dashboard
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).name
    assert home in {dashboard.name for dashboard in dashboards}


def resolved(profile: str | None = None, **environment: str) -> dict[str, Any]:
    """The services that `docker compose` starts, as it reads the file."""
    docker = shutil.which("docker") or "docker"
    asked = [docker, "compose", *(["--profile", profile] if profile else []), "config", "--format", "json"]
    if (
        not shutil.which(docker)
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose is not on PATH")
    asked = [docker, "compose", *(["--profile", profile] if profile else []), "config", "--format", "json"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PARK_", "COMPOSE_"))}
    answer = subprocess.run(
        asked, cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stderr
    services: dict[str, Any] = json.loads(answer.stdout)["services"]
    return services


def test_compose_starts_the_town_unless_it_is_told_to_load() -> None:
    lasting = set(SERVICES) - TOOLS
    assert set(resolved()) == lasting
    assert set(resolved("load")) == lasting - {"simulator", "control"} | {"load"}
    assert set(resolved("*")) == set(SERVICES)


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({}, {"backfill": "24h"}),
        ({"PARK_DEVICES": "1000"}, {"devices": "1000", "backfill": "1h"}),
        ({"PARK_DEVICES": "1000", "PARK_INTERVAL": "1s"}, {"devices": "1000", "interval": "1s", "backfill": "1m"}),
        ({"PARK_INTERVAL": "10s", "PARK_BACKFILL": "2h"}, {"interval": "10s", "backfill": "2h"}),
    ],
)
def test_the_environment_says_how_many_devices_and_how_often(
    environment: dict[str, str], options: dict[str, str]
) -> None:
    services = resolved("*", **environment)
    words = [word.removeprefix("--").partition("=") for word in services["simulator"]["command"]]
    given = {name: value for name, _, value in words if name in {"devices", "interval", "backfill"}}
    assert given == options
    selection = {f"--{name}={value}" for name, value in options.items() if name != "backfill"}
    assert selection == {
        word for word in services["verify"]["entrypoint"] if word.startswith(("--devices", "--interval"))
    }


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_one_word_puts_the_broker_and_all_who_speak_to_it_behind_tls(scheme: str) -> None:
    services = resolved("*", **({"PARK_MQTT": "mqtts"} if scheme == "mqtts" else {}))
    said = {name: " ".join([*(one["command"] or []), *(one["entrypoint"] or [])]) for name, one in services.items()}
    speaking = {name for name, words in said.items() if "--broker=" in words}
    assert speaking == {"ingester", "simulator", "control", "load", "command"}
    for name in speaking:
        assert re.search(rf"--broker={scheme}://(\S+@)?mosquitto( |$)", said[name]), name
        assert services[name]["environment"]["SSL_CERT_FILE"] == "/run/park/tls/ca.pem"
        assert services[name]["environment"]["SSL_CERT_DIR"] == "/run/park/tls"  # no authority beside it
    (listener,) = [mount for mount in services["mosquitto"]["volumes"] if "listener" in mount["target"]]
    assert Path(listener["source"]) == LISTENERS / f"{scheme}.conf"


def test_what_the_image_copies_is_sent_to_the_builder() -> None:
    sent = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied: set[str] = set()
    for line in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines():
        verb, *words = line.split() or [""]
        if verb == "COPY" and not words[0].startswith("--from"):
            copied.update(words[:-1])
    assert copied
    assert sent[0] == "*"
    assert {name for name in copied if f"!{name}" not in sent} == set()
