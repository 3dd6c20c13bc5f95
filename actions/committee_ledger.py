"""Questions about an entry of the ledger 透明账户: the button “对这笔有疑问”, “第3笔有疑问”, and the ticket it becomes."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.answer import Answer, Choice, Reply
from actions.ticket_words import clock_lines
from actions.turn import Turn
from committee.ledger import published_estates
from committee.ledger_answer import LedgerAnswer, answer_ledger, asks_for_figure
from committee.ledger_page import question_entry
from committee.ledger_questions import NewQuestion, check_flood, entry_said, names_entry, note_question, published_entry
from committee.ledger_sheet import yuan
from committee.members import active_members, member_of
from config.refusal import Refused
from config.words import Words
from storage.committee_rows import LedgerEntryRow
from storage.models import ConversationRow, MessageRow, TicketRow
from storage.personal_data import mask
from tickets.firewall import hide_author, names_said, without_stars
from tickets.open_ticket import NewTicket, open_ticket
from tickets.ticket import ticket_record
from understanding.reading import Place

_DOUBT = re.compile(
    r"(这|那|第.{1,4}|哪)?笔?(账|账目|钱|支出|收入|开支|公布的账)?.{0,8}(有疑问|有异议|有问题|不对劲|对不上|质疑|说不清|想问清楚)"
)
_ABOUT = re.compile(r"账|笔|支出|收入|公共收益|开支")
_STOP = re.compile(r"^(算了|不问了|没有了?|取消|不用了|没事了?)[吧了。]*$")
REPORTS = {"report_repair", "report_complaint", "report_emergency"}
BUTTONS, ESTATES_OFFERED = 3, 8
SURE = 0.6


def question_choices(turn: Turn, found: LedgerAnswer) -> tuple[Choice, ...]:
    """A button for each of the first entries shown."""
    entries = [entry for entry_id in found.entries[:BUTTONS] if (entry := published_entry(turn.session, entry_id)) is not None]
    turn.dialogue["ledger"] = {"entries": [entry.id for entry in entries]}
    if len(entries) == 1:
        return (Choice(turn.words("choice_question_entry"), {"do": "ledger_question", "entry": entries[0].id}),)
    return tuple(
        Choice(
            turn.words("choice_question_entry_of", day=f"{e.day:%m-%d}", amount=yuan(e.amount)), {"do": "ledger_question", "entry": e.id}
        )
        for e in entries
    )


def ledger_figure(turn: Turn) -> Answer | None:
    """A figure of the published ledger, whatever the intent was taken for; without an estate the question which one."""
    text = turn.reading.text
    if turn.region is None or (turn.intent in REPORTS and (turn.confidence or 0.0) >= SURE):
        return None
    member = member_of(turn.session, turn.conversation.id, turn.now)
    community = turn.conversation.place.get("community") or (member.community if member else None)
    if community:
        return _figure_of(turn, text, community)
    estates = published_estates(turn.session, turn.region.id) if asks_for_figure(text) else []
    if not estates:
        return None
    choices = tuple(Choice(estate, {"do": "ledger_of", "community": estate, "text": text}) for estate in estates[:ESTATES_OFFERED])
    return Answer("clarify", (Reply(turn.words("ledger_which_estate"), choices=choices),))


def ledger_of(turn: Turn, community: str, text: str) -> Answer:
    """The figure asked for before the estate was known."""
    found = _figure_of(turn, text, community)
    return found or Answer("clarify", (Reply(turn.words("ledger_no_figure", community=community)),))


def _figure_of(turn: Turn, text: str, community: str) -> Answer | None:
    assert turn.region is not None
    found = answer_ledger(turn.session, text, (turn.region.id, community), turn.now, turn.words)
    if found is None:
        return None
    document = (
        {"title": found.period or turn.words("ledger_page_title"), "url": found.url, "media_type": "text/html"} if found.url else None
    )
    return Answer("answered", (Reply(found.text, choices=question_choices(turn, found), document=document),))


def ledger_word(turn: Turn) -> Answer | None:
    """What is asked about an entry after its button, or “我对这笔账有疑问”; None when the message is neither."""
    text = turn.reading.text
    asked = turn.dialogue.get("ledger_question")
    if isinstance(asked, dict):
        turn.dialogue.pop("ledger_question")
        if asked["turns"] + 1 != turn.conversation.turns or (turn.intent == "ask_human" and (turn.confidence or 0.0) >= SURE):
            return None  # something else was said or tapped in between
        if _STOP.match(text):
            return Answer("cancelled", (Reply(turn.words("ledger_question_dropped")),))
        return _file(turn, int(asked["entry"]), turn.reading.raw)
    if not _DOUBT.search(text) or not _ABOUT.search(text):
        return None
    return _doubt(turn, text)


def _doubt(turn: Turn, text: str) -> Answer | None:
    community = turn.conversation.place.get("community")
    shown = [int(entry) for entry in (turn.dialogue.get("ledger") or {}).get("entries", [])]
    entry = entry_said(turn.session, text, (turn.region.id, community)) if community and turn.region else None
    if entry is not None:
        return ask_entry(turn, entry.id)
    if community and names_entry(text):
        return Answer("clarify", (Reply(turn.words("ledger_question_none")),))
    if len(shown) == 1:
        return ask_entry(turn, shown[0])
    if not shown:
        return None
    found = [e for entry_id in shown if (e := published_entry(turn.session, entry_id)) is not None]
    choices = tuple(Choice(_entry_words(turn.words, e), {"do": "ledger_question", "entry": e.id}) for e in found)
    return Answer("clarify", (Reply(turn.words("ledger_question_which"), choices=choices),))


def ask_entry(turn: Turn, entry_id: int) -> Answer:
    """Ask what the question is."""
    entry = published_entry(turn.session, entry_id)
    if entry is None:
        return Answer("clarify", (Reply(turn.words("ledger_question_none")),))
    turn.dialogue["ledger_question"] = {"entry": entry.id, "turns": turn.conversation.turns}
    said = turn.words("ledger_question_ask", entry=_entry_words(turn.words, entry))
    choices = (
        Choice(turn.words("choice_question_plain"), {"do": "ledger_plain", "entry": entry.id}),
        Choice(turn.words("choice_later"), {"do": "ledger_drop"}),
    )
    return Answer("report_open", (Reply(said, choices=choices),), asks_for="description")


def ask_plainly(turn: Turn, entry_id: int) -> Answer:
    """File it with the plain wish to see the receipt and the reason."""
    turn.dialogue.pop("ledger_question", None)
    return _file(turn, entry_id, turn.words("ledger_question_plain"))


def drop_question(turn: Turn) -> Answer:
    """Leave it."""
    turn.dialogue.pop("ledger_question", None)
    return Answer("cancelled", (Reply(turn.words("ledger_question_dropped")),))


def _file(turn: Turn, entry_id: int, text: str) -> Answer:
    source = {"conversation_id": turn.conversation.id, "turn_id": turn.id, "property_form": turn.conversation.property_form}
    try:
        row = ask_about_entry(turn.session, entry_id, text, turn.now, turn.words, **source)
    except Refused as refused:
        return Answer("clarify", (Reply(f"{refused.reason}。{refused.remedy}"),))
    turn.dialogue["ticket"] = row.number
    record = ticket_record(turn.session, row, audience="resident")
    message = "ledger_question_conduct" if row.category == "committee_conduct" else "ledger_question_filed"
    lines = [turn.words(message, number=row.number, lead_unit=row.lead_unit), *clock_lines(turn, record), turn.words("filed_after")]
    return Answer("filed", (Reply("\n".join(lines), kind="card"),), tickets=(record,))


def ask_about_entry(session: Session, entry_id: int, text: str, now: datetime, words: Words | None = None, **source: Any) -> TicketRow:
    """Open the ticket of a question about a published entry, in the caller's transaction, and let the committee know without its author.

    `source`: conversation_id, turn_id, property_form of the asker where there is a conversation. Refused for no such entry and for a flood.
    A question about the committee's own conduct goes to the authority alone.
    """
    asked = question_entry(session, entry_id, text, words)
    check_flood(session, asked.region, asked.community, now)
    new = NewTicket(
        kind=asked.kind,
        category=asked.category,
        region=asked.region,
        property_form=source.get("property_form"),
        place=Place(community=asked.community),
        description=asked.description,
        occurred=None,
        urgent=False,
        anonymous=True,
        person_id=None,
        conversation_id=source.get("conversation_id"),
        turn_id=source.get("turn_id"),
    )
    row = open_ticket(session, new, now)
    is_conduct = asked.category == "committee_conduct"
    note_question(session, entry_id, NewQuestion(row.number, without_stars(hide_author(mask(text), names_said(text))), is_conduct), now)
    if not is_conduct:
        _tell_committee(session, entry_id, asked.region, asked.community, now)
    return row


def _tell_committee(session: Session, entry_id: int, region: str, community: str, now: datetime) -> None:
    """Every member hears that an entry is asked about; neither who asked nor the words."""
    entry = session.get_one(LedgerEntryRow, entry_id)
    for member in active_members(session, region, community, now):
        conversation = session.get(ConversationRow, member.conversation_id) if member.conversation_id else None
        if conversation is None or conversation.erased_at is not None:
            continue
        say = Words(conversation.locale)
        body = {"kind": "notice", "text": say("ledger_question_told", entry=_entry_words(say, entry)), "choices": [], "citations": []}
        session.add(MessageRow(conversation_id=conversation.id, author="notice", body=body, said_at=now))


def _entry_words(say: Words, entry: LedgerEntryRow) -> str:
    kind = say(f"ledger_{entry.kind}")
    return say("ledger_entry_named", seq=entry.seq, day=entry.day.isoformat(), kind=kind, subject=entry.subject, amount=yuan(entry.amount))
