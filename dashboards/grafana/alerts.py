# ruff: noqa: S608  (names come from the catalogue)
"""Alert rules as Grafana is provisioned with them: a group for each page and interval, in one file a page.

The SDK's `Rule` is what Grafana's API takes. A provisioned file has the same without the folder, the group and the
organisation, which stand above the rules, and with the panel to which each leads.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from grafana_foundation_sdk.builders import alerting as builders
from grafana_foundation_sdk.builders import expr
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import alerting as models

from dashboards.alerting.rules import Rule
from dashboards.grafana.page import panel_id, uid
from dashboards.grafana.query import DATASOURCE, InfluxQuery, Target
from dashboards.sources import influxql_text
from park.alert import Alert, Reduce
from park.catalogue import ValueType

#: By Grafana's names; the answer of a rise is one point already.
_REDUCERS: Mapping[Reduce, Literal["last", "mean", "min", "max", "sum", "count"]] = {
    Reduce.LAST: "last",
    Reduce.MEAN: "mean",
    Reduce.MIN: "min",
    Reduce.MAX: "max",
    Reduce.SUM: "sum",
    Reduce.COUNT: "count",
    Reduce.RISE: "last",
}
FOLDER = "Park"
EXPRESSION = "__expr__"
_ABOVE_THE_RULES = ("folderUID", "ruleGroup", "orgID")


def render(rules: Sequence[Rule], intervals_s: Mapping[str, float]) -> str:
    """The provisioned file of some rules, as JSON, which is YAML too.

    Args:
        rules: of one page.
        intervals_s: how often the devices of a kind report, where it is not what the catalogue says.
    """
    fitted = [(rule, rule.fitted(intervals_s.get(rule.alert.measurement))) for rule in rules]
    groups = [
        {
            "orgId": 1,
            "name": f"{rules[0].page.title}, every {every} s",
            "folder": FOLDER,
            "interval": f"{every}s",
            "rules": [_rule(rule, alert) for rule, alert in fitted if alert.every_s == every],
        }
        for every in sorted({alert.every_s for _, alert in fitted})
    ]
    whole = {"apiVersion": 1, "groups": groups}
    return json.dumps(whole, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _rule(rule: Rule, alert: Alert) -> dict[str, Any]:
    built = sdk_rule(rule, alert)
    whole: dict[str, Any] = json.loads(json.dumps(built, cls=JSONEncoder))
    panel = {} if rule.panel is None else {"panelId": panel_id(rule.page, rule.panel)}
    kept = {key: value for key, value in whole.items() if key not in _ABOVE_THE_RULES}
    return {**kept, "noDataState": alert.no_data.value, "dashboardUid": uid(rule.page.slug), **panel}


def sdk_rule(rule: Rule, alert: Alert) -> models.Rule:
    """The rule by the SDK: its question, its reduction, its threshold."""
    back = models.RelativeTimeRange(from_val=alert.over_s, to=0)
    asked = Target(query=InfluxQuery(ref_id="A", query=question(rule, alert), result_format="time_series"))
    builder = (
        builders.Rule(alert.title)
        .uid(f"park-{alert.name}")
        .folder_uid(FOLDER)
        .rule_group(rule.page.slug)
        .for_val(f"{alert.for_s}s")
        .condition("C")
        .exec_err_state("Error")
        .no_data_state("OK")
        .labels({"severity": alert.severity.value, "page": rule.page.slug})
        .annotations(_annotations(rule, alert))
        .with_query(builders.Query("A").datasource_uid(str(DATASOURCE.uid)).model(asked).relative_time_range(back))
    )
    for ref, expression in (("B", _reduce(alert)), ("C", _threshold(alert))):
        nothing = models.RelativeTimeRange(from_val=0, to=0)
        query = builders.Query(ref).datasource_uid(EXPRESSION).model(expression).relative_time_range(nothing)
        builder.with_query(query)
    return builder.build()


def _annotations(rule: Rule, alert: Alert) -> dict[str, str]:
    where = " ".join(f"{{{{ $labels.{tag} }}}}" for tag in alert.by)
    found = {"summary": f"{alert.title}: {where}", "description": alert.advice}
    if rule.panel is not None:
        place = {"__dashboardUid__": uid(rule.page.slug), "__panelId__": str(panel_id(rule.page, rule.panel))}
        found |= place
    return found


def question(rule: Rule, alert: Alert) -> str:
    """What is asked in InfluxQL: the points of the time looked at, or, of a state, whether it is so, or their rise."""
    asked = rule.question.course
    if alert.states:
        return _newest_state(rule, alert)
    if alert.reduce is Reduce.RISE:
        return _rise(rule, alert)
    text = influxql_text.statements(asked, f"time({alert.every_s}s, now())")[0]
    return text.replace(" fill(none)", " fill(0)") if alert.counts else text


def _newest_state(rule: Rule, alert: Alert) -> str:
    """A one for each series whose newest reading is in one of the rule's states; nothing for the others."""
    asked, values = rule.question.course, alert.states
    field, tags = f'"{alert.field}"', ", ".join(f'"{tag}"' for tag in alert.by)
    newest = f'SELECT last({field}) AS {field} FROM "{asked.measurement}" WHERE $timeFilter GROUP BY {tags}'
    boolean = rule.question.channel(alert.field).type is ValueType.BOOL
    wanted = " OR ".join(f"{field} = {value}" if boolean else f"{field} = '{value}'" for value in values)
    return f"SELECT count({field}) FROM ({newest}) WHERE $timeFilter AND ({wanted}) GROUP BY {tags}"


def _rise(rule: Rule, alert: Alert) -> str:
    """One number for each series: Grafana has no reducer that takes one point from another."""
    asked = dataclasses.replace(rule.question.course, labels=(alert.field,), limit=None)
    (points,) = influxql_text.statements(asked, f"time({alert.every_s}s, now())")
    rise, tags = f'last("{alert.field}") - min("{alert.field}")', ", ".join(f'"{tag}"' for tag in alert.by)
    return f'SELECT {rise} AS "{alert.field}" FROM ({points}) WHERE $timeFilter GROUP BY {tags}'


def _reduce(alert: Alert) -> expr.TypeReduce:
    dropped = expr.ExprTypeReduceSettings().mode("dropNN")
    return expr.TypeReduce().ref_id("B").expression("A").reducer(_REDUCERS[alert.reduce]).settings(dropped)


def _threshold(alert: Alert) -> expr.TypeThreshold:
    conditions = expr.ExprTypeThresholdConditions().evaluator(_evaluator(alert))
    if alert.until is not None:
        back = expr.ExprTypeThresholdConditionsUnloadEvaluator()
        conditions.unload_evaluator(back.type("lt" if alert.above is not None else "gt").params([alert.until]))
    return expr.TypeThreshold().ref_id("C").expression("B").conditions([conditions])


def _evaluator(alert: Alert) -> expr.ExprTypeThresholdConditionsEvaluator:
    builder = expr.ExprTypeThresholdConditionsEvaluator()
    if alert.states:
        return builder.type("gt").params([0.0])
    if alert.above is not None and alert.below is not None:
        return builder.type("outside_range").params([alert.below, alert.above])
    if alert.below is not None:
        return builder.type("lt").params([alert.below])
    return builder.type("gt").params([] if alert.above is None else [alert.above])
