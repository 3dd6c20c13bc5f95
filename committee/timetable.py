"""From one date all dates of a procedure, explained line by line, and the same as a calendar file (ICS)."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from committee.ics import Entry, calendar_text
from committee.procedures import Procedures, Step
from committee.reckoning import Reckoned, backward, forward, period_ends
from committee.workdays import Workdays, read_workdays
from config.refusal import Refused
from config.words import Words

# An election is held at the meeting, so its day is the meeting's unless another is told.
SAME_DAY = {"election": "general_meeting"}
PERIODS_SHOWN = 4


@dataclass(frozen=True)
class Line:
    """One date: the last day on which the step can be done. `sure` false: the number of days is not verified."""

    on: date
    step: str
    who: str
    text: str
    why: str
    source_text: str
    sure: bool
    is_known: bool  # whether the days off of that year are announced
    key: str = ""  # stays the same when the date moves, so that a calendar replaces the entry
    n: int = 0  # the step's number in the procedure's file


@dataclass(frozen=True)
class Timetable:
    """A procedure's dates in order; `waiting` names the events whose date is not known yet; `warnings` are sentences."""

    procedure_id: str
    title: str
    lines: tuple[Line, ...]
    waiting: tuple[str, ...]
    warnings: tuple[str, ...]

    def ics(self, now: datetime, say: Words | None = None) -> str:
        """The dates as an iCalendar file with reminders 7, 3 and 1 days before; `now` (aware) stamps it."""
        words = say or Words()
        entries = [
            Entry(
                f"{self.procedure_id}-{line.key}@linda",
                line.on,
                words("due_title", step=line.step),
                "\n".join(part for part in (line.text, line.why, line.source_text) if part),
            )
            for line in self.lines
        ]
        return calendar_text(self.title, entries, now)


def events_of(procedures: Procedures, procedure_id: str) -> list[str]:
    """The ids of the events whose dates the procedure's deadlines hang on, in order of the steps."""
    found: list[str] = []
    for step in procedures.entry(procedure_id).steps:
        event = step.deadline.event if step.deadline else None
        if event and event not in found:
            found.append(event)
    return found


def timetable(
    procedures: Procedures,
    procedure_id: str,
    region: str | None,
    known: dict[str, date],
    days: Workdays | None = None,
) -> Timetable:
    """All dates that follow from the `known` ones (event id → date). Refused for an unknown procedure or event."""
    say = procedures.words
    possible = events_of(procedures, procedure_id)
    for event in known:
        if event not in possible and event != "today":
            raise Refused(f"{procedure_id} 没有事件 {event}", "可选：" + "、".join(possible), code="no_event")
    guide = procedures.guide(procedure_id, region)
    lines: list[Line] = []
    waiting: list[str] = []
    for step in guide.steps:
        found = _lines(step, known, days or read_workdays(), say)
        lines.extend(found)
        due = step.due
        if due and due.event and not found and due.event not in waiting:
            waiting.append(due.event)
    warnings = [say("due_not_announced")] if any(not line.is_known for line in lines) else []
    if any(not line.sure for line in lines):
        warnings.append(say("due_unsure"))
    named = tuple(say(f"event_{event}") for event in waiting)
    return Timetable(procedure_id, guide.title, tuple(sorted(lines, key=lambda line: line.on)), named, tuple(warnings))


def _lines(step: Step, known: dict[str, date], days: Workdays, say: Words) -> list[Line]:
    due = step.due
    if due is None or due.length is None:
        return []
    if due.relation == "every":
        start = known.get("today")
        ends = period_ends(start, due.length, PERIODS_SHOWN) if start else []
        every = say(f"due_every_{due.length}")
        return [replace(_line(step, Reckoned(end, every, True)), key=f"{step.n}-{end:%Y%m}") for end in ends]
    day = known.get(due.event or "") or known.get(SAME_DAY.get(due.event or "", ""))
    if day is None:
        return []
    if due.relation == "before":
        return [_line(step, backward(day, due.length, say))]
    return [_line(step, forward(day, due.length, days, say, moves=due.moves))]


def _line(step: Step, reckoned: Reckoned) -> Line:
    sure = step.due is None or step.due.sure
    why, known = reckoned.why, reckoned.is_known
    return Line(reckoned.day, step.title, step.who, step.deadline, why, step.source_text, sure, known, str(step.n), step.n)
