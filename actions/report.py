"""Report 报修、投诉: a mixed-initiative intake that takes all that is said, asks only what is missing, and files on confirmation."""

import re
from typing import Any

from actions.answer import Answer
from actions.draft import Draft, new_draft, place_as_dict, place_of
from actions.loose_facts import join_loose_facts, take_loose_facts
from actions.report_ask import ask_change, ask_next
from actions.report_change import correct_draft
from actions.report_file import file_report, let_wait, settle_alike
from actions.report_take import (
    EMPTY_REPORT,
    add_description,
    beyond_facts,
    could_be_name,
    remember_community,
    settle_category,
    take_all,
    take_category,
)
from actions.turn import Turn
from understanding.reading import Place

HESITATES = re.compile(r"等等|等一?下|等会|先别|慢着|再想想|别急着")
STORY = 4  # characters besides place, time and contact that tell more of the story
DECLINES = re.compile(r"不留|不用|不想|没有|不方便|不给|不说|别留|算了|保密|匿名|不署名|不要|不必")


def start_report(turn: Turn) -> Answer:
    """Begin a report with everything this message says, and ask the first thing missing."""
    kind = "complaint" if turn.intent == "report_complaint" else "repair"
    draft = new_draft(kind, place_of(turn.conversation.place))
    turn.dialogue["draft"] = draft
    draft["photos"] = turn.dialogue.pop("photos", [])
    if len(turn.reading.parts) > 1:
        let_wait(turn, turn.reading.parts[1:])
    take_loose_facts(turn, draft)
    take_all(turn, draft, describing=True)
    join_loose_facts(draft)
    return ask_next(turn, draft)


def continue_report(turn: Turn) -> Answer:
    """The next message inside a report: an answer to what was asked, a correction, or more of the story."""
    draft = turn.draft
    if draft is None:
        return start_report(turn)
    changes = correct_draft(turn, draft)
    if changes:
        return ask_next(turn, draft, lead=turn.words("changed", changes="；".join(changes)))
    handlers = {
        "place": _take_place_answer,
        "contact": _take_contact_answer,
        "category": _take_category_answer,
        "description": _take_description,
        "confirm": _take_confirmation,
        "change": _take_change,
        "alike": _take_alike_answer,
    }
    return handlers.get(turn.asked or "", _take_change)(turn, draft)


def _take_place_answer(turn: Turn, draft: Draft) -> Answer:
    draft["place_tries"] += 1
    taken = take_all(turn, draft, describing=False)
    text = turn.reading.text.strip()
    if turn.reading.place.is_empty() and could_be_name(text, turn.intent):
        key = "spot" if draft["place"]["community"] else "community"
        draft["place"][key] = remember_community(turn, text) if key == "community" else text
        taken = True
    if not taken and len(text) >= 4 and turn.intent not in {"affirm", "deny"}:
        add_description(draft, turn.reading.raw)
        take_category(turn, draft)
        return ask_next(turn, draft, lead=turn.words("noted"))
    return ask_next(turn, draft, again=not taken)


def _take_contact_answer(turn: Turn, draft: Draft) -> Answer:
    taken = take_all(turn, draft, describing=False)
    if taken:
        return ask_next(turn, draft, lead="" if draft["contact"] else turn.words("noted"))
    if turn.intent in {"deny", "cancel"} or DECLINES.search(turn.reading.text):
        draft["contact"] = "declined"
        return ask_next(turn, draft)
    if re.search(r"\d{5,}", turn.reading.text) or turn.intent in {"affirm", "inform"}:
        turn.dialogue["contact_tries"] = turn.dialogue.get("contact_tries", 0) + 1
        if turn.dialogue["contact_tries"] >= 2:
            draft["contact"] = "declined"
            return ask_next(turn, draft, lead=turn.words("contact_given_up"))
        return ask_next(turn, draft, again=True)
    add_description(draft, turn.reading.raw)
    return ask_next(turn, draft, again=True)


