"""What a case and a counted vote already know goes into the papers; nothing else does."""

import io
from datetime import UTC, date, datetime

import docx

from committee.cases import CaseView
from committee.paper_fields import case_fields, vote_fields
from committee.papers import make_paper
from committee.votes import count_vote, read_vote

VOTE = "1200户，参加850户，同意520户，总面积10万平，参加7万，同意4万，选业委会过没过"
AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def case(*events: tuple[str, str, date | None]) -> CaseView:
    return CaseView(1, "donghe", "和平小区", "x", "x", "open", (), (), events, (), "t", AT, AT)


def test_the_result_sheet_of_the_vote_in_chat() -> None:
    facts = read_vote(VOTE)
    assert facts is not None
    fields = vote_fields(facts, count_vote(facts), "和平小区")
    assert (fields["total_heads"], fields["part_heads"], fields["agree_heads"]) == ("1200", "850", "520")
    assert (fields["total_area"], fields["part_area"], fields["agree_area"]) == ("100000", "70000", "40000")
    assert fields["kind"] == "一般事项" and fields["verdict"] == "按这些数字，通过" and fields["against_heads"] == ""
    made = make_paper("vote_sheet", fields, "docx")
    text = "\n".join(cell.text for t in docx.Document(io.BytesIO(made.content)).tables for row in t.rows for cell in row.cells)
    assert "850" in text and "70000" in text and all(line in text for line in count_vote(facts).lines)
    assert "反对人数" in made.missing and "参与人数" not in made.missing
    assert make_paper("vote_sheet", fields, "pdf").content[:5] == b"%PDF-"


def test_a_failed_and_an_open_vote() -> None:
    for text, verdict in (
        ("900户参加599户同意599户，面积9万参加6万同意6万，选业委会", "没有通过"),
        ("900户参加700户，选业委会", "数字不全"),
    ):
        facts = read_vote(text)
        assert facts is not None
        assert verdict in vote_fields(facts, count_vote(facts), "和平小区")["verdict"], text


def test_what_a_case_knows() -> None:
    known = case(("general_meeting", "业主大会", date(2026, 12, 20)), ("election", "选举", None))
    assert case_fields(known, "meeting_notice") == {
        "estate": "和平小区",
        "convener": "和平小区业主委员会",
        "meeting_time": "2026年12月20日",
    }
    assert case_fields(known, "committee_meeting_notice") == {"estate": "和平小区"}  # another meeting
    signed = case(("contract_signed_or_changed", "签合同", date(2026, 11, 18)))
    fields = case_fields(signed, "contract_filing")
    assert (fields["signed_on"], fields["file_until"]) == ("2026年11月18日", "2026年11月27日")
    assert case_fields(case(("election", "选举", date(2026, 11, 1))), "filing_application")["election_date"] == "2026年11月1日"
