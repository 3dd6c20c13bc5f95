"""Facts that come before the matter they belong to (从上礼拜三开始的, 就垃圾房后面): kept, asked what they are about, used when it follows.

They are kept in `turn.dialogue["loose"]`: place (JSON of the contract, no region), time, person_id, said (sentences), count, at.
"""

from datetime import datetime, timedelta
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.conversation import clarify
from actions.draft import Draft, place_as_dict, place_of, place_words
from actions.report_take import add_description, beyond_facts, remember_community
from actions.turn import Turn
from understanding.intents import only_informs

FRESH = timedelta(hours=2)  # a fact this old belongs to something else
TELLS = 0.35  # both judges give a report at least this: the fact tells of a fault
TELLS_WHEN_ASKED = 0.1  # the resident was just asked what it is about
SURE = 0.6  # the category that then is taken for the kind of report
TIMES_ASKED = 3
TELLING = 3  # characters besides place, time and contact that are worth keeping in the resident's own words


def tells_matter(turn: Turn) -> bool:
    """Whether what seems only to inform tells of a fault or complaint: both judges and the category have to hear it."""
    guesses = turn.reading.categories
    least = TELLS_WHEN_ASKED if turn.asked == "matter" else TELLS
    heard = bool(guesses) and guesses[0].confidence >= SURE and turn.report_chance >= least
    return heard and not only_informs(turn.reading) and bool(beyond_facts(turn.reading))


def keep_facts(turn: Turn) -> Answer:
    """Keep what was said and ask what it is about; after some tries as with anything that is not understood."""
    kept = _kept(turn) or {"place": {}, "time": None, "person_id": None, "said": [], "count": 0}
    reading = turn.reading
    if not reading.place.is_empty():
        kept["place"] = place_as_dict(reading.place.merged_over(place_of(kept["place"])))
        remember_community(turn, kept["place"]["community"])
    if reading.times:
        kept["time"] = reading.times[0]
    if reading.phones:
        name = reading.names[0] if reading.names else None
        kept["person_id"] = turn.parts.people.remember_person(turn.session, name=name, phone=reading.phones[0], now=turn.now)
    if not reading.phones and len(beyond_facts(reading)) >= TELLING:
        kept["said"] = [*kept["said"], reading.raw.strip()[:1000]]
    if turn.attachments:
        turn.dialogue["photos"] = [*turn.dialogue.get("photos", []), *turn.attachments]
    kept["count"], kept["at"] = kept["count"] + 1, turn.now.isoformat()
    turn.dialogue["loose"] = kept
    if kept["count"] > TIMES_ASKED:
        return clarify(turn)
    turn.dialogue["asked"] = "matter"
    known = _told(turn, kept)
    text = turn.words("ask_matter", known=known) if known else turn.words("ask_matter_bare")
    choices = tuple(
        Choice(turn.words(f"choice_{intent}"), {"do": "say", "intent": intent}) for intent in ("report_repair", "report_complaint")
    )
    human = Choice(turn.words("choice_human"), {"do": "human"})
    return Answer("clarify", (Reply(text, choices=(*choices, human)),), asks_for="description")


def _told(turn: Turn, kept: dict[str, Any]) -> str:
    """What is kept, in the words it was said."""
    place = place_words(turn, place_of(kept["place"]))
    phone = turn.words("loose_phone") if kept["person_id"] else ""
    said = kept["said"][-1:]
    facts = [fact for fact in (place, kept["time"] or "", phone) if fact and not any(fact in sentence for sentence in said)]
    return "、".join([*facts, *said])


def _kept(turn: Turn) -> dict[str, Any] | None:
    kept = turn.dialogue.get("loose")
    if not isinstance(kept, dict) or turn.now - datetime.fromisoformat(kept["at"]) > FRESH:
        return None
    return dict(kept)


def take_loose_facts(turn: Turn, draft: Draft) -> None:
    """Put what was kept into the report that begins now; what the report itself says goes over it (then `join_loose_facts`)."""
    kept = _kept(turn)
    turn.dialogue.pop("loose", None)
    if kept is None:
        return
    draft["place"] = place_as_dict(place_of(kept["place"]).merged_over(place_of(draft["place"])))
    draft["place"]["community"] = remember_community(turn, draft["place"]["community"])
    if not turn.reading.times:
        draft["time"] = kept["time"]
    if kept["person_id"]:
        draft["person_id"], draft["contact"] = kept["person_id"], "given"
    draft["before"] = {"said": "\n".join(kept["said"]), "spot": place_of(kept["place"]).spot}


def join_loose_facts(draft: Draft) -> None:
    """Once the matter is told, what was said before it stands behind it: sentences behind the description, both spots in one."""
    if not draft["description"] or not draft.get("before"):
        return
    before = draft.pop("before")
    if before["said"]:
        add_description(draft, before["said"])
    spot = draft["place"]["spot"]
    if before["spot"] and spot and before["spot"] not in spot and spot not in before["spot"]:
        draft["place"]["spot"] = f"{before['spot']} {spot}"
