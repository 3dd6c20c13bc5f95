"""Which plan binds whom."""

from datetime import date

from knowledge.library import Library


def test_the_special_plan_comes_before_the_general_one(library: Library) -> None:
    assert library.binding.plans_for("donghe") == ("donghe-2025", "nmg-2026", "nmg-2018")
    assert library.binding.plans_for("minle") == ("minle-draft",)
    assert library.binding.plans_for(None) == ()


def test_a_region_without_plans_of_its_own_has_those_above_it(library: Library) -> None:
    assert library.binding.plans_for("baotou") == ("nmg-2026", "nmg-2018")
    assert library.binding.plans_for("gansu") == ()
    assert library.binding.plans_for("nowhere") == ()


def test_regions_are_known_by_what_residents_call_them(library: Library) -> None:
    assert library.binding.named_in("伊旗那边怎么规定") == ["ejinhoro"]
    assert library.binding.covers("donghe", "nmg")
    assert not library.binding.covers("donghe", "minle")


def test_standing_is_dated(library: Library) -> None:
    donghe = library.plans["donghe-2025"].identity
    assert donghe.standing_on(None) == "in_force"
    assert donghe.standing_on(date(2027, 12, 31)) == "in_force"
    assert donghe.standing_on(date(2028, 1, 1)) == "ended"
    assert library.plans["minle-draft"].identity.standing_on(date(2030, 1, 1)) == "draft"


def test_every_bound_plan_exists(library: Library) -> None:
    for region, plans in library.binding.order.items():
        assert region in library.binding.regions
        assert set(plans) <= set(library.plans)
    assert {p.identity.region for p in library.plans.values()} <= set(library.binding.regions)


def test_a_league_named_means_its_districts_too(library: Library) -> None:
    assert library.binding.plans_within("baotou") == ("nmg-2026", "nmg-2018", "donghe-2025")
    assert library.binding.plans_within("minle") == ("minle-draft",)


def test_a_question_is_searched_without_the_names_of_regions(library: Library) -> None:
    assert library.binding.without_names("甘肃民乐县的物业多久公示一次") == "的物业多久公示一次"
    assert library.binding.without_names("全区要加装多少部电梯") == "全区要加装多少部电梯"
