"""Every provision is proved against its plan; every fault of a file is found in one pass and named with its line."""

from pathlib import Path

from knowledge.library import Library
from knowledge.numbers import unsupported_numbers
from knowledge.plan import squeezed
from knowledge.provisions import read_provisions


def test_the_library_holds_no_fault(library: Library) -> None:
    assert [str(f) for f in library.faults] == []


def test_each_quotation_is_a_run_of_its_clause_and_holds_each_number_said(library: Library) -> None:
    for p in library.provisions:
        assert squeezed(p.quote) in library.plans[p.plan].plain, p.key
        assert unsupported_numbers(p.answer, p.quote) == [], p.key


def test_every_plan_has_provisions_with_lay_questions(library: Library) -> None:
    for plan in library.plans:
        assert len(library.by_plan[plan]) >= 50, plan
        assert min(len(p.questions) for p in library.by_plan[plan]) >= 3, plan


FAULTY = """plan: donghe-2025
provisions:
- id: sound
  clause: 三（四）1
  quote: 物业服务企业需在签订或变更物业服务合同7个工作日内向区住建局备案
  kind: deadline
  subject: 物业服务企业
  modality: must
  asks: [备案时限]
  answer: 签订或变更合同后7个工作日内要备案。
  questions: [合同签了几天内备案]
- id: invented-number
  clause: 三（四）1
  quote: 物业服务企业需在签订或变更物业服务合同7个工作日内向区住建局备案
  kind: deadline
  subject: 物业服务企业
  modality: must
  asks: [备案时限]
  answer: 签订合同后10个工作日内要备案。
  questions: [合同签了几天内备案呀]
- id: invented-quote
  clause: 三（四）1
  quote: 物业服务企业需在签订合同三日内备案
  kind: deadline
  subject: 物业服务企业
  modality: must
  asks: [备案时限]
  answer: 要备案。
  questions: [要备案吗]
- id: wrong-clause
  clause: 三（四）2
  quote: 物业服务企业需在签订或变更物业服务合同7个工作日内向区住建局备案
  kind: a-kind-of-my-own
  subject: 物业服务企业
  modality: must
  asks: [备案时限]
  answer: 要备案的。
  questions: [备案不]
- id: other-clause
  clause: 三（四）2
  quote: 物业服务企业需在签订或变更物业服务合同7个工作日内向区住建局备案
  kind: deadline
  subject: 物业服务企业
  modality: must
  asks: [备案时限]
  answer: 要备案的。
  questions: [备案不]
- id: sound
  clause: 三（四）1
  quote: 物业服务企业需在签订或变更物业服务合同7个工作日内向区住建局备案
  kind: deadline
  subject: 物业服务企业
  modality: must
  asks: [备案时限]
  answer: 要向区住建局备案。
  questions: [备案找谁]
"""


def test_all_faults_come_together_with_their_lines_and_only_the_sound_is_kept(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "donghe-2025.yaml"
    file.write_text(FAULTY, encoding="utf-8")
    sound, faults = read_provisions(file, library.plans["donghe-2025"])
    assert [p.id for p in sound] == ["sound"]
    found = {(f.line, str(f).split(": ")[1]) for f in faults}
    assert found == {(19, "invented-number"), (23, "invented-quote"), (33, "wrong-clause"), (41, "other-clause"), (48, "sound")}
    assert "10" in next(str(f) for f in faults if f.line == 19)


def test_a_file_that_is_no_yaml_is_one_fault_with_its_line(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "donghe-2025.yaml"
    file.write_text("plan: donghe-2025\nprovisions:\n- id: [\n", encoding="utf-8")
    sound, faults = read_provisions(file, library.plans["donghe-2025"])
    assert sound == []
    assert len(faults) == 1
    assert faults[0].line >= 3


def test_a_file_of_another_plan_is_refused(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "donghe-2025.yaml"
    file.write_text("plan: nmg-2026\nprovisions: []\n", encoding="utf-8")
    assert len(read_provisions(file, library.plans["donghe-2025"])[1]) == 1
