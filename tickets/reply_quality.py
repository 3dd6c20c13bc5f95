"""What an ending must say: what was done. An empty phrase (“已处理”), a mere promise or the resident's own words are sent back, and why."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.refusal import Refused
from config.yaml_text import read_yaml
from storage.models import ProofRow, TicketEventRow, TicketRow

FILE = Path(__file__).resolve().parent / "closing.yaml"
ENDINGS = ("resolved", "closed")


@dataclass(frozen=True)
class _Rules:
    photo: frozenset[str]
    hollow: tuple[re.Pattern[str], ...]
    promise: re.Pattern[str]
    deed: re.Pattern[str]
    short: re.Pattern[str]
    least: int
    copied: float


@cache
def _rules() -> _Rules:
    raw = read_yaml(FILE.read_text(encoding="utf-8"))
    hollow = tuple(re.compile(words) for words in raw["hollow"])
    promise, deed, short = (re.compile(raw[name]) for name in ("promise", "deed", "short"))
    return _Rules(frozenset(raw["photo"]), hollow, promise, deed, short, int(raw["least"]), float(raw["copied"]))


@dataclass(frozen=True)
class Lack:
    """Why an answer is sent back: `code` hollow | promise | copied, the reason and what to write instead (for people)."""

    code: str
    reason: str
    remedy: str


def lack_of(text: str, description: str = "") -> Lack | None:
    """What an ending's words lack, or None when they say what was done. `description` is what the resident wrote."""
    rules = _rules()
    if _rest(text) < rules.least and not rules.short.search(text):
        example = "写清做了什么，例如“更换了三楼楼道灯的声控开关，试过能亮”"
        return Lack("hollow", f"“{text.strip()[:30]}”没有说做了什么，居民看不出办没办", example)
    if rules.promise.search(text) and not rules.deed.search(text):
        return Lack("promise", "写的是打算怎么办，还没有办", "先用“开始办理”告诉居民安排，办完再办结，写清做了什么")
    if _same(text, description) >= rules.copied:
        return Lack("copied", "把居民的原话抄了一遍，没有说做了什么", "写清查到什么、做了什么、现在怎样")
    return None


def _rest(text: str) -> int:
    """How many characters say something once the empty phrases are taken out."""
    left = text
    for pattern in _rules().hollow:
        left = pattern.sub("", left)
    return len(re.sub(r"[\W_]", "", left))


def _same(one: str, other: str) -> float:
    first, second = _pairs(one), _pairs(other)
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


def _pairs(text: str) -> set[str]:
    bare = re.sub(r"[\W_]", "", text)
    return {bare[i : i + 2] for i in range(len(bare) - 1)}


def needs_photo(category: str) -> bool:
    """Whether this category asks for a photo of what was done."""
    return category in _rules().photo


def check_ending(session: Session, row: TicketRow, state: str, text: str) -> None:
    """Refused (422, saying why) when an operator's ending lacks substance, or the photo its category asks for."""
    if state not in ENDINGS or (state == "closed" and row.state == "resolved"):
        return
    check_words(row, state, text)
    if needs_photo(row.category) and not count_proofs(session, row):
        raise Refused("这类事项办结要附一张办好之后的照片", "拍一张现场照片，和说明一起提交", status=422, code="photo_missing")


def check_words(row: TicketRow, state: str, text: str) -> None:
    """Refused (422, saying why) when the words of an ending are given and hold nothing."""
    lack = lack_of(text, row.description) if state in ENDINGS and text.strip() else None
    if lack is not None:
        raise Refused(lack.reason, lack.remedy, status=422, code=f"reply_{lack.code}")


def count_proofs(session: Session, row: TicketRow) -> int:
    """How many photos of what was done hang on the ticket since it was last reopened."""
    reopened = select(func.max(TicketEventRow.at)).where(TicketEventRow.ticket_id == row.id, TicketEventRow.event == "reopened")
    since = session.scalar(reopened) or row.opened_at
    return session.scalar(select(func.count()).where(ProofRow.ticket_id == row.id, ProofRow.taken_at >= since)) or 0
