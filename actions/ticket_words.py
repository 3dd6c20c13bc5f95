"""A ticket's state and promises as sentences, with the clause each promise comes from."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions.turn import Turn
from tickets.change_ticket import RESIDENT


def local_time(turn: Turn, at: str) -> str:
    """An RFC 3339 time as people read it in the region's own time zone: 11月20日 14:30."""
    zone = ZoneInfo(turn.region.timezone if turn.region else "Asia/Shanghai")
    moment = datetime.fromisoformat(at).astimezone(zone)
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


def clock_lines(turn: Turn, record: dict[str, Any]) -> list[str]:
    """One line for each clock of a fresh ticket."""
    lines = []
    for clock in record["clocks"]:
        source = clock_source(turn, clock)
        what = turn.words(f"clock_{clock['name']}")
        if clock["due_at"] is None:
            lines.append(turn.words("filed_clock_not_set", what=what, source=source))
        else:
            message = "filed_clock_climbs" if _climbs(turn, clock) else "filed_clock"
            lines.append(turn.words(message, what=what, due=local_time(turn, clock["due_at"]), source=source))
    return lines


def _climbs(turn: Turn, clock: dict[str, Any]) -> bool:
    """Whether this clock is a rung of the ladder: the plan promises that somebody higher takes it up, not that it is done by then."""
    rungs = turn.region.ladder if turn.region else ()
    source = clock["source"]
    return any((r.name, r.source.plan, r.source.clause) == (clock["name"], source["plan"], source["clause"]) for r in rungs)


def clock_source(turn: Turn, clock: dict[str, Any]) -> str:
    """The short name of the plan and the clause a clock stands in."""
    source = clock["source"]
    return f"{turn.parts.plan_numbers.get(source['plan'], source['plan'])} {source['clause']}"


def status_text(turn: Turn, record: dict[str, Any]) -> str:
    """Where a ticket stands, its running clocks and its last progress: never what the resident said themselves."""
    words = turn.words
    category = turn.parts.categories.get(record["category"])
    lines = [
        words(
            "status_ticket",
            number=record["number"],
            category=category.title if category else record["category"],
            state=words(f"state_{record['state']}"),
            lead_unit=record["lead_unit"],
        )
    ]
    last = next((line for line in reversed(record["history"]) if _is_progress(line)), None)
    if last is not None:
        lines.append(words("status_last", at=local_time(turn, last["at"]), text=last["text"]))
    else:
        lines.append(words("status_no_progress"))
    for clock in record["clocks"]:
        if clock["state"] in {"running", "breached"} and clock["due_at"]:
            what = words(f"clock_{clock['name']}")
            due = local_time(turn, clock["due_at"])
            lines.append(words(f"status_clock_{clock['state']}", what=what, due=due, source=clock_source(turn, clock)))
    return "\n".join(lines)


def _is_progress(line: dict[str, Any]) -> bool:
    return bool(line["text"]) and line["by"] != RESIDENT and line["event"] != "opened"
