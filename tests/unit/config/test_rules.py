"""Every rule of escalation, routing and deadlines: a configuration entry with its source, or named as not computable with the reason."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from config.regions import regions

PROJECT = Path(__file__).resolve().parents[3]
RULES = yaml.safe_load((Path(__file__).parent / "rules.yml").read_text(encoding="utf-8"))
DUTIES = {d["id"]: d for d in yaml.safe_load((PROJECT / "knowledge" / "procedures" / "duties.yaml").read_text(encoding="utf-8"))["duties"]}
PAGE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")


def of_kind(*kinds):
    return [pytest.param(rule, id=rule["id"]) for rule in RULES if rule["kind"] in kinds]


def is_from(entry, rule):
    return (entry.source.plan, entry.source.clause) == (rule["source"]["plan"], rule["source"]["clause"])


def test_all_are_counted():
    kinds = Counter(rule["kind"] for rule in RULES)
    assert len({rule["id"] for rule in RULES}) == len(RULES) == 166
    assert kinds["not_computable"] == 14
    starts = Counter(rule["id"].split("-")[0] for rule in RULES)
    assert starts == {"E": 13, "S": 25, "K07": 1, "R": 79, "D": 27, "X": 21}


@pytest.mark.parametrize("rule", of_kind("clock", "ladder"))
def test_a_limit_is_a_clock_of_its_clause(rule):
    here = regions()[rule["region"]]
    found = [c for c in here.clocks if c.name == rule["name"] and c.within == rule["within"] and is_from(c, rule)]
    assert len(found) == 1
    if rule.get("forms"):
        assert found[0].forms == tuple(rule["forms"])
    if rule["kind"] == "ladder":
        assert (found[0].climbs_to, found[0].action) == (rule["climbs_to"], rule["action"])
        assert found[0] in here.ladder


@pytest.mark.parametrize("rule", of_kind("route"))
def test_a_responsibility_is_a_route_with_the_plans_own_units(rule):
    known = regions()[rule["region"]].routes
    found = [r for r in known if (r.item == rule["item"] if "item" in rule else r.title == rule["title"]) and is_from(r, rule)]
    assert len(found) == 1
    assert (found[0].lead, list(found[0].support)) == (rule["lead"], rule["support"])
    assert found[0].deadline == rule.get("deadline")


@pytest.mark.parametrize("rule", of_kind("task"))
def test_a_task_of_donghe_names_all_its_units(rule):
    """The one who serves the estate comes first for repairs; the units the plan names all stand in the routes of the clause."""
    found = [r for r in regions()[rule["region"]].routes if is_from(r, rule)]
    assert found
    assert set(rule["units"]) <= {unit for r in found for unit in (r.lead, *r.support)}


@pytest.mark.parametrize("rule", of_kind("target"))
def test_a_measure_is_a_target_counted_or_with_the_reason_why_not(rule):
    found = [t for t in regions()[rule["region"]].targets if t.id == rule["target"] and is_from(t, rule)]
    assert len(found) == 1
    if rule.get("value") is not None:
        assert found[0].value == rule["value"]
    if rule.get("forms"):
        assert found[0].forms == tuple(rule["forms"])


@pytest.mark.parametrize("rule", of_kind("duty"))
def test_a_deadline_of_a_duty_stands_among_the_duties(rule):
    duty = DUTIES[rule["duty"]]
    assert duty["when"].get("length") == rule["length"]
    assert duty["verified"] == rule["verified"]
    if duty["verified"] and rule["source"]["clause"]:
        assert rule["source"]["clause"] in duty["source"]["clause"]


@pytest.mark.parametrize("rule", of_kind("desks", "no_ladder"))
def test_who_sits_on_the_rungs(rule):
    here = regions()[rule["region"]]
    if rule["kind"] == "no_ladder":
        assert here.ladder == ()
        return
    assert {level: here.desk(level) for level in rule["desks"]} == rule["desks"]
    assert [here.desk(level) for level in ("league", "region")] != ["league", "region"]


@pytest.mark.parametrize("rule", of_kind("tested"))
def test_a_rule_of_behaviour_has_its_tests(rule):
    file, _, name = rule["test"].partition("::")
    assert f"\ndef {name}(" in (PROJECT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", of_kind("not_computable"))
def test_what_cannot_be_counted_says_why(rule):
    assert f"| {rule['id']} |" in PAGE
    assert rule["why"] in PAGE


def test_the_page_names_every_rule_and_no_other():
    named = [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    assert [one for one in named if one != "编号"] == [rule["id"] for rule in RULES]


def test_every_reason_of_a_target_is_on_the_page():
    for region in regions().values():
        for target in region.targets:
            assert not target.why or target.why in PAGE, target.title


@pytest.mark.parametrize(
    ("check", "kinds", "changed"),
    [
        (test_a_limit_is_a_clock_of_its_clause, ("clock", "ladder"), {"within": "PT99H"}),
        (test_a_limit_is_a_clock_of_its_clause, ("ladder",), {"climbs_to": "nobody"}),
        (test_a_limit_is_a_clock_of_its_clause, ("clock", "ladder"), {"source": {"plan": "nmg-2026", "clause": "九"}}),
        (test_a_responsibility_is_a_route_with_the_plans_own_units, ("route",), {"lead": "别的单位"}),
        (test_a_task_of_donghe_names_all_its_units, ("task",), {"units": ["别的单位"]}),
        (test_a_measure_is_a_target_counted_or_with_the_reason_why_not, ("target",), {"target": "nothing"}),
        (test_a_measure_is_a_target_counted_or_with_the_reason_why_not, ("target",), {"value": -1}),
        (test_a_deadline_of_a_duty_stands_among_the_duties, ("duty",), {"length": "P999D"}),
        (test_a_rule_of_behaviour_has_its_tests, ("tested",), {"test": "tests/unit/tickets/test_clocks.py::test_nothing"}),
        (test_what_cannot_be_counted_says_why, ("not_computable",), {"why": "没有这个理由"}),
    ],
)
def test_every_check_notices_a_rule_that_is_not_so(check, kinds, changed):
    rules = [rule for rule in RULES if rule["kind"] in kinds]
    assert rules
    for rule in rules:
        with pytest.raises(AssertionError):
            check({**rule, **changed})
