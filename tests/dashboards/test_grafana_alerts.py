"""Grafana's files of alert rules: within its rules, and leading to panels that are there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.models import alerting as sdk
from grafana_foundation_sdk.models import expr

from dashboards import build, grafana
from dashboards.alerting.rules import rules
from dashboards.definitions import dashboards
from dashboards.grafana.alerts import sdk_rule

PAGES = dashboards()
RULES = rules(PAGES)
FILES = {path.stem: json.loads(text) for path, text in build.pages().items() if path.parent.name == "alerts"}
SECONDS = re.compile(r"\d+s")


def provisioned() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [(slug, group, rule) for slug, file in FILES.items() for group in file["groups"] for rule in group["rules"]]


def test_every_rule_is_provisioned_once() -> None:
    uids = [rule["uid"] for _, _, rule in provisioned()]
    assert sorted(uids) == sorted(f"park-{rule.alert.name}" for rule in RULES)
    assert len(set(uids)) == len(uids)
    assert all(len(uid) <= 40 for uid in uids)


def test_groups_have_names_of_their_own_and_an_interval() -> None:
    groups = [group for file in FILES.values() for group in file["groups"]]
    names = [group["name"] for group in groups]
    assert len(set(names)) == len(names)
    for group in groups:
        assert SECONDS.fullmatch(group["interval"])
        assert int(group["interval"][:-1]) % 10 == 0  # Grafana's scheduler counts in tens of seconds
        titles = [rule["title"] for rule in group["rules"]]
        assert len(set(titles)) == len(titles)


def test_titles_are_unique_in_the_folder() -> None:
    titles = [rule["title"] for _, _, rule in provisioned()]
    assert len(set(titles)) == len(titles)


def test_a_rule_has_what_grafana_asks_for() -> None:
    for slug, _, rule in provisioned():
        assert [query["refId"] for query in rule["data"]] == ["A", "B", "C"]
        assert rule["condition"] == "C"
        assert SECONDS.fullmatch(rule["for"])
        assert rule["noDataState"] in {"OK", "Alerting", "NoData", "KeepLast"}
        assert rule["labels"] == {"severity": rule["labels"]["severity"], "page": slug}
        asked, reduced, judged = rule["data"]
        assert asked["datasourceUid"] == "park-influxdb"
        assert asked["relativeTimeRange"]["from"] >= 60
        assert "$timeFilter" in asked["model"]["query"]
        assert "$site" not in asked["model"]["query"]  # rules have no variables
        assert "$__interval" not in asked["model"]["query"]
        assert (reduced["datasourceUid"], judged["datasourceUid"]) == ("__expr__", "__expr__")
        assert reduced["model"]["expression"] == "A"
        assert judged["model"]["expression"] == "B"


def test_its_expressions_are_those_of_the_sdk() -> None:
    for _, _, rule in provisioned():
        _, reduced, judged = rule["data"]
        again = expr.TypeReduce.from_json(reduced["model"]).to_json()
        assert {**again, "settings": reduced["model"]["settings"]} == reduced["model"]
        threshold = expr.TypeThreshold.from_json(judged["model"])
        assert threshold.type_val == "threshold"
        assert len(threshold.conditions) == 1
        assert threshold.conditions[0].evaluator.params == judged["model"]["conditions"][0]["evaluator"]["params"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.alert.name)
def test_it_is_a_rule_of_the_sdk(rule: Any) -> None:
    built = sdk_rule(rule, rule.fitted(None))
    assert isinstance(built, sdk.Rule)
    assert built.title == rule.alert.title
    assert len(built.data) == 3


def test_links_lead_to_the_panel_that_shows_it() -> None:
    pages = {f"park-{page.slug}": json.loads(grafana.render(page)) for page in PAGES}
    for _, _, rule in provisioned():
        panels = {panel["id"]: panel["title"] for panel in pages[rule["dashboardUid"]]["panels"]}
        known = next(one for one in RULES if f"park-{one.alert.name}" == rule["uid"])
        if known.panel is None:
            assert "panelId" not in rule
            continue
        assert panels[rule["panelId"]] == known.panel.title
        assert rule["annotations"]["__panelId__"] == str(rule["panelId"])
        assert rule["annotations"]["__dashboardUid__"] == rule["dashboardUid"]


def test_no_file_of_rules_looks_like_a_dashboard() -> None:
    assert all(path.suffix == ".yaml" for path in build.pages() if path.parent == build.ALERTS)


def test_a_file_of_rules_that_is_no_more_goes(tmp_path: Path) -> None:
    build.write(tmp_path)
    gone = tmp_path / build.OUT / build.ALERTS / "gone.yaml"
    gone.write_text("{}")
    assert build.write(tmp_path) == [build.OUT / build.ALERTS / "gone.yaml"]
    assert not gone.exists()
