"""The region files: what they say, what children inherit, and every fault named at once with its line."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.refusal import Refused
from config.regions import FOLDER, faults_of, read_regions, regions
from config.words import Words

PROJECT = Path(__file__).resolve().parents[3]


def test_the_eight_regions_stand_as_the_plans_manifest_says():
    known = {entry["id"]: entry for entry in yaml.safe_load((PROJECT / "knowledge" / "plans.yaml").read_text(encoding="utf-8"))["regions"]}
    assert set(regions()) == set(known)
    for region in regions().values():
        entry = known[region.id]
        assert (region.code, region.name, region.level, region.parent) == (entry["code"], entry["name"], entry["level"], entry["parent"])


def test_plans_bind_in_the_order_of_the_plans_file_and_routes_carry_their_standing():
    data = yaml.safe_load((PROJECT / "knowledge" / "plans.yaml").read_text(encoding="utf-8"))
    status = {plan["id"]: plan["status"] for plan in data["plans"]}
    for region in regions().values():
        assert list(region.plans) == data["binding"].get(region.id, [])
        for rule in region.routes:
            assert rule.status == status[rule.source.plan], (region.id, rule.title)


def test_each_rules_clause_stands_in_its_plan():
    """The units of a route are named in the plan's text, and its deadline too."""
    for region in regions().values():
        own = [rule for rule in region.routes if rule.source.plan in ("donghe-2025", "minle-draft")]
        for rule in own:
            text = "".join((PROJECT / "knowledge" / "plans" / f"{rule.source.plan}.txt").read_text(encoding="utf-8").split())
            invented = {"物业服务企业", "所在社区", "小区自治组织", "值班人员", "所在街道（镇）、社区", "公安派出所"}
            for unit in ({rule.lead, *rule.support}) - invented:
                assert unit.removeprefix("区").removeprefix("县") in text, (region.id, unit)


def test_the_twenty_matters_of_minle_are_all_there_and_drafts():
    numbered = {rule.item: rule for rule in regions()["minle"].routes if rule.item}
    assert sorted(numbered) == list(range(1, 21))
    assert {rule.status for rule in numbered.values()} == {"draft"}
    assert {item for item, rule in numbered.items() if rule.deadline == "2026-06-30"} == {7, 16, 17}
    assert {item for item, rule in numbered.items() if rule.deadline == "长期坚持"} == {4, 11, 12, 13, 19, 20}
    assert {rule.lead for item, rule in numbered.items()} == {
        "县住建局",
        "县自然资源局",
        "县委社会工作部",
        "县纪委监委",
        "县社管委",
        "县委组织部",
        "县人民法院",
    }


@pytest.mark.parametrize("region", ["nmg", "baotou", "donghe", "ordos", "ejinhoro"])
def test_the_ladder_binds_inner_mongolia(region):
    steps = [(rule.name, rule.within, rule.climbs_to, rule.action) for rule in regions()[region].ladder]
    assert steps == [
        ("respond", None, "county", "urge"),
        ("handle", "PT12H", "league", "mark_red"),
        ("resolve", "PT24H", "region", "supervise"),
    ]
    assert {(rule.source.plan, rule.source.clause) for rule in regions()[region].ladder} == {("nmg-2026", "四（二）")}


@pytest.mark.parametrize("region", ["gansu", "zhangye", "minle"])
def test_and_nobody_else(region):
    assert regions()[region].ladder == ()


def test_desks_are_inherited_and_named_by_the_nearest():
    assert regions()["donghe"].desks == {
        "company": "物业服务企业",
        "county": "东河区住建局",
        "league": "包头市住房城乡建设部门",
        "region": "自治区住房城乡建设厅",
    }
    assert regions()["ejinhoro"].desk("county") == "伊金霍洛旗住建局"
    assert regions()["ejinhoro"].desk("league") == "鄂尔多斯市住房城乡建设部门"


def test_a_resident_can_choose_four_regions_each_with_demo_estates_and_phones():
    chosen = {region.id: region for region in regions().values() if region.selectable}
    assert set(chosen) == {"donghe", "ejinhoro", "nmg", "minle"}
    for region in chosen.values():
        assert len(region.communities) == 12
        assert all(community.demo and community.property_form for community in region.communities)
        assert {community.property_form for community in region.communities} == {"market", "quasi", "basic", "community", "self"}
        assert {"police": "110", "fire": "119", "medical": "120"}.items() <= region.emergency_phones.items()
        assert region.timezone == "Asia/Shanghai"


def test_an_estate_is_found_by_name_alias_and_id():
    here = regions()["donghe"]
    assert here.community("和平小区") == here.community("和平") == here.community("donghe-heping")
    assert here.community("没有的小区") is None
    assert here.community(None) is None