def _take_category_answer(turn: Turn, draft: Draft) -> Answer:
    text = turn.reading.text
    for category in turn.parts.categories.values():
        if category.kind in {"repair", "complaint"} and (category.title == text or (len(text) >= 2 and text in category.title)):
            draft["category"], draft["kind"], draft["options"] = category.id, category.kind, []
            return ask_next(turn, draft)
    take_all(turn, draft, describing=True)
    if not draft["category"]:
        settle_category(draft)
    return ask_next(turn, draft)


def _take_description(turn: Turn, draft: Draft) -> Answer:
    take_all(turn, draft, describing=True)
    if not draft["description"] and len(turn.reading.text) >= 2:
        turn.dialogue["description_tries"] = turn.dialogue.get("description_tries", 0) + 1
        if turn.dialogue["description_tries"] >= 2:
            draft["description"] = turn.reading.raw.strip()
    join_loose_facts(draft)
    return ask_next(turn, draft, again=not draft["description"])


def _take_confirmation(turn: Turn, draft: Draft) -> Answer:
    if HESITATES.search(turn.reading.text):
        return ask_next(turn, draft, lead=turn.words("no_hurry"))
    if turn.intent == "affirm" and turn.reading.place.is_empty() and not turn.reading.phones:
        return file_report(turn, draft)
    if turn.intent == "deny" and turn.reading.place.is_empty() and not turn.reading.phones:
        return ask_change(turn, draft)
    return _take_change(turn, draft)


def _take_alike_answer(turn: Turn, draft: Draft) -> Answer:
    if turn.intent in {"affirm", "deny"}:
        return settle_alike(turn, draft, same=turn.intent == "affirm")
    return _take_change(turn, draft)


def _take_change(turn: Turn, draft: Draft) -> Answer:
    before = repr(draft)
    if turn.asked == "change" and turn.reading.times:
        draft["time"] = None
    told = len(beyond_facts(turn.reading)) >= STORY
    place = draft["place"]
    take_all(turn, draft, describing=False)
    if told and turn.asked != "change" and not draft.get("hidden"):
        draft["place"] = place_as_dict(place_of(place).merged_over(turn.reading.place))
    text = turn.reading.text
    bare = EMPTY_REPORT.sub("", text)
    nothing_else = turn.reading.place.is_empty() and not turn.reading.phones and not turn.reading.times and not turn.attachments
    if nothing_else and DECLINES.search(text) and "电话" in text:
        draft["contact"], draft["person_id"] = "declined", None
    elif nothing_else and turn.intent in {"report_repair", "report_complaint"} and bare and turn.asked == "confirm":
        let_wait(turn, (text,))
        return ask_next(turn, draft, lead=turn.words("waiting_kept", matter=text[:40]))
    elif nothing_else and turn.intent == "correct" and len(bare) < 6:
        return ask_change(turn, draft)
    elif (nothing_else or told) and bare and turn.intent not in {"thank", "greet", "ask_ability", "affirm", "out_of_scope"}:
        add_description(draft, turn.reading.raw)
    changed = repr(draft) != before
    return ask_next(turn, draft, lead=turn.words("corrected" if turn.intent == "correct" else "noted") if changed else "")


def choose(turn: Turn, draft: Draft, meaning: dict[str, Any]) -> Answer:
    """A button of the intake."""
    do = meaning["do"]
    if do == "submit":
        return file_report(turn, draft)
    if do == "ask_change":
        return ask_change(turn, draft)
    if do in {"join", "separate"}:
        return settle_alike(turn, draft, same=do == "join")
    if do == "category":
        draft["kind"], draft["category"], draft["options"] = meaning["kind"], meaning["category"], []
    elif do == "skip_contact":
        draft["contact"], draft["person_id"] = "declined", None
    elif do == "change":
        return _reopen_slot(turn, draft, meaning["slot"])
    return ask_next(turn, draft)


def _reopen_slot(turn: Turn, draft: Draft, slot: str) -> Answer:
    if slot == "place":
        draft["place"] = place_as_dict(Place())
        draft["place_tries"] = 0
    elif slot == "category":
        draft["category"] = None
        draft["options"] = [[g.kind, g.category] for g in turn.reading.categories[:2]]
    elif slot == "contact":
        draft["contact"], draft["person_id"] = None, None
    else:
        draft["description"], draft["category"] = "", None
    return ask_next(turn, draft)
