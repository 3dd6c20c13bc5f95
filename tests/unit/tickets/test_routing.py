"""Routes against the plans themselves: 民乐县's twenty matters, 东河区's tasks, and everything has somebody."""

import pytest

from config.categories import categories
from config.refusal import Refused
from config.regions import Community, regions
from tickets.routing import route

FORMS = (None, "market", "quasi", "basic", "community", "self")


@pytest.mark.parametrize("region", ["donghe", "ejinhoro", "nmg", "minle"])
def test_every_matter_of_every_form_has_somebody_by_a_binding_plan(region):
    here = regions()[region]
    for category in categories().values():
        for form in FORMS:
            found = route(here, category.id, category.kind, form)
            assert found.lead_unit
            assert found.source.plan in here.plans
            assert found.status == ("draft" if region == "minle" else "in_force")


@pytest.mark.parametrize(
    ("region", "category", "lead", "support", "clause", "deadline"),
    [
        ("minle", "fees", "县住建局", "县发改局", "二（一）", "2025-12-31"),
        ("minle", "service_attitude", "县住建局", "县文旅局", "二（二）", "2025-12-31"),
        ("minle", "public_revenue", "县住建局", "县园区管委会", "二（三）", "2025-12-31"),
        ("minle", "supporting_facilities", "县自然资源局", "县住建局", "二（四）", "长期坚持"),
        ("minle", "delivery_access", "县委社会工作部", "县交通运输局", "二（五）", "2025-12-31"),
        ("minle", "illegal_construction", "县住建局", "县直有关执法部门", "二（六）", "2025-12-31"),
        ("minle", "elevator_addition", "县住建局", "县财政局", "二（七）", "2026-06-30"),
        ("minle", "utility_supply", "县纪委监委", "县供电公司", "二（八）", "2025-12-31"),
        ("minle", "fire_lane", "县住建局", "县消防救援大队", "二（十）", "2025-12-31"),
        ("minle", "committee_conduct", "县社管委", "县住建局", "二（十三）", "长期坚持"),
        ("minle", "company_exit", "县住建局", "县应急局", "二（二十）", "长期坚持"),
        ("donghe", "fees", "区住建局", "区发改委", "三（三）1", None),
        ("donghe", "public_revenue", "区住建局", "各街道（镇）", "三（四）2", None),
        ("donghe", "illegal_construction", "区住建局", "区执法局", "三（二）3", None),
        ("donghe", "ev_charging", "区住建局", "区消防救援大队", "三（五）2", None),
        ("donghe", "committee_conduct", "区住建局", "区审计局", "三（二）2", None),
        ("donghe", "non_disclosure", "区住建局", "区政数局", "三（六）1", None),
        ("ejinhoro", "fees", "旗住建局", "各镇人民政府（水岸新城推进办）", "二（三）", None),
        ("nmg", "fee_coercion", "旗县（市、区）住房城乡建设部门", "司法行政部门", "五（二）", None),
    ],
)
def test_complaints_go_to_the_unit_the_plan_names(region, category, lead, support, clause, deadline):
    found = route(regions()[region], category, "complaint", "market")
    assert (found.lead_unit, found.source.clause, found.deadline) == (lead, clause, deadline)
    assert support in found.support_units


def test_the_property_form_decides_who_repairs():
    here = regions()["donghe"]
    leads = {form: route(here, "heating", "repair", form).lead_unit for form in FORMS}
    assert leads == {
        None: "物业服务企业",
        "market": "物业服务企业",
        "quasi": "物业服务企业",
        "basic": "物业服务企业",
        "community": "所在社区",
        "self": "小区自治组织",
    }


@pytest.mark.parametrize("region", ["donghe", "ejinhoro", "nmg", "minle"])
@pytest.mark.parametrize("category", ["crime", "self_harm"])
def test_danger_from_people_never_goes_to_the_company(region, category):
    estate = Community("x", "某小区", company="蓝天物业公司")
    for form in FORMS:
        found = route(regions()[region], category, "emergency", form, estate)
        assert found.lead_unit == "所在街道（镇）、社区"
        assert "公安派出所" in found.support_units
        assert found.level != "company"
    assert route(regions()[region], "fire", "emergency", "market", estate).lead_unit == "蓝天物业公司"


def test_an_estates_own_company_stands_in_for_the_role_only():
    here, estate = regions()["donghe"], Community("x", "某小区", company="蓝天物业公司")
    assert route(here, "heating", "repair", "market", estate).lead_unit == "蓝天物业公司"
    assert route(here, "fees", "complaint", "market", estate).lead_unit == "区住建局"


def test_the_estates_form_is_used_when_none_is_said():
    here = regions()["donghe"]
    assert route(here, "heating", "repair", None, here.community("老城里")).lead_unit == "所在社区"


def test_a_region_that_answers_for_nothing_refuses():
    with pytest.raises(Refused):
        route(regions()["zhangye"], "heating", "repair", None)
