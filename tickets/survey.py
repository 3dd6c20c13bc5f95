"""半年业主满意度测评 (东河区 三（四）1): who is asked, once in a half-year each, the answer, and who wants no more questions.

Asked is whoever reported something of the estate in the half-year, in the conversation it was reported in; the question is a notice, so
every channel delivers it as it does all news.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.regions import Region, Target
from config.words import Words
from storage.masking import mask
from storage.models import ChannelLinkRow, ConversationRow, MessageRow, OperatorRow, TicketRow
from storage.survey_rows import SurveyAnswerRow, SurveyRefusalRow, SurveyRow
from tickets.firewall import NOT_FOR_COMPANY, hide_author
from tickets.notice import say_into, star_title

TARGET = "satisfaction_survey"  # id of the promise in config/regions
ASKED_OF = ("repair", "complaint", "emergency")
OPEN_FOR = timedelta(days=30)  # no plan says how long an answer is waited for; ours
MOST_WORDS = 500  # characters kept of what somebody says beside the stars


@dataclass(frozen=True)
class Half:
    """A half-year of a place: 2026H2 is July to December; [start, end) in UTC-aware times."""

    name: str
    start: datetime
    end: datetime

    @property
    def said(self) -> str:
        """As people read it."""
        return Words()(f"survey_half_{self.name[-1]}", year=self.name[:4])


def half_of(moment: datetime, timezone: str) -> Half:
    """The half-year a moment lies in, by the place's calendar."""
    here = moment.astimezone(ZoneInfo(timezone))
    second = here.month > 6
    start = datetime(here.year, 7 if second else 1, 1, tzinfo=here.tzinfo)
    end = datetime(here.year + second, 1 if second else 7, 1, tzinfo=here.tzinfo)
    return Half(f"{here.year}H{1 + second}", start, end)


def survey_target(region: Region) -> Target | None:
    """The promise of this region's plans to ask every half-year; None where no plan makes it."""
    return next((target for target in region.targets if target.id == TARGET), None)


def start_survey(  # noqa: PLR0913 - which estate, who asks, by which plan, when
    session: Session, region: Region, community: str, operator: OperatorRow, plan: str, now: datetime
) -> int:
    """Ask everybody of the estate not yet asked in this half-year; gives back how many were asked now. `plan` is its name in the question.

    Begun again it asks only who reported something since. Refused (422) where no plan of the region asks for it, (403) for the company.
    """
    target = survey_target(region)
    if operator.side == "company":
        raise Refused("测评由街道（镇）、社区组织，物业不能自己发起", "请街道或住建部门的账号发起", status=403, code="not_for_company")
    if target is None:
        raise Refused(f"{region.name}的文件没有要求半年满意度测评", "选有这项要求的地区", status=422, code="no_such_promise")
    half = half_of(now, region.timezone)
    survey = _survey(session, (region.id, community), half, target, operator, now)
    asked = set(session.scalars(select(SurveyAnswerRow.respondent).where(SurveyAnswerRow.half == half.name)))
    count = 0
    for conversation, group in _residents(session, region.id, community, half):
        if not group & asked and not _refused(session, group):
            count += _ask(session, survey, conversation, half, plan, now)
    return count


def _survey(  # noqa: PLR0913 - one row
    session: Session, estate: tuple[str, str], half: Half, target: Target, operator: OperatorRow, now: datetime
) -> SurveyRow:
    """The estate's survey of this half, made once, locked until the transaction ends."""
    region, community = estate
    query = select(SurveyRow).where(SurveyRow.region == region, SurveyRow.community == community, SurveyRow.half == half.name)
    if session.scalar(query) is None:
        source = target.source
        row = SurveyRow(
            region=region, community=community, half=half.name, source_plan=source.plan, source_clause=source.clause,
            operator_id=operator.id, started_at=now,
        )  # fmt: skip
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
        except IntegrityError:  # somebody else began it at the same moment
            pass
    return session.scalars(query.with_for_update()).one()


def _residents(session: Session, region: str, community: str, half: Half) -> list[tuple[ConversationRow, set[str]]]:
    """(where to ask, all conversations of that person) of those who reported something of the estate in the half-year, each once."""
    query = (
        select(TicketRow.conversation_id)
        .where(
            TicketRow.region == region,
            TicketRow.community == community,
            TicketRow.kind.in_(ASKED_OF),
            TicketRow.category.not_in(sorted(NOT_FOR_COMPANY)),  # nobody is asked for stars after such a thing
            TicketRow.state != "withdrawn",
            TicketRow.opened_at >= half.start,
            TicketRow.opened_at < half.end,
            TicketRow.conversation_id.is_not(None),
        )
        .distinct()
    )
    found: dict[str, tuple[ConversationRow, set[str]]] = {}
    for conversation_id in sorted(filter(None, session.scalars(query))):
        chat = session.scalar(
            select(ChannelLinkRow.chat_conversation).where(
                ChannelLinkRow.web_conversation == conversation_id, ChannelLinkRow.state == "linked"
            )
        )
        conversation = session.get_one(ConversationRow, chat or conversation_id)
        group_chat = (conversation.channel_address or "").startswith("-")  # many people read it
        if conversation.erased_at is None and not group_chat:
            found.setdefault(conversation.id, (conversation, set()))[1].update(conversations_of(session, conversation_id))
    return list(found.values())


