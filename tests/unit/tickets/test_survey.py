"""The half-year's survey: who is asked, once each, what counts, who is not asked, and what is left when a person is erased."""

from datetime import UTC, datetime, timedelta

import pytest

from config.refusal import Refused
from config.regions import regions
from storage.models import ChannelLinkRow, MessageRow
from storage.survey_rows import SurveyAnswerRow, SurveyRow
from tickets.survey import (
    accept_surveys,
    answer_survey,
    forget_respondent,
    half_of,
    just_asked,
    own_answer,
    refuse_surveys,
    start_survey,
    taken,
)
from tickets.survey_results import survey_results
from understanding.reading import Place

ESTATE = "和平小区"


def begin(session, build, now, community=ESTATE, region="donghe", **operator):
    return start_survey(session, regions()[region], community, build.operator(session, **operator), "东河区方案", now)


def notices(session, conversation_id):
    return [m.body for m in session.query(MessageRow).filter(MessageRow.conversation_id == conversation_id) if m.body.get("survey")]


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(2026, 6, 30, 15, 59, tzinfo=UTC), "2026H1"),
        (datetime(2026, 6, 30, 16, 0, tzinfo=UTC), "2026H2"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027H1"),
    ],
)
def test_a_half_year_is_the_places_own(moment, name):
    half = half_of(moment, "Asia/Shanghai")
    assert half.name == name
    assert half.start <= moment < half.end
    assert half.said == f"{name[:4]}年{'上' if name.endswith('1') else '下'}半年"


def test_who_reported_in_the_half_year_is_asked_once(database, build, now):
    with database.write() as session:
        twice = build.conversation(session).id
        for _ in range(2):
            build.ticket(session, now, conversation_id=twice)
        build.ticket(session, now - timedelta(days=200))  # the half-year before
        build.ticket(session, now, place=Place(community="幸福小区"))
        build.ticket(session, now, conversation_id=None)
        build.ticket(session, now, kind="emergency", category="self_harm")
        group = build.conversation(session, channel="telegram", channel_address="-100123")
        build.ticket(session, now, conversation_id=group.id)
        assert begin(session, build, now) == 1
        assert begin(session, build, now) == 0
        assert len(notices(session, twice)) == 1
        question = notices(session, twice)[0]
        assert "三（四）1" in question["text"]
        assert "2026年下半年" in question["text"]
        assert len(question["choices"]) == 6
        late = build.ticket(session, now)
        assert begin(session, build, now) == 1
        assert just_asked(session, late.conversation_id) is not None
        assert session.query(SurveyRow).count() == 1
        row = session.query(SurveyRow).one()
        assert (row.half, row.source_plan, row.source_clause) == ("2026H2", "donghe-2025", "三（四）1")


def test_one_person_with_two_estates_or_two_channels_is_asked_once(database, build, now):
    with database.write() as session:
        page, chat = build.conversation(session), build.conversation(session, channel="telegram", channel_address="77")
        session.add(
            ChannelLinkRow(
                code_hash="x",
                web_conversation=page.id,
                chat_conversation=chat.id,
                state="linked",
                made_at=now,
                expires_at=now,
                linked_at=now,
            )
        )
        build.ticket(session, now, conversation_id=page.id)
        build.ticket(session, now, conversation_id=chat.id)
        build.ticket(session, now, conversation_id=page.id, place=Place(community="幸福小区"))
        assert begin(session, build, now) == 1
        assert begin(session, build, now, "幸福小区") == 0
        assert notices(session, page.id) == []
        assert len(notices(session, chat.id)) == 1


def test_next_half_year_asks_again(database, build, now):
    later = now + timedelta(days=60)
    with database.write() as session:
        row = build.ticket(session, now)
        assert begin(session, build, now) == 1
        assert begin(session, build, later) == 0
        build.ticket(session, later, conversation_id=row.conversation_id)
        assert begin(session, build, later) == 1


def test_who_wants_no_question_gets_none_until_asking_for_it(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        refuse_surveys(session, row.conversation_id, now)
        refuse_surveys(session, row.conversation_id, now)
        assert begin(session, build, now) == 0
        assert accept_surveys(session, row.conversation_id)
        assert not accept_surveys(session, row.conversation_id)
        session.flush()
        assert begin(session, build, now) == 1


def test_the_last_word_counts_once_and_is_kept_without_the_person(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        begin(session, build, now)
        answer = just_asked(session, row.conversation_id)
        answer_survey(session, answer, 2, "", now)
        answer_survey(session, answer, 4, "保洁好了，我家502，电话13812345678", now)
        answer_survey(session, answer, 4, "", now)
        assert (answer.stars, session.query(SurveyAnswerRow).count()) == (4, 1)
        assert "保洁好了" in answer.text
        assert "13812345678" not in answer.text
        assert "502" not in answer.text
        for stars in (0, 6, True):
            with pytest.raises(Refused):
                answer_survey(session, answer, stars, "", now)
        with pytest.raises(Refused):
            answer_survey(session, answer, 5, "", now + timedelta(days=31))
        assert own_answer(session, "somebody else", answer.id) is None


def test_results_by_company_with_counts_and_clause(database, build, now):
    with database.write() as session:
        for stars in (5, 4, 2, None):
            row = build.ticket(session, now)
            begin(session, build, now)
            if stars:
                answer_survey(session, just_asked(session, row.conversation_id), stars, f"说{stars}", now)
        estates = [("donghe", ESTATE), ("donghe", "幸福小区")]
        (found,) = survey_results(session, estates, "2026H2")
        assert (found.company, found.communities) == ("和平小区（企业未登记）", (ESTATE,))
        assert (found.asked, found.answered, dict(found.marks)) == (4, 3, {5: 1, 4: 1, 3: 0, 2: 1, 1: 0})
        assert found.source == ("donghe-2025", "三（四）1")
        assert found.mean == pytest.approx(11 / 3)
        assert found.satisfied == pytest.approx(2 / 3)
        assert sorted(text for _, text in found.remarks) == ["说2", "说4", "说5"]
        assert survey_results(session, estates, "2026H1") == []
        assert survey_results(session, [("donghe", "幸福小区")], "2026H2") == []
        assert taken(session, ["donghe"], "2026H2").answered == 3


def test_an_erased_person_leaves_the_stars_alone(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        begin(session, build, now)
        answer_survey(session, just_asked(session, row.conversation_id), 1, "太脏", now)
        forget_respondent(session, row.conversation_id)
        session.flush()
        kept = session.query(SurveyAnswerRow).one()
        assert (kept.stars, kept.text, kept.conversation_id) == (1, "", None)
        assert row.conversation_id not in kept.respondent


def test_no_survey_without_a_plan_or_by_the_company(database, build, now):
    with database.write() as session:
        with pytest.raises(Refused) as refused:
            begin(session, build, now, "瀚文苑", "minle")
        assert refused.value.code == "no_such_promise"
        with pytest.raises(Refused) as refused:
            begin(session, build, now, side="company")
        assert refused.value.status == 403
