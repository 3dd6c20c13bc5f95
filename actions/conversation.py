"""Everything around the matters themselves: greeting, a person, what is not ours, and what was not understood."""

import re

from sqlalchemy import select

from actions.answer import Answer, Choice, Reply
from actions.draft import draft_record, place_of
from actions.turn import Turn
from committee.members import join, member_of, open_desk
from config.refusal import Refused
from storage.models import TicketRow
from tickets.open_ticket import NewTicket, open_ticket
from tickets.resident import chase
from tickets.ticket import ticket_record

JOIN = re.compile(r"加入(?:业委会|物管会)\s*([A-Za-z0-9-]{6,20})")
DESK = re.compile(r"(业委会|物管会|委员)工作台")
SMALLTALK = {"greet": "smalltalk_greet", "thank": "smalltalk_thank", "ask_ability": "smalltalk_ability", "confirm_fixed": "smalltalk_fixed"}


def main_choices(turn: Turn) -> tuple[Choice, ...]:
    """The buttons for what the assistant can do."""
    words = turn.words
    return (
        Choice(words("choice_report_repair"), {"do": "say", "intent": "report_repair"}),
        Choice(words("choice_report_complaint"), {"do": "say", "intent": "report_complaint"}),
        Choice(words("choice_ask_policy"), {"do": "say", "intent": "ask_policy"}),
        Choice(words("choice_status"), {"do": "say", "intent": "ask_status"}),
        Choice(words("choice_guide"), {"do": "say", "intent": "guide_committee"}),
        Choice(words("choice_human"), {"do": "human"}),
    )


def smalltalk(turn: Turn) -> Answer:
    """Greeting, thanks, what are you."""
    message = SMALLTALK.get(turn.intent or "", "smalltalk_greet")
    choices = main_choices(turn) if turn.intent in {"greet", "ask_ability"} else ()
    return Answer("smalltalk", (Reply(turn.words(message), choices=choices),))


def committee_desk(turn: Turn) -> Answer | None:
    """“加入业委会 CODE” binds the conversation to an invitation; “业委会工作台” opens the member's desk page for some hours."""
    text = turn.reading.text
    said = JOIN.search(text)
    if said:
        try:
            member = join(turn.session, turn.conversation.id, said.group(1), turn.now)
        except Refused as refused:
            return Answer("guide", (Reply(f"{refused.reason}。{refused.remedy}"),))
        return Answer("guide", (Reply(turn.words("committee_joined", community=member.community, name=member.name)),))
    if not DESK.search(text):
        return None
    member_now = member_of(turn.session, turn.conversation.id, turn.now)
    if member_now is None:
        return Answer("guide", (Reply(turn.words("committee_not_member")),))
    secret = open_desk(turn.session, member_now, turn.now)
    page = {"title": turn.words("committee_desk_title"), "url": f"/committee/enter/{secret}", "media_type": "text/html"}
    return Answer("guide", (Reply(turn.words("committee_desk"), kind="document", document=page),))


def out_of_scope(turn: Turn) -> Answer:
    """Not ours; say what is."""
    return Answer("out_of_scope", (Reply(turn.words("out_of_scope"), choices=main_choices(turn)),))


def clarify(turn: Turn, message: str | None = None) -> Answer:
    """Not understood: another wording, then buttons, then a person."""
    tries = int(turn.dialogue.get("tries", 0)) + 1
    turn.dialogue["tries"] = tries
    if tries >= 3 and message is None:
        turn.dialogue["tries"] = 0
        handed = hand_off(turn)
        return Answer("handed_off", (Reply(turn.words("clarify_third")), *handed.replies), tickets=handed.tickets)
    said = turn.words(message or ("clarify_first" if tries == 1 else "clarify_second"))
    return Answer("clarify", (Reply(said, choices=main_choices(turn)),), draft=draft_record(turn, turn.draft))


def hand_off(turn: Turn) -> Answer:
    """A person: one handoff ticket at a time, asked again it is chased."""
    open_one = turn.session.scalar(
        select(TicketRow)
        .where(
            TicketRow.conversation_id == turn.conversation.id,
            TicketRow.kind == "handoff",
            TicketRow.state.in_(("submitted", "accepted", "in_progress", "reopened")),
        )
        .limit(1)
    )
    if open_one is not None:
        chase(turn.session, open_one, text=turn.reading.raw, now=turn.now)
        record = ticket_record(turn.session, open_one, audience="resident")
        return Answer("handed_off", (Reply(turn.words("handed_off_already", number=open_one.number)),), tickets=(record,))
    row = open_ticket(turn.session, _handoff(turn), turn.now)
    record = ticket_record(turn.session, row, audience="resident")
    draft = draft_record(turn, turn.draft)
    return Answer("handed_off", (Reply(turn.words("handed_off", number=row.number)),), tickets=(record,), draft=draft)


def _handoff(turn: Turn) -> NewTicket:
    draft = turn.draft
    said = [turn.dialogue.get("question"), draft["description"] if draft else None, turn.reading.raw.strip()]
    return NewTicket(
        kind="handoff",
        category="other_complaint",
        region=turn.conversation.region or turn.parts.default_region,
        property_form=turn.conversation.property_form,
        place=place_of(draft["place"] if draft else turn.conversation.place),
        description="\n".join(part for part in said if part),
        occurred=None,
        urgent=False,
        anonymous=False,
        person_id=draft["person_id"] if draft else None,
        conversation_id=turn.conversation.id,
        turn_id=turn.id,
        attachments=(),
    )
