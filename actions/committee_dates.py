"""Dates from chat: “计划12月20号开会” gives every date that follows from it, explained line by line, and a calendar to subscribe to."""

import re
from datetime import date
from urllib.parse import urlencode

from actions.answer import Answer, Choice, Reply
from actions.committee import guide_answer, human, talk_of, talked_of
from actions.committee_cases import desk_of, member_or_why, open_case, refusal
from actions.turn import Turn
from committee.event_words import events_meant
from committee.members import local_day
from committee.spoken_day import day_said, names_a_day, without_day
from committee.timetable import Timetable, events_of, timetable
from config.refusal import Refused

_TIMETABLE = re.compile(
    r"^(给|帮|把|那|我们?|看看?|要|出|排|一?[下个张份]|的|列|再)*(时间表|日程|日期表|倒排(表|时间)?|日历)(给我|看看|呢|吧|排一?下)*$"
)
_DAYS = "一二三四五六日"
LINES_SHOWN, LONGEST = 12, 40
REPORTS, SURE, TOUCHED = {"report_repair", "report_complaint", "report_emergency"}, 0.5, 0.4


def date_word(turn: Turn) -> Answer | None:
    """The timetable from the day a message names for an event of the procedure talked of; None when it names none."""
    state = talked_of(turn)
    text = turn.reading.text
    if state is None:
        return None
    if _TIMETABLE.match(text.strip("。.!！?？~ ")):
        return show_dates(turn, state["procedure"])
    return dates_from(turn, state["procedure"], text)


def day_word(turn: Turn) -> Answer | None:
    """A day told for an event of a procedure that the message plainly speaks of (11月13号签的物业合同什么时候备案); None for reports."""
    text = turn.reading.text
    place = turn.reading.place
    reports = turn.intent in REPORTS and (turn.confidence or 0.0) >= SURE
    if reports or turn.reading.phones or place.building or place.unit or len(text) > LONGEST or not names_a_day(text):
        return None
    match = turn.parts.procedures.find(text)
    return dates_from(turn, match.procedure_id, text) if match is not None and match.score >= TOUCHED else None


def dates_from(turn: Turn, procedure_id: str, text: str) -> Answer | None:
    """The timetable when the text names a day and an event of this procedure (or the only one it has); else None."""
    possible = events_of(turn.parts.procedures, procedure_id)
    if not names_a_day(text) or not possible:
        return None
    meant = events_meant(without_day(text), possible)
    if not meant:
        return None
    day = day_said(text, local_day(turn.now))
    if day is None:
        return guide_answer(turn, Reply(turn.words("dates_no_such_day")))
    return set_date(turn, procedure_id, meant[0], day)


def set_date(turn: Turn, procedure_id: str, event: str, day: date) -> Answer:
    """Note the day (in the estate's case when the speaker is a member and one is open) and tell what follows from it."""
    state = talked_of(turn, ever=True) or {}
    same = state.get("procedure") == procedure_id
    events = dict(state.get("events", {})) if same else {}
    kept = talk_of(turn, procedure_id, state.get("n") if same else None)
    kept["events"] = events | {event: day.isoformat()}
    row = open_case(turn, procedure_id)
    if row is not None:
        member = member_or_why(turn)
        if isinstance(member, Answer):
            return member
        try:
            desk_of(turn, member).set_event(row.id, event, day)
        except Refused as refused:
            return refusal(turn, refused)
    said = turn.words("dates_taken", event=turn.words(f"event_{event}"), day=_spoken(day))
    return show_dates(turn, procedure_id, said)


def show_dates(turn: Turn, procedure_id: str, lead: str = "") -> Answer:
    """All dates known for the procedure, explained, with the calendar."""
    region = turn.region.id if turn.region else None
    row = open_case(turn, procedure_id)
    state = talked_of(turn, ever=True) or {}
    if row is not None:
        known = {event: date.fromisoformat(day) for event, day in row.events.items()}
    else:
        known = {event: date.fromisoformat(day) for event, day in state.get("events", {}).items()}
    table = timetable(turn.parts.procedures, procedure_id, region, known)
    lines = [lead] if lead else []
    lines += _lines(turn, table)
    if not table.lines:
        lines.append(turn.words("dates_none", events="、".join(table.waiting)) if table.waiting else turn.words("dates_nothing_hangs"))
    elif table.waiting:
        lines.append(turn.words("dates_waiting", events="、".join(table.waiting)))
    lines += table.warnings
    replies = [Reply("\n".join(lines), "card", (*_save_choice(turn, row is not None), human(turn)))]
    if table.lines:
        replies.append(_calendar(turn, table, known, row.calendar_token if row is not None else None))
    return guide_answer(turn, *replies)


def _lines(turn: Turn, table: Timetable) -> list[str]:
    today = local_day(turn.now)
    lines = []
    for line in table.lines[:LINES_SHOWN]:
        late = turn.words("dates_late") if line.on < today else ""
        lines.append(turn.words("dates_line", day=_spoken(line.on), step=line.step, who=line.who, late=late, text=line.text))
        lines.append(turn.words("dates_why", why=line.why, source=line.source_text))
    return lines


def _save_choice(turn: Turn, saved: bool) -> tuple[Choice, ...]:
    return () if saved else (Choice(turn.words("choice_save_case"), {"do": "case_save"}),)


def _calendar(turn: Turn, table: Timetable, known: dict[str, date], token: str | None) -> Reply:
    """The calendar: of the case (it follows changes) or, without a case, of these very days."""
    region = turn.region.id if turn.region else ""
    query = urlencode({"region": region} | {event: day.isoformat() for event, day in known.items()})
    url = f"/calendar/{token}.ics" if token else f"/timetable/{table.procedure_id}.ics?{query}"
    document = {"title": turn.words("dates_calendar", title=table.title), "url": url, "media_type": "text/calendar"}
    return Reply(turn.words("dates_calendar_saved" if token else "dates_calendar_once"), kind="document", document=document)


def _spoken(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{_DAYS[day.weekday()]}）"
