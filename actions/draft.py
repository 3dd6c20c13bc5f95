"""The report being collected: a plain dict in the conversation's dialogue, its gaps, and how it is shown."""

import re
from typing import Any

from actions.turn import Turn
from understanding.reading import Place

Draft = dict[str, Any]
FLAT = re.compile(r"(\d{1,2})([东西南北中])")  # a flat told by its floor and side instead of a number (五楼东户)


def new_draft(kind: str, place: Place) -> Draft:
    """An empty draft of kind repair|complaint at the place already known (QR code, earlier report)."""
    return {
        "kind": kind,
        "category": None,
        "options": [],
        "place": place_as_dict(place),
        "description": "",
        "time": None,
        "photos": [],
        "person_id": None,
        "contact": None,
        "place_tries": 0,
    }


def place_as_dict(place: Place) -> dict[str, str | None]:
    """A place as the JSON the contract shows, without region."""
    return {"community": place.community, "building": place.building, "unit": place.unit, "room": place.room, "spot": place.spot}


def place_of(record: dict[str, Any]) -> Place:
    """The place kept in a draft or a conversation."""
    known = {k: v for k, v in record.items() if k in {"community", "building", "unit", "room", "spot"} and v}
    return Place(**known)


def missing_slot(draft: Draft) -> str | None:
    """The next thing to ask, or None when only the confirmation is missing. Order: what, where, who."""
    if not draft["description"]:
        return "description"
    if not draft["category"]:
        return "category"
    place = place_of(draft["place"])
    if not place.community:
        return "place"
    located = place.building or place.spot or place.room
    if draft["kind"] == "repair" and not located and not draft.get("hidden") and draft["place_tries"] < 2:
        return "place"
    if draft["contact"] is None:
        return "contact"
    return None


def place_words(turn: Turn, place: Place) -> str:
    """A place as people read it: 和平小区3号楼2单元502室厨房."""
    words = turn.words
    parts = [place.community or ""]
    if place.building:
        named = place.building.isascii() and place.building.isalpha()
        parts.append(words("place_building_named" if named else "place_building", building=place.building))
    if place.unit:
        parts.append(words("place_unit", unit=place.unit))
    if place.room:
        flat = FLAT.fullmatch(place.room)
        parts.append(words("place_flat", floor=flat[1], side=flat[2]) if flat else words("place_room", room=place.room))
    parts.append(place.spot or "")
    return "".join(parts)


def summary(turn: Turn, draft: Draft) -> str:
    """The draft in lines for the resident to check before it is filed."""
    words = turn.words
    category = turn.parts.categories[draft["category"]].title
    lines = [
        words("summary_kind", kind=words(f"kind_{draft['kind']}"), category=category),
        words("summary_place", place=place_words(turn, place_of(draft["place"]))),
        words("summary_description", description=shorten(draft["description"])),
    ]
    if draft["time"]:
        lines.append(words("summary_time", time=draft["time"]))
    phone = phone_of(turn, draft)
    lines.append(words("summary_contact", phone=phone) if phone else words("summary_no_contact"))
    if draft["photos"]:
        lines.append(words("summary_photos", count=len(draft["photos"])))
    return "\n".join(lines)


def phone_of(turn: Turn, draft: Draft) -> str | None:
    """The phone the resident left for this report, deciphered, or None."""
    if not draft["person_id"]:
        return None
    phone = turn.parts.people.read_person(turn.session, draft["person_id"]).get("phone")
    return str(phone) if phone else None


def shorten(text: str, limit: int = 120) -> str:
    """Long descriptions are kept whole on the ticket and shown shortened."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def draft_record(turn: Turn, draft: Draft | None) -> dict[str, Any] | None:
    """The contract's Ticket in state `draft`, without a number."""
    if draft is None:
        return None
    return {
        "number": None,
        "kind": draft["kind"],
        "category": draft["category"],
        "state": "draft",
        "place": {"region": turn.conversation.region, **draft["place"]},
        "description": draft["description"],
        "lead_unit": None,
        "support_units": [],
        "level": "company",
        "clocks": [],
        "opened_at": None,
        "history": [],
    }
