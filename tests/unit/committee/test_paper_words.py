"""Which paper is wanted and which fields a sentence fills; kept papers and who may fetch them."""

from datetime import datetime, timedelta

import pytest

from committee.members import end_membership
from committee.paper_drafts import keep_paper, kept_paper
from committee.paper_file import read_papers
from committee.paper_words import field_meant, fields_said, papers_meant, value_of
from config.refusal import Refused
from storage.database import Database
from tests.unit.committee.test_cases import add_member


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("帮我写会议通知", {"meeting_notice"}),
        ("写个业主大会的通知", {"meeting_notice"}),
        ("写业委会会议通知", {"committee_meeting_notice"}),
        ("起草候选人公告", {"candidate_notice"}),
        ("做一份表决票", {"ballot"}),
        ("写个征求意见书", {"opinion_form"}),
        ("写一份选举结果公告", {"result_notice"}),
        ("出一份表决结果表", {"vote_sheet"}),
        ("帮我写备案申请", {"filing_application"}),
        ("写刻章申请", {"seal_application"}),
        ("写会议记录", {"committee_meeting_record"}),
        ("做个公共收益公示表", {"quarterly_disclosure"}),
        ("写维修资金公示", {"fund_disclosure"}),
        ("出一份移交清单", {"hand_over_list"}),
        ("写合同备案表", {"contract_filing"}),
        ("今天天气怎么样", set()),
    ],
)
def test_the_paper_meant(text: str, kinds: set[str]) -> None:
    assert {kind.id for kind in papers_meant(text, "donghe")} == kinds


def test_only_where_it_holds() -> None:
    assert [kind.id for kind in papers_meant("写合同备案表", "minle")] == []


def test_every_paper_is_found_by_its_title() -> None:
    for paper in read_papers().values():
        assert paper.id in {kind.id for kind in papers_meant(paper.title, "donghe")}, paper.title


def test_fields_of_a_sentence() -> None:
    notice = read_papers()["meeting_notice"]
    said = fields_said(notice, "会议时间:12月20日上午9点;地点:小区活动室;议题：选举业委会、修改规约")
    assert said == {
        "meeting_time": "12月20日上午9点",
        "meeting_place": "小区活动室",
        "agenda": [{"matter": "选举业委会"}, {"matter": "修改规约"}],
    }
    assert fields_said(notice, "会议地点改成居委会三楼") == {"meeting_place": "居委会三楼"}
    assert fields_said(notice, "物业费多少钱") == {}
    assert field_meant(notice, "天气") is None
    assert value_of(notice, "agenda", "选业委会|一般事项；用维修资金|一般事项") == [
        {"matter": "选业委会", "rule": "一般事项"},
        {"matter": "用维修资金", "rule": "一般事项"},
    ]


def test_kept_papers_are_for_acting_members_and_some_days(database: Database, now: datetime) -> None:
    member = add_member(database, "张三", now)
    with database.write() as session:
        token = keep_paper(session, member, "ballot", {"estate": "和平小区"}, now)
        with pytest.raises(Refused):
            keep_paper(session, member, "ballot", {"nonsense": "1"}, now)
    with database.read() as session:
        assert kept_paper(session, token, "docx", now).content[:2] == b"PK"
        assert kept_paper(session, token, "pdf", now, notes=False).content[:5] == b"%PDF-"
        for wrong, at in ((token + "x", now), (token, now + timedelta(days=15))):
            with pytest.raises(Refused, match="不能用了"):
                kept_paper(session, wrong, "docx", at)
    with database.write() as session:
        end_membership(session, member.id, "t", "辞职", now)
    with database.read() as session, pytest.raises(Refused, match="不能用了"):
        kept_paper(session, token, "docx", now)
