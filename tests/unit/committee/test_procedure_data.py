"""The facts of knowledge/procedures: all of them are there, carried by their sources, and nothing is shown that was not seen."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from committee.check import check_procedures, counted, squeezed
from committee.instruments import FOLDER, read_instruments
from committee.procedure_file import procedure_paths, read_procedure_file
from knowledge.library import load_library

STEPS = {
    "first_formation": (15, 4), "renewal": (10, 2), "by_election_recall": (7, 2), "general_meeting": (8, 2), "committee_meeting": (4, 0),
    "common_revenue_disclosure": (8, 0), "fund_general": (9, 0), "fund_emergency": (5, 3), "select_company": (8, 0),
    "dismiss_company": (6, 0), "exit_handover": (7, 0), "transitional_body": (7, 2), "dispute": (9, 0),
}  # fmt: skip
DUTIES = {"committee": (50, 6), "company": (38, 0), "community": (18, 0), "government": (21, 1), "resident": (12, 0)}
# Articles of instruments without a full text whose numbers were seen in a source; no other number may stand anywhere.
SEEN = {
    "GR": {
        "二十一", "二十二", "三十一", "三十二", "三十三", "三十四", "三十五", "三十六", "三十七", "三十八", "三十九", "四十",
        "四十四", "四十六",
    },
    "MF": {"十八", "二十一", "二十二", "二十三", "二十八", "二十九", "三十", "三十一"},
}  # fmt: skip


def _entries():
    return [file.procedure for path in procedure_paths(FOLDER) if (file := read_procedure_file(path)).procedure]


def _duties():
    return yaml.safe_load((FOLDER / "duties.yaml").read_text(encoding="utf-8"))["duties"]


def test_data_has_no_fault() -> None:
    assert check_procedures() == []


def test_the_docs_state_what_the_check_counts() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "committee.md").read_text(encoding="utf-8")
    assert counted() in docs


def test_every_step_of_the_thirteen_procedures_is_there() -> None:
    counted = {p.id: (len(p.steps), sum(not step.verified for step in p.steps)) for p in _entries()}
    assert counted == STEPS
    assert sum(steps for steps, _ in counted.values()) == 103


def test_every_duty_is_there() -> None:
    duties = _duties()
    assert len(duties) == len({duty["id"] for duty in duties}) == 139
    every = Counter(duty["audience"] for duty in duties)
    unsure = Counter(duty["audience"] for duty in duties if not duty["verified"])
    assert {name: (every[name], unsure[name]) for name in every} == DUTIES


def test_voting_rules_are_all_there() -> None:
    data = yaml.safe_load((FOLDER / "voting.yaml").read_text(encoding="utf-8"))
    assert {m["id"]: m["special"] for m in data["matters"]} == {f"V{n}": n in (6, 7, 8) for n in range(1, 10)}
    assert sorted(rule["id"] for rule in data["counting"]) == ["CT1", "CT2", "CT3", "CT4", "CT5"]
    assert [rule["id"] for rule in data["counting"] if not rule["verified"]] == ["CT5"]
    assert len(data["superseded"]) == 3
    assert len(data["period_counting"]) == 5


def _reasons() -> str:
    """The part of the docs that names what is on no step, with the reason."""
    docs = (Path(__file__).parents[3] / "docs" / "committee.md").read_text(encoding="utf-8")
    return docs.split("## 没有放进步骤的，和原因")[1].split("\n## ")[0]


def _unplaced(entries, known: set[str], reasons: str) -> set[str]:
    """The duties and conflicts that stand on no step or note and are not named among the reasons either."""
    used = {d for p in entries for s in p.steps for d in (*s.duties, *(x for local in s.local for x in local.duties))}
    used |= {d for p in entries for note in (*p.cautions, *p.notes) for d in note.duties}
    used |= {note.conflict for p in entries for note in p.cautions if note.conflict}
    return {one for one in known - used if not re.search(rf"\b{one}\b", reasons)}


def test_each_duty_and_conflict_is_on_a_step_or_listed_with_its_reason() -> None:
    known = {duty["id"] for duty in _duties()} | {f"K{n:02d}" for n in range(1, 19)}
    assert _unplaced(_entries(), known, _reasons()) == set()


def test_a_duty_that_goes_missing_is_noticed() -> None:
    """The count above can fail: without one procedure, or without the reasons, duties stand nowhere."""
    known = {duty["id"] for duty in _duties()} | {f"K{n:02d}" for n in range(1, 19)}
    without = [p for p in _entries() if p.id != "committee_meeting"]
    assert {"C16", "C17", "C18", "C19"} & _unplaced(without, known, _reasons())
    assert {"P02", "M07", "G01", "R01", "K05"} <= _unplaced(_entries(), known, "")
    assert _unplaced(_entries(), known | {"C99"}, _reasons()) == {"C99"}


def test_no_article_number_known_from_memory_is_written_anywhere() -> None:
    for path in procedure_paths(FOLDER):
        file = read_procedure_file(path)
        assert file.procedure is not None
        for step in file.procedure.steps:
            assert not re.search(r"第[一二三四五六七八九十百]+条", step.unsure), (path.name, step.n)
            for source in step.sources:
                if source.law in SEEN and source.article:
                    assert source.article.strip("第条") in SEEN[source.law], (path.name, step.n, source.article)
    for duty in _duties():
        if not duty["verified"]:
            assert "clause" not in duty["source"], duty["id"]
            assert not re.search(r"第[一二三四五六七八九十百]+条", json.dumps(duty, ensure_ascii=False)), duty["id"]


def test_every_quote_of_a_plan_stands_in_its_clause() -> None:
    library = load_library()
    checked = 0
    for procedure in _entries():
        sources = [s for step in procedure.steps for s in (*step.sources, *(local.source for local in step.local))]
        sources += [note.source for note in (*procedure.cautions, *procedure.notes) if note.source]
        for source in sources:
            if source.plan:
                checked += 1
                assert library.plans[source.plan].holds(source.quote or "", source.clause), (procedure.id, source)
    assert checked >= 45
    for duty in _duties():
        quote = duty["source"].get("quote")
        if quote:
            assert library.plans[duty["source"]["instrument"]].holds(quote), duty["id"]


def test_plans_are_named_as_in_the_library() -> None:
    library = load_library()
    for known in read_instruments().known.values():
        if known.kind == "plan":
            identity = library.plans[known.id].identity
            assert (known.title, known.doc_number, known.status) == (identity.title, identity.doc_number, identity.status)


def _broken(tmp_path: Path, change: tuple[str, str]) -> Path:
    folder = tmp_path / "procedures"
    folder.mkdir()
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        folder.joinpath(path.name).write_text(text.replace(*change) if path.name == "committee_meeting.yaml" else text, encoding="utf-8")
    (tmp_path / "plans").symlink_to(FOLDER.parent / "plans")
    return folder


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("- n: 2\n", "- n: 7\n"), "连续编号"),
        (("duties: [C16]", "duties: [C99]"), "C99"),
        (("{law: GR, article: 第三十七条}", "{law: XX, article: 第三十七条}"), "没有 XX"),
        (("quote: 下列事项由业主共同决定：", "quote: 下列事项由物业决定："), "引文不在"),
        (("length: P3D", "length: 3天"), "length"),
        (("audience: committee", "audience: king"), "audience"),
        (("id: committee_meeting", "id: another"), "文件名应是"),
        (("    verified: true\n    duties: [C16]", "    verifed: true\n    duties: [C16]"), "verifed"),
        (("scope: [cn]", "scope: [mars]"), "没有地区 mars"),
        (("title: 召集", "title: 召集\n    title: 召集"), "写了两次"),
        (("intro: ", "intro: ["), "YAML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, change: tuple[str, str], what: str) -> None:
    faults = check_procedures(_broken(tmp_path, change))
    assert any(what in fault.what and fault.file == "committee_meeting.yaml" and fault.line >= 1 for fault in faults), faults


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    folder = _broken(tmp_path, ("duties: [C16]", "duties: [C98]"))
    target = folder / "committee_meeting.yaml"
    target.write_text(target.read_text(encoding="utf-8").replace("duties: [C19]", "duties: [C97]"), encoding="utf-8")
    faults = check_procedures(folder)
    assert [("C98" in f.what, "C97" in f.what) for f in faults] == [(True, False), (False, True)]
    assert faults[0].line < faults[1].line


def test_quotes_are_compared_without_white_space() -> None:
    assert squeezed("一 二\n三") == "一二三"