def _refused(session: Session, conversations: set[str]) -> bool:
    query = select(SurveyRefusalRow.conversation_id).where(SurveyRefusalRow.conversation_id.in_(sorted(conversations)))
    return session.scalar(query.limit(1)) is not None


def _ask(  # noqa: PLR0913 - whom, in which survey
    session: Session, survey: SurveyRow, conversation: ConversationRow, half: Half, plan: str, now: datetime
) -> bool:
    """Put the question to one person; False when another survey of this half just did."""
    row = SurveyAnswerRow(
        survey_id=survey.id, half=survey.half, respondent=conversation.id, conversation_id=conversation.id, asked_at=now, text=""
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    words = Words(conversation.locale)
    buttons: list[tuple[str, dict[str, Any]]] = [
        (star_title(words, n), {"do": "survey", "answer": row.id, "stars": n}) for n in range(5, 0, -1)
    ]
    buttons.append((words("choice_survey_never"), {"do": "survey_never"}))
    said = words("survey_ask", half=half.said, community=survey.community, plan=plan, clause=survey.source_clause)
    message = say_into(session, conversation, said, now, tuple(buttons))
    message.body = {**message.body, "survey": row.id}
    return True


def just_asked(session: Session, conversation_id: str) -> SurveyAnswerRow | None:
    """The question put to this conversation, when it is the last thing said to it."""
    query = select(MessageRow.body).where(MessageRow.conversation_id == conversation_id, MessageRow.author != "resident")
    body = session.scalar(query.order_by(MessageRow.id.desc()).limit(1))
    asked = (body or {}).get("survey")
    return own_answer(session, conversation_id, int(asked)) if asked else None


def own_answer(session: Session, conversation_id: str, answer_id: int) -> SurveyAnswerRow | None:
    """The answer row of this number, when it is this conversation's."""
    row = session.get(SurveyAnswerRow, answer_id)
    return row if row is not None and row.conversation_id == conversation_id else None


def answer_survey(session: Session, row: SurveyAnswerRow, stars: int, text: str, now: datetime) -> SurveyAnswerRow:
    """Keep what somebody answers; within the time the last word counts. `text` is kept masked, without who speaks; empty: the one before.

    Refused: stars other than 1–5 (422), 30 days after the question (410).
    """
    session.flush()
    session.refresh(row, with_for_update=True)
    if isinstance(stars, bool) or not isinstance(stars, int) or not 1 <= stars <= 5:
        raise Refused("评分是 1 到 5 星", "说一个 1 到 5 的数", status=422, code="stars")
    if now - row.asked_at > OPEN_FOR:
        raise Refused("这次测评已经结束", "下个半年再评", status=410, code="over")
    said = mask(hide_author(text.strip()))[:MOST_WORDS]
    row.stars, row.text, row.answered_at = stars, said or row.text, now
    return row


def refuse_surveys(session: Session, conversation_id: str, now: datetime) -> None:
    """Ask this conversation no such question any more."""
    if session.get(SurveyRefusalRow, conversation_id) is None:
        session.add(SurveyRefusalRow(conversation_id=conversation_id, refused_at=now))
        session.flush()


def accept_surveys(session: Session, conversation_id: str) -> bool:
    """Ask it again from the next time on; False when it never refused."""
    row = session.get(SurveyRefusalRow, conversation_id)
    if row is not None:
        session.delete(row)
        session.flush()
    return row is not None


def forget_respondent(session: Session, conversation_id: str) -> None:
    """Erase who answered (for erasing a person): the stars stay in the counts, the words and the person nowhere."""
    for row in session.scalars(select(SurveyAnswerRow).where(SurveyAnswerRow.conversation_id == conversation_id)):
        row.respondent, row.conversation_id, row.text = f"erased-{row.id}", None, ""
    session.execute(delete(SurveyRefusalRow).where(SurveyRefusalRow.conversation_id == conversation_id))


@dataclass(frozen=True)
class Taken:
    """How far a region has come in a half-year: estates asked, persons asked, persons who answered."""

    estates: int
    asked: int
    answered: int


def taken(session: Session, regions: Sequence[str], half: str) -> Taken:
    """What was asked and answered in these regions in this half-year."""
    here = (SurveyRow.region.in_(tuple(regions)), SurveyRow.half == half)
    estates = session.scalar(select(func.count()).select_from(SurveyRow).where(*here)) or 0
    counts = select(func.count(SurveyAnswerRow.id), func.count(SurveyAnswerRow.stars)).join(
        SurveyRow, SurveyRow.id == SurveyAnswerRow.survey_id
    )
    asked, answered = session.execute(counts.where(*here)).one()
    return Taken(estates, asked, answered)


def conversations_of(session: Session, conversation_id: str) -> set[str]:
    """This conversation and the one linked to it."""
    linked = select(ChannelLinkRow.web_conversation, ChannelLinkRow.chat_conversation).where(
        or_(ChannelLinkRow.web_conversation == conversation_id, ChannelLinkRow.chat_conversation == conversation_id),
        ChannelLinkRow.state == "linked",
    )
    return {conversation_id, *(one for pair in session.execute(linked) for one in pair if one)}
