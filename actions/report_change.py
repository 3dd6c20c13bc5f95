"""Corrections inside a report: only what was said to be wrong changes, and the reply says what it is now."""

import re

from actions.draft import Draft, phone_of, place_as_dict, place_of, place_words
from actions.report_take import add_description, remember_community, weigh
from actions.turn import Turn
from understanding.denied import without_denied
from understanding.phones import phone_spans
from understanding.reading import Place
from understanding.times import find_times

CORRECTS = re.compile(
    r"不是[^,。;]{1,12}?[,\s]*(?:而)?是|改成|改为|改到|换成|更正|[写说打报记弄搞选看]错|[写说]反了?|说差|错了|(?:类别|时间|地点|地址|"
    r"电话|号码|楼号|房号|单元)不对|"
    r"应该是|改一下|是[^,。]{1,12}?[,\s]*不是|^不对"
)
DROPS_PHONE = re.compile(
    r"(?:别|不要|甭|不想|不用|不能)(?:再)?(?:把|给|让|告诉|透露|泄露|留|写|记)[^,。;]{0,8}(?:电话|手机|号码|联系方式)|"
    r"(?:电话|手机|号码|联系方式)[^,。;0-9]{0,3}(?:不留了?|不给了?|别留|别给|别写|别告诉|去掉|删了?|删掉|撤了|不要了|算了|不用留)|"
    r"(?:去掉|删掉|删了|撤掉|取消)[^,。;]{0,5}(?:电话|手机|号码|联系方式)"
)
PHONE_TAIL = re.compile(r"(?:尾号|(?:最后|后头?|末)(?:[一两二三四1-4])?[位个](?:数|数字)?)[^0-9,。]{0,6}([0-9]{1,4})(?![0-9])")
CATEGORY = re.compile(r"(?:类别|分类|类型)[^,。;]{0,6}[,\s]*")
KIND = re.compile(r"不是[要想来]?(?:报修|投诉)|(?:是|改成|算)[要想来]?(?:报修|投诉)")
NOT_BUT = re.compile(
    r"(?:不是|不在)([^,。;!?\s是]{1,12}?)(?:哈|啊|呀|呢)?[,。\s]*(?:而)?[是在](?!不)([^,。;!?]{1,20})|"
    r"是([^,。;!?不\s]{1,20}?)[,\s]*不是([^,。;!?\s]{1,12})"
)
ANSWERED = re.compile(r"^[我你]?(?:要|想|来|给)?|(?:吧|啊|呀|哈|呢|的|了)+$")
MEANS = re.compile(r"(?:应该?是|改成|改为|换成|是|算)([^,。;!?]{2,20})")
HALF_WIDTH = {ord("０") + n: str(n) for n in range(10)}
CHANGES_CATEGORY = 0.6  # so sure the classifier must be to put the corrected matter elsewhere
POLITE = re.compile(r"(?<=..)(?:\s.*|[你您]?(?:给|帮)?我?改(?:过来|一下|改).*)$")
NAMED = 0.15  # a category named in the correction needs no more certainty than to be among the likely ones


def correct_draft(turn: Turn, draft: Draft) -> list[str]:
    """Apply what the message corrects; the sentences that say what changed, empty when it corrects nothing."""
    text = turn.reading.text
    drops = bool(DROPS_PHONE.search(text)) and not turn.reading.phones
    if not drops and not (turn.intent == "correct" or CORRECTS.search(text)):
        return []
    changes = [*_contact(turn, draft, drops=drops)]
    recategorised = bool(CATEGORY.search(text)) or bool(KIND.search(text))
    if recategorised:
        changes += _category(turn, draft)
    pair = None if recategorised else _matter_pair(turn, draft)
    changes += _place(turn, draft, spots=pair is None and not recategorised)
    changes += _time(turn, draft)
    if pair is not None:
        changes += _matter(turn, draft, *pair)
    return changes


def _contact(turn: Turn, draft: Draft, *, drops: bool) -> list[str]:
    """Phone and name."""
    reading, now = turn.reading, turn.now
    before = phone_of(turn, draft)
    tail = PHONE_TAIL.search(reading.text)
    phone = reading.phones[-1] if reading.phones else (before[: -len(tail[1])] + tail[1] if tail and before else None)
    name = reading.names[0] if reading.names else None
    if drops:
        _forget(turn, draft)
        draft["contact"], draft["person_id"] = "declined", None
        draft["description"] = _without_phones(turn, draft["description"])
        return [turn.words("changed_no_contact")]
    if phone is None and name is not None and before is not None:
        _forget(turn, draft)
        draft["person_id"] = turn.parts.people.remember_person(turn.session, name=name, phone=before, now=now)
        return [turn.words("changed_name", name=name)]
    if phone is None or phone == before:
        return []
    known = turn.parts.people.read_person(turn.session, draft["person_id"]).get("name") if draft["person_id"] else None
    _forget(turn, draft)
    draft["person_id"] = turn.parts.people.remember_person(turn.session, name=name or known, phone=phone, now=now)
    draft["contact"] = "given"
    draft["description"] = _without_phones(turn, draft["description"])
    return [turn.words("changed_contact", phone=phone)]


