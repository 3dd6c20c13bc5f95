"""Emergency 紧急: the safety line and the numbers first, one urgent ticket in the same turn, and for half an hour every word goes to it."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from actions.answer import Answer, Reply
from actions.draft import draft_record, place_of, place_words
from actions.report_take import could_be_name, remember_community
from actions.turn import Turn
from storage.models import TicketRow
from tickets.open_ticket import NewTicket, open_ticket
from tickets.resident import supplement
from tickets.routing import route
from tickets.ticket import ticket_record

CRISIS = timedelta(minutes=30)  # one person tells of one incident at a time; longer ago is another
OPEN = ("submitted", "accepted", "in_progress", "reopened")
ELSEWHERE = {"ask_policy", "report_repair", "report_complaint", "guide_committee", "ask_vote"}  # another matter, when said surely
SURELY = 0.75
OVER = re.compile(r"误会|搞错了|看错了|没事了|逗你|开(个)?玩笑|(出来|救出来|下来)了|(火|都)灭了|关了?阀|是演练|已经好了|不用来了")
MYSELF = re.compile(
    r"我.{0,6}(不想活|想死|死了算|活不下去|活着没|割腕|跳下去|结束|解脱|药都吃|吃了)|不想活了|活着(真)?(没意思|累)|死了算了"
)
HARMED = re.compile(r"割腕|吃了.{0,8}(药|安眠)|喝了.{0,4}(农药|敌敌畏|药)|药都?吃了|流.{0,3}血")
PHONES = {
    "gas_leak": "119、120",
    "fire": "119、120",
    "lift_trapped": "119、96333",
    "electric_hazard": "120、119",
    "flood": "119",
    "falling_object": "120、110",
    "medical": "120",
    "co_poisoning": "120、119",
    "self_harm": "110、120、12356",
    "child_trapped": "119、120、110",
    "crime": "110",
}


def answer_emergency(turn: Turn, category: str) -> Answer:
    """Say how to stay safe, open the urgent ticket or join the one of this incident, then ask where; a draft is kept for later."""
    row = _of_this_incident(turn)
    turn.intent = "report_emergency"
    if turn.reading.emergency is not None:
        turn.confidence = turn.reading.emergency.confidence
    said: list[str] = []
    if row is None:
        row = open_ticket(turn.session, _urgent_ticket(turn, category), turn.now)
        said.append(turn.words("emergency_filed", number=row.number))
    else:
        _learn(turn, row)
        said.append(turn.words("emergency_again", number=row.number))
    turn.dialogue["ticket"] = row.number
    turn.dialogue["crisis"] = {"number": row.number, "category": category, "until": (turn.now + CRISIS).isoformat(), "turns": 0}
    if not row.community:
        said.append(turn.words("emergency_ask_place"))
    said.append(turn.words("emergency_demo_note"))
    first = Reply(_safety(turn, category), kind="emergency")
    return _answer(turn, row, (first, Reply("\n".join(said), kind="emergency")))


def safety_line(turn: Turn, category: str) -> str:
    """What to do first in an emergency of this category, and whom to call."""
    known = turn.parts.categories[category]
    return turn.words("emergency_open", first_line=known.first_line, phones=PHONES[category])


def _safety(turn: Turn, category: str) -> str:
    text = turn.reading.text
    lines = [safety_line(turn, category)]
    if category == "self_harm":
        lines = [turn.words("crisis_self" if MYSELF.search(text) else "crisis_other")]
        if HARMED.search(text):
            lines.insert(0, turn.words("crisis_harmed"))
    elif category == "medical":
        lines.append(turn.words("emergency_no_breath"))
    return "\n".join(lines)


def follow_crisis(turn: Turn) -> Answer | None:
    """Within half an hour of an emergency: place, people, news go to its ticket; None when another matter is surely meant."""
    crisis = turn.dialogue.get("crisis")
    if not crisis or turn.now > datetime.fromisoformat(crisis["until"]):
        turn.dialogue.pop("crisis", None)
        return None
    row = turn.session.scalar(select(TicketRow).where(TicketRow.number == crisis["number"]))
    if row is None or row.state not in OPEN or _is_elsewhere(turn, crisis, row):
        return None
    crisis["turns"] += 1
    placed = _learn(turn, row)
    if OVER.search(turn.reading.text) and crisis["category"] != "self_harm":
        turn.dialogue.pop("crisis", None)
        return _answer(turn, row, (Reply(turn.words("crisis_over", number=row.number)),))
    return _answer(turn, row, (Reply(_next_words(turn, row, crisis, placed), kind="emergency"),))


def _is_elsewhere(turn: Turn, crisis: dict[str, Any], row: TicketRow) -> bool:
    sure = (turn.confidence or 0.0) >= SURELY
    if turn.intent == "ask_human" and sure:
        return True
    if crisis["category"] == "self_harm":
        return False
    answers_form = turn.draft is not None and row.community is not None and turn.intent in {"inform", "affirm", "deny", "correct", "cancel"}
    return (turn.intent in ELSEWHERE and sure) or answers_form


def _next_words(turn: Turn, row: TicketRow, crisis: dict[str, Any], placed: bool) -> str:
    words, number = turn.words, row.number
    if crisis["category"] == "self_harm":
        return words(f"crisis_self_next_{(crisis['turns'] - 1) % 3 + 1}")
    lines = []
    if placed:
        lines.append(words("emergency_place_added", number=number, place=place_words(turn, place_of(_place(row)))))
    else:
        lines.append(words(f"crisis_noted_{(crisis['turns'] - 1) % 2 + 1}", number=number))
    lines.append(words("crisis_call", phones=PHONES[crisis["category"]]))
    if not row.community:
        lines.append(words("ask_place_community_only"))
    return "\n".join(lines)


def _learn(turn: Turn, row: TicketRow) -> bool:
    """Put place, phone and words of this turn on the urgent ticket; True when the place became clearer."""
    said, text = turn.reading.place, turn.reading.text
    place = said.merged_over(place_of(_place(row)))
    community = place.community
    if said.is_empty() and not row.community and could_be_name(text, turn.intent):
        community = text
    known = remember_community(turn, community)
    placed = (known, place.building, place.unit, place.room, place.spot) != (row.community, row.building, row.unit, row.room, row.spot)
    row.community, row.building, row.unit, row.room, row.spot = known, place.building, place.unit, place.room, place.spot
    if turn.region is not None and row.region != turn.region.id:
        row.region = turn.region.id
        row.lead_unit = route(turn.region, row.category, row.kind, row.property_form, turn.region.community(row.community)).lead_unit
    if turn.reading.phones and row.person_id is None:
        row.person_id = turn.parts.people.remember_person(turn.session, name=None, phone=turn.reading.phones[0], now=turn.now)
    supplement(turn.session, row, text=turn.reading.raw, attachments=turn.attachments, now=turn.now)
    return placed and bool(known or place.building)


def _place(row: TicketRow) -> dict[str, Any]:
    return {"community": row.community, "building": row.building, "unit": row.unit, "room": row.room, "spot": row.spot}


def _answer(turn: Turn, row: TicketRow, replies: tuple[Reply, ...]) -> Answer:
    record = ticket_record(turn.session, row, audience="resident")
    asks = None if row.community or "crisis" not in turn.dialogue else "place"
    return Answer("emergency", replies, asks_for="place" if asks else None, tickets=(record,), draft=draft_record(turn, turn.draft))


def _of_this_incident(turn: Turn) -> TicketRow | None:
    return turn.session.scalar(
        select(TicketRow)
        .where(
            TicketRow.conversation_id == turn.conversation.id,
            TicketRow.kind == "emergency",
            TicketRow.opened_at > turn.now - CRISIS,
            TicketRow.state.in_(OPEN),
        )
        .order_by(TicketRow.id.desc())
        .limit(1)
    )


def _urgent_ticket(turn: Turn, category: str) -> NewTicket:
    draft = turn.draft
    place = turn.reading.place.merged_over(place_of(draft["place"] if draft else turn.conversation.place))
    community = remember_community(turn, place.community)
    person_id = draft["person_id"] if draft else None
    if turn.reading.phones:
        person_id = turn.parts.people.remember_person(turn.session, name=None, phone=turn.reading.phones[0], now=turn.now)
    return NewTicket(
        kind="emergency",
        category=category,
        region=turn.conversation.region or turn.parts.default_region,
        property_form=turn.conversation.property_form,
        place=type(place)(community, place.building, place.unit, place.room, place.spot),
        description=turn.reading.raw.strip(),
        occurred=turn.reading.times[0] if turn.reading.times else None,
        urgent=True,
        anonymous=False,
        person_id=person_id,
        conversation_id=turn.conversation.id,
        turn_id=turn.id,
        attachments=turn.attachments,
    )
