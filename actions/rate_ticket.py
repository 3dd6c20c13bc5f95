"""Rating an ended ticket in chat: five stars by button or in words, and what was wrong after a low mark."""

import re
from typing import Any

from sqlalchemy import select

from actions.answer import Answer, Choice, Reply
from actions.turn import Turn
from actions.which_ticket import LATELY, find_ticket, followed_tickets, is_own, number_said, record_of
from config.refusal import Refused
from config.words import Words
from storage.models import FollowerRow, TicketRow
from tickets.callbacks import ended_at, rate
from tickets.notice import star_title

LOW = 2  # up to here it is asked what was wrong
_DIGIT = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5} | {str(n): n for n in range(1, 6)}
_MARK = re.compile(
    r"(?:^|[给打评个我就是]|满意度?|评价|服务)\s*([1-5一二两三四五])\s*(?:颗星|个星|星|分)(?!钟|之|半)[^0-9一二三四五六七八九十]{0,8}$"
)
_NAMED = re.compile(r"(?:^|[给打个想要])(?:你们|他们|物业|师傅|一?个)*(差评|好评|中评)[^，。]{0,4}$")
_BARE = re.compile(r"^\s*([1-5一二两三四五])\s*(?:颗?星|分)?[吧呗啊了。!！]?\s*$")
_NAMES = {"差评": 1, "中评": 3, "好评": 5}
# Only when the stars were asked for just now; the first that is found counts.
_FELT = (
    (re.compile("(非常|很|太|特别|十分)不满意|太差|很差|差劲|垃圾"), 1),
    (re.compile("不(太|怎么|大)?满意|不行|不好"), 2),
    (re.compile("一般|还行|凑合|马马虎虎|还可以|基本满意"), 3),
    (re.compile("(非常|很|太|特别|十分)(满意|好)|好评|点赞|挺好|棒"), 5),
    (re.compile("满意|不错|可以|好"), 4),
)
_ELSEWHERE = {"ask_policy", "ask_status", "chase_ticket", "guide_committee", "ask_vote", "ask_human"}


def star_choices(words: Words, number: str) -> tuple[Choice, ...]:
    """Five buttons, the best first."""
    return tuple(Choice(star_title(words, n), {"do": "rate", "number": number, "stars": n}) for n in range(5, 0, -1))


def rating_said(turn: Turn) -> Answer | None:
    """A mark in words (“五分”, “给个差评”), or what was wrong after a low one; None when the message is neither."""
    text = turn.reading.text
    if turn.asked == "stars_words":
        return _words_after(turn)
    stars = stars_said(text, asked=turn.asked == "stars")
    if turn.asked == "stars":
        turn.dialogue.pop("asked", None)
    elif turn.draft is not None:
        return None
    if stars is None:
        return None
    row = _ended_ticket(turn)
    if row is not None:
        return _rate(turn, row, stars, "")
    under_way = followed_tickets(turn)
    said = turn.words("rate_not_ended", number=under_way[0].number) if under_way else turn.words("rate_nothing")
    return Answer("status", (Reply(said),))


def stars_said(text: str, *, asked: bool) -> int | None:
    """1–5 when the words are a mark; `asked`: the stars were asked for just now, so that “满意” or “5” is one too."""
    named = _NAMED.search(text)
    if named:
        return _NAMES[named[1]]
    mark = _MARK.search(text) or (_BARE.match(text) if asked else None)
    if mark:
        return _DIGIT[mark[1]]
    return next((stars for felt, stars in _FELT if felt.search(text)), None) if asked and len(text) <= 12 else None


def tapped_stars(turn: Turn, meaning: dict[str, Any]) -> Answer:
    """A star button, under a notice or an answer."""
    row = find_ticket(turn, meaning["number"])
    if row is None:
        return Answer("status", (Reply(turn.words("status_unknown_number")),))
    return _rate(turn, row, int(meaning["stars"]), "")


def _rate(turn: Turn, row: TicketRow, stars: int, text: str) -> Answer:
    whose = None if is_own(turn, row) else turn.conversation.id
    try:
        rate(turn.session, row, stars, text, turn.now, conversation_id=whose)
    except Refused:
        return Answer("status", (Reply(turn.words("rate_not_ended", number=row.number)),), tickets=(record_of(turn, row),))
    turn.dialogue["ticket"] = row.number
    turn.dialogue.pop("asked", None)
    if stars > LOW:
        return Answer("status", (Reply(turn.words("rated_good", number=row.number, stars=stars)),), tickets=(record_of(turn, row),))
    turn.dialogue["asked"], turn.dialogue["rated"] = "stars_words", {"number": row.number, "stars": stars}
    reopen = (Choice(turn.words("choice_not_fixed"), {"do": "ticket", "number": row.number, "intent": "dispute_fixed"}),)
    said = turn.words("rated_low", number=row.number, stars=stars)
    return Answer("status", (Reply(said, choices=reopen if whose is None else ()),), tickets=(record_of(turn, row),))


def _words_after(turn: Turn) -> Answer | None:
    """The reason of a low mark is kept with it; “没修好” is kept and reopens the ticket; anything else asked goes its own way."""
    turn.dialogue.pop("asked", None)
    given: dict[str, Any] = turn.dialogue.pop("rated", {})
    row = find_ticket(turn, given["number"]) if given else None
    if row is None or not turn.reading.text or turn.intent in _ELSEWHERE:
        return None
    again = stars_said(turn.reading.text, asked=False)
    if again is not None:
        return _rate(turn, row, again, "")
    whose = None if is_own(turn, row) else turn.conversation.id
    try:
        rate(turn.session, row, given["stars"], turn.reading.raw, turn.now, conversation_id=whose)
    except Refused:  # reopened meanwhile: what is said belongs to the way it goes on
        return None
    if turn.intent == "dispute_fixed":
        return None
    return Answer("status", (Reply(turn.words("rated_words")),), tickets=(record_of(turn, row),))


def _ended_ticket(turn: Turn) -> TicketRow | None:
    """The ended ticket a mark is for: the one named or spoken of last, else the newest ended lately, own or joined."""
    number = number_said(turn) or turn.dialogue.get("ticket")
    named = find_ticket(turn, number) if number else None
    if named is not None and (number_said(turn) or _lately(turn, named)):
        return named
    mine = select(FollowerRow.ticket_id).where(FollowerRow.conversation_id == turn.conversation.id)
    query = select(TicketRow).where(
        (TicketRow.conversation_id == turn.conversation.id) | TicketRow.id.in_(mine),
        TicketRow.kind != "handoff",
        TicketRow.state.in_(("resolved", "closed")),
    )
    ended = [row for row in turn.session.scalars(query) if _lately(turn, row)]
    return max(ended, key=lambda row: (ended_at(row), row.id), default=None)


def _lately(turn: Turn, row: TicketRow) -> bool:
    moment = ended_at(row)
    return moment is not None and turn.now - moment <= LATELY
