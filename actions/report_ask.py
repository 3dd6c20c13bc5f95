"""What is still missing in a report and how it is asked for; the card that is confirmed."""

from actions.answer import Answer, Choice, Reply, Slot
from actions.draft import Draft, draft_record, missing_slot, place_of, summary
from actions.turn import Turn


def ask_next(turn: Turn, draft: Draft, *, again: bool = False, lead: str = "") -> Answer:
    """Ask for the first missing slot, or for confirmation when nothing is missing."""
    slot = missing_slot(draft)
    if slot is None:
        return _ask_confirm(turn, draft, lead)
    turn.dialogue["asked"] = slot
    text, choices = _question(turn, draft, slot, again)
    reply = Reply(f"{lead}\n{text}".strip(), choices=choices)
    return Answer("report_open", (reply,), asks_for=_as_slot(slot), draft=draft_record(turn, draft))


def ask_change(turn: Turn, draft: Draft) -> Answer:
    """Which item is wrong?"""
    turn.dialogue["asked"] = "change"
    choices = tuple(
        Choice(turn.words(f"choice_change_{slot}"), {"do": "change", "slot": slot})
        for slot in ("place", "category", "contact", "description")
    )
    reply = Reply(turn.words("ask_what_to_change"), choices=(*choices, _cancel(turn)))
    return Answer("report_open", (reply,), asks_for="confirm", draft=draft_record(turn, draft))


def _question(turn: Turn, draft: Draft, slot: str, again: bool) -> tuple[str, tuple[Choice, ...]]:
    words, kind = turn.words, draft["kind"]
    if slot == "place":
        return _place_question(turn, draft, again)
    if slot == "category":
        options = draft["options"] or [[kind, f"other_{kind}"]]
        choices = [Choice(turn.parts.categories[c].title, {"do": "category", "kind": k, "category": c}) for k, c in options]
        choices.append(Choice(words("choice_other_category"), {"do": "category", "kind": kind, "category": f"other_{kind}"}))
        return words("ask_category"), tuple(choices)
    if slot == "contact":
        skip = (Choice(words("choice_skip_contact"), {"do": "skip_contact"}),)
        message = "ask_contact_again" if again else ("ask_contact_complaint" if kind == "complaint" else "ask_contact")
        return words(message), skip
    return words(f"ask_description_{kind}"), (_cancel(turn),)


def _place_question(turn: Turn, draft: Draft, again: bool) -> tuple[str, tuple[Choice, ...]]:
    place = place_of(draft["place"])
    if again:
        return turn.words("ask_place_again"), ()
    if place.community:
        return turn.words("ask_place_building", community=place.community), ()
    if place.building or place.spot:
        return turn.words("ask_place_community_only"), ()
    return turn.words("ask_place_community"), ()


def _ask_confirm(turn: Turn, draft: Draft, lead: str) -> Answer:
    repeated = turn.asked == "confirm"
    turn.dialogue["asked"] = "confirm"
    text = turn.words("ask_confirm_again" if repeated else "ask_confirm", summary=summary(turn, draft))
    choices = (
        Choice(turn.words("choice_submit"), {"do": "submit"}),
        Choice(turn.words("choice_change"), {"do": "ask_change"}),
        _cancel(turn),
    )
    reply = Reply(f"{lead}\n{text}".strip(), kind="card", choices=choices)
    return Answer("report_open", (reply,), asks_for="confirm", draft=draft_record(turn, draft))


def _cancel(turn: Turn) -> Choice:
    return Choice(turn.words("choice_cancel"), {"do": "cancel"})


def _as_slot(slot: str) -> Slot:
    return slot  # type: ignore[return-value]  # missing_slot gives names of Slot only