def test_every_level_and_clock_has_words():
    words = Words()
    for region in regions().values():
        for rule in region.clocks:
            assert words.has(f"clock_{rule.name}")
            if rule.climbs_to:
                assert words.has(f"notice_escalated_{rule.name}")
                assert words.has(f"history_escalated_{rule.name}")
            elif rule.within:
                assert words.has(f"notice_overdue_{rule.name}")
                assert words.has(f"history_overdue_{rule.name}")


def spoil(folder: Path, name: str, *changes: tuple[str, str]) -> None:
    for source in FOLDER.glob("*.yaml"):
        target = folder / source.name
        if not target.exists():
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    path = folder / name
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def test_the_files_of_the_project_hold():
    assert faults_of() == []


def line_with(folder: Path, name: str, words: str) -> int:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_all_faults_of_all_files_are_told_together_with_their_lines(tmp_path):
    spoil(
        tmp_path,
        "minle.yaml",
        ("parent: zhangye", "parent: nowhere"),
        ("within: null", "within: soon"),
        ("categories: [fire_lane]", "categories: [fire_lain]"),
        ("property_form: market", "property_form: marked"),
    )
    spoil(tmp_path, "donghe.yaml", ("{plan: donghe-2025, clause: 三（三）1}", "{plan: minle-draft, clause: 三（三）1}"))
    spoil(tmp_path, "ordos.yaml", ('code: "150600"', 'code: "150627"'))
    faults = faults_of(tmp_path)
    found = {tuple(fault.split(": ", 1)[0].split(":")) for fault in faults}
    wanted = {
        ("minle.yaml", str(line_with(tmp_path, "minle.yaml", "within: soon"))),
        ("minle.yaml", str(line_with(tmp_path, "minle.yaml", "marked"))),
        ("donghe.yaml", str(line_with(tmp_path, "donghe.yaml", "{plan: minle-draft, clause: 三（三）1}"))),
        ("ordos.yaml", str(line_with(tmp_path, "ordos.yaml", '"150627"'))),
    }
    assert wanted <= found
    with pytest.raises(Refused) as refused:
        read_regions(tmp_path)
    assert refused.value.reason.splitlines() == faults


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("minle.yaml", "parent: zhangye", "parent: nowhere", "nowhere"),
        ("zhangye.yaml", "parent: gansu", "parent: minle", "圈"),
        ("minle.yaml", "categories: [fire_lane]", "categories: [fire_lain]", "fire_lain"),
        ("minle.yaml", "categories: [utility_supply]", "categories: []", "complaint/utility_supply 没有人负责"),
        ("minle.yaml", "  county: 民乐县住建局", "  league: 张掖", "county"),
        ("donghe.yaml", "name: 幸福小区, aliases: [幸福]", "name: 和平小区", "和平小区"),
        ("donghe.yaml", "level: county\nparent", "level: city\nparent", "level"),
        ("nmg.yaml", "timezone: Asia/Shanghai", "timezone: Asia/Baotou", "Asia/Baotou"),
        ("nmg.yaml", "reopen_days: 7", "reopen_days: 0", "reopen_days"),
        ("nmg.yaml", "short_names:", "shortnames:", "shortnames"),
        ("nmg.yaml", "level: region", "level: region\nlevel: region", "两次"),
        ("nmg.yaml", "level: region", "level: [region", "YAML"),
        ("nmg.yaml", "id: nmg", "id: nmgx", "nmgx.yaml"),
    ],
)
def test_each_kind_of_fault_is_found(tmp_path, name, old, new, what):
    spoil(tmp_path, name, (old, new))
    mine = [fault for fault in faults_of(tmp_path) if fault.startswith(f"{name}:") and what in fault]
    assert mine, faults_of(tmp_path)
    assert int(mine[0].split(":")[1]) >= 1


def test_an_empty_folder_is_a_fault(tmp_path):
    assert faults_of(tmp_path)


def test_the_command_says_what_is_wrong_and_ends_with_one(tmp_path):
    done = subprocess.run([sys.executable, "-m", "config.check"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "config/regions：没有问题")


def test_the_command_ends_with_one_on_faults(tmp_path, monkeypatch, capsys):
    import config.check

    spoil(tmp_path, "nmg.yaml", ("reopen_days: 7", "reopen_days: 0"))
    monkeypatch.setattr(config.check, "faults_of", lambda: faults_of(tmp_path))
    assert config.check.main() == 1
    out = capsys.readouterr().out
    assert "reopen_days" in out
    assert "1 处要改" in out
