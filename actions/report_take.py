"""What a message puts into the report being collected: place, contact, time, photos, description and category."""

import re

from actions.draft import Draft, place_as_dict, place_of
from actions.turn import Turn
from understanding.reading import CategoryGuess, Reading

ACCEPT = 0.45  # a category this likely is taken without asking
GAP = 0.2  # or one this far ahead of the next
EMPTY_REPORT = re.compile(
    r"(你好|您好|喂|师傅|那个|就是说?|我们?|要|想|需要|帮|给|请|麻烦|你们?|一下|个|报修?|维?修|投诉|举报|反映|东西|问题|物业(公司)?"
    r"|情况|有|件|事|来|吧|啊|的|了|[,，。!！~～\s])+"
)
DECLINES_CONTACT = re.compile(
    r"(电话|手机|号码?|联系方式|名字?)就?(不留|不用|不给|不方便|算了|别)|(不留|不想留|别留|不给)(电话|手机|号|联系)|匿名|不署名"
)
HIDES_DOOR = re.compile(r"(别|不要|不想|不用|不能|能不能不).{0,4}(写|留|说|报|提).{0,4}(门牌|房号|楼号|单元|地址|住哪|名字|姓名)|不写门牌")
NAME_LIKE = re.compile(r"(?!.*[我你他她您的了吗呢啊吧没不是就要说怎哪谁想给这那])[\u4e00-\u9fffA-Za-z0-9·]{2,12}")
NUMBERED = re.compile(
    r"[甲乙丙丁]?[0-9A-Za-z零〇一二两三四五六七八九十]+(?:号楼|栋|幢|座|#|单元|室|户|-[0-9]+)|(?<![0-9])[0-9]{3,4}(?![0-9])"
)
SMALL_WORDS = re.compile(r"\W|就|在|是|的|了|吧|啊|从|那儿?|我家|电话|地址|住|姓|叫")
NOT_NAMES = {"小区里", "小区", "家里", "门口", "楼下", "外面", "报修", "投诉", "提交"}


def take_all(turn: Turn, draft: Draft, *, describing: bool) -> bool:
    """Put all that the message says into the draft; True when anything was taken."""
    taken = take_place(turn, draft)
    taken = take_contact(turn, draft) or taken
    if HIDES_DOOR.search(turn.reading.text):
        draft["place"] = {**draft["place"], "building": None, "unit": None, "room": None}
        draft["hidden"] = True
        return True
    if turn.reading.times and not draft["time"]:
        draft["time"] = turn.reading.times[0]
        taken = True
    if turn.attachments:
        draft["photos"] = [*draft["photos"], *turn.attachments]
        taken = True
    text = turn.reading.parts[0] if describing and len(turn.reading.parts) > 1 else turn.reading.raw.strip()
    if describing and text and EMPTY_REPORT.sub("", turn.reading.text):
        draft["description"] = f"{draft['description']}\n{text}".strip() if draft["description"] else text
        taken = True
        take_category(turn, draft)
    return taken


def take_place(turn: Turn, draft: Draft) -> bool:
    """Merge the place said over the one known."""
    said = turn.reading.place
    if said.is_empty():
        return False
    draft["place"] = place_as_dict(said.merged_over(place_of(draft["place"])))
    draft["place"]["community"] = remember_community(turn, draft["place"]["community"])
    return True


def remember_community(turn: Turn, community: str | None) -> str | None:
    """Keep the estate for the next report, by the region's own name for it and with its property form; gives that name back."""
    if not community:
        return None
    known = turn.region.community(community) if turn.region else None
    if known is not None:
        community = known.name
        turn.conversation.property_form = turn.conversation.property_form or known.property_form
    turn.conversation.place = {**turn.conversation.place, "community": community}
    return community


def could_be_name(text: str, intent: str | None) -> bool:
    """Whether the answer to “which estate, where?” looks like a name: short, no sentence words."""
    return bool(NAME_LIKE.fullmatch(text)) and intent not in {"affirm", "deny", "cancel"} and text not in NOT_NAMES


def take_contact(turn: Turn, draft: Draft) -> bool:
    """A phone said anywhere is the contact; it goes at once into the encrypted store."""
    if not turn.reading.phones:
        if draft["contact"] is None and DECLINES_CONTACT.search(turn.reading.text):
            draft["contact"] = "declined"
            return True
        return False
    name = turn.reading.names[0] if turn.reading.names else None
    draft["person_id"] = turn.parts.people.remember_person(turn.session, name=name, phone=turn.reading.phones[0], now=turn.now)
    draft["contact"] = "given"
    return True


def beyond_facts(reading: Reading) -> str:
    """What the message says besides its place, times, phones and names; empty when that is all."""
    text = NUMBERED.sub("", reading.text)
    for words in (reading.place.community, *(reading.place.spot or "").split(), *reading.times, *reading.phones, *reading.names):
        text = text.replace(words, "") if words else text
    return SMALL_WORDS.sub("", text)


def take_category(turn: Turn, draft: Draft) -> None:
    """Take the likeliest category, or keep the two likeliest to ask between."""
    settle_guesses(turn.reading.categories, draft)


def settle_guesses(found: tuple[CategoryGuess, ...], draft: Draft) -> None:
    """Take the likeliest of these guesses, or keep the two likeliest to ask between."""
    guesses = weigh(found, draft["kind"])
    if not guesses:
        return
    best = guesses[0]
    ahead = best.confidence - (guesses[1].confidence if len(guesses) > 1 else 0.0)
    if best.confidence >= ACCEPT or ahead >= GAP:
        draft["category"], draft["kind"], draft["options"] = best.category, best.kind, []
    elif not draft["category"]:
        draft["options"] = [[g.kind, g.category] for g in guesses[:2]]


def weigh(guesses: tuple[CategoryGuess, ...], kind: str) -> list[CategoryGuess]:
    """Guesses of the intent's own kind count fully, of the other kind at a third: intent and category check each other."""
    weighed = [CategoryGuess(g.kind, g.category, g.confidence * (1.0 if g.kind == kind else 0.35)) for g in guesses]
    return sorted(weighed, key=lambda g: -g.confidence)


def settle_category(draft: Draft) -> None:
    """After one question nobody is asked again: the likeliest, else 其他."""
    if draft["options"]:
        draft["kind"], draft["category"] = draft["options"][0]
    else:
        draft["category"] = f"other_{draft['kind']}"
    draft["options"] = []


def add_description(draft: Draft, raw: str) -> None:
    """More of the story, on a line of its own."""
    draft["description"] = f"{draft['description']}\n{raw.strip()}".strip()[:20000]