def _forget(turn: Turn, draft: Draft) -> None:
    """The person kept for this draft alone is erased; no ticket points to it yet."""
    if draft["person_id"]:
        turn.parts.people.erase_person(turn.session, draft["person_id"], turn.now)


def _without_phones(turn: Turn, text: str) -> str:
    """A description without the phones that stood in it: one that was wrong or is not to be given must not stay there."""
    for start, end, _ in reversed(phone_spans(text.translate(HALF_WIDTH))):
        text = f"{text[:start]}{turn.words('description_no_phone')}{text[end:]}"
    return text


def _place(turn: Turn, draft: Draft, *, spots: bool) -> list[str]:
    """What is said of the place goes over what was; the rest of the address stays."""
    said, before = turn.reading.place, place_of(draft["place"])
    new = Place(
        said.community or before.community,
        said.building or before.building,
        said.unit or before.unit,
        said.room or before.room,
        (said.spot if spots else None) or before.spot,
    )
    if new == before:
        return []
    draft["place"] = place_as_dict(new)
    draft["place"]["community"] = remember_community(turn, new.community) if said.community else new.community
    return [turn.words("changed_place", place=place_words(turn, place_of(draft["place"])))]


def _time(turn: Turn, draft: Draft) -> list[str]:
    times = find_times(without_denied(turn.reading.text))
    if not times or times[0] == draft["time"]:
        return []
    draft["time"] = times[0]
    return [turn.words("changed_time", time=times[0])]


def _category(turn: Turn, draft: Draft) -> list[str]:
    """“类别不对，是电梯”, “不是报修是投诉”: the category named, or the likeliest of the kind named."""
    text = CATEGORY.sub("", without_denied(turn.reading.text)).strip(" ,。")
    found = MEANS.search(text)
    words = ANSWERED.sub("", (found[1] if found else text).strip())
    kind = "complaint" if "投诉" in words else "repair" if "报修" in words or "维修" in words else None
    matter = re.sub(r"投诉|报修|维修|的", "", words)
    known = turn.parts.categories
    named = [c for c in known.values() if c.kind in {"repair", "complaint"} and len(matter) >= 2 and matter in c.title]
    if named:
        chosen = min(named, key=lambda c: (c.kind != (kind or draft["kind"]), len(c.title)))
        return _take(turn, draft, chosen.id)
    if kind is None and len(matter) < 2:
        draft["category"] = None
        return [turn.words("changed_category_ask")]
    guesses = weigh(turn.reread(matter if len(matter) >= 2 else draft["description"]).categories, kind or draft["kind"])
    fitting = [g for g in guesses if kind is None or g.kind == kind]
    if fitting and fitting[0].confidence >= NAMED:
        return _take(turn, draft, fitting[0].category)
    if kind is not None:
        return _take(turn, draft, f"other_{kind}")
    draft["category"], draft["options"] = None, [[g.kind, g.category] for g in guesses[:2]]
    return [turn.words("changed_category_ask")]


def _take(turn: Turn, draft: Draft, category_id: str) -> list[str]:
    category = turn.parts.categories[category_id]
    same = draft["category"] == category_id
    draft["kind"], draft["category"], draft["options"] = category.kind, category_id, []
    return [] if same else [turn.words("changed_category", category=category.title)]


def _matter_pair(turn: Turn, draft: Draft) -> tuple[str, str] | None:
    """What the matter is not, and is instead; None when the pair is of the place, the time or the contact."""
    match = NOT_BUT.search(turn.reading.text)
    if match is None:
        return None
    wrong, right = (match[1] or match[4]).strip(), POLITE.sub("", (match[2] or match[3]).strip())
    spot = place_of(draft["place"]).spot or ""
    placed = turn.reread(right).place
    if re.search(r"[0-9零一二三四五六七八九十]", wrong + right) or find_times(wrong) or find_times(right):
        return None
    if turn.reading.names or placed.community or (placed.spot and (wrong in spot or spot in wrong or len(right) <= len(placed.spot) + 1)):
        return None
    return wrong, right


def _matter(turn: Turn, draft: Draft, wrong: str, right: str) -> list[str]:
    """Keep the words of the correction with the description and judge the category anew by what it is instead."""
    told = draft["description"]
    add_description(draft, turn.words("description_corrected", wrong=wrong, right=right))
    guesses = weigh(turn.reread(told.replace(wrong, right) if wrong in told else right).categories, draft["kind"])
    changes = [turn.words("changed_matter", right=right)]
    if guesses and guesses[0].confidence >= CHANGES_CATEGORY and guesses[0].category != draft["category"]:
        changes += _take(turn, draft, guesses[0].category)
    return changes
