"""Which of several tickets a few words speak of: “灯那个催一下”, “水管的那个咋样了”, “3号楼那个”."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from storage.models import TicketRow
from tickets.likeness import Look, Report, kin, look, report_of
from tickets.matters import by_words, overlap, profile
from understanding.features import Encoder
from understanding.places import find_place
from understanding.reading import Place

# What a follow-up is made of beside the thing it is about.
_ASKING = re.compile(
    r"催(一?下|促|催)?|进度|进展|咋样|怎么样|怎样|到哪(一步|了)?|啥时候|什么时候|处理|办理?|修好?|弄好?|解决|快点|多久|几天|结果|"
    r"没(有)?(信|人|来|动静)|撤(了|回|销)?|取消|不用来|报的?修?|投诉|反映|工单|单子|我的?|那个|这个|那件|这件|上次|之前|昨天|前天|今天|的|了|呢|吗|吧|啊|呀|"
    r"还|在|是|到底|帮|给|请|再|一下|一个|事|问问?|查查?|看看|有|没|不|行|好|来|[，。？！,.?!\s]"
)
_KINDS = {"complaint": re.compile("投诉|举报|反映"), "repair": re.compile("报修|报的修|维修")}
_CLEAR, _AHEAD = 0.5, 0.25  # how much must speak for a ticket, and how far it must be ahead of the next


@dataclass(frozen=True)
class Meant:
    """The tickets the words may mean, the likeliest first: one when it is clear, none when they name nothing."""

    rows: tuple[TicketRow, ...]

    @property
    def one(self) -> TicketRow | None:
        """The ticket, when there is just one."""
        return self.rows[0] if len(self.rows) == 1 else None


def meant(rows: Sequence[TicketRow], text: str, encoder: Encoder | None) -> Meant:
    """Which of `rows` the resident's words speak of, by the thing, the place, the kind and the matter."""
    said = find_place(text)
    bare = _ASKING.sub("", text)
    if not rows or (len(bare) < 1 and said.is_empty() and not any(p.search(text) for p in _KINDS.values())):
        return Meant(())
    scored = sorted(((_score(row, text, bare, said, encoder), row.id, row) for row in rows), reverse=True, key=lambda one: one[:2])
    best = scored[0][0]
    if best < _CLEAR:
        return Meant(())
    return Meant(tuple(row for score, _, row in scored if score >= _CLEAR and score > best - _AHEAD))


def _score(row: TicketRow, text: str, bare: str, said: Place, encoder: Encoder | None) -> float:
    asked, told = look(Report(row.category, Place(), bare or text, row.opened_at)), look(report_of(row))
    found = _thing(asked, told) + _place(said, row)
    if bare:
        among = (row.category,)
        found += by_words(bare, told.matter) + 0.3 * overlap(
            profile(bare, "", among, encoder), profile(told.matter, row.category, among, encoder)
        ) * bool(asked.objects & told.objects or asked.things & told.things)
    return found + sum(0.5 for kind, words in _KINDS.items() if kind == row.kind and words.search(text))


def _thing(asked: Look, told: Look) -> float:
    same_room = bool(asked.where.rooms & told.where.rooms)
    return max(_named(asked, told), 0.6 if same_room else 0.0)


def _named(asked: Look, told: Look) -> float:
    if asked.objects & told.objects:
        return 1.0
    if asked.things & told.things:
        return 0.8
    return 0.5 if kin(asked.objects) & told.objects else 0.0


def _place(said: Place, row: TicketRow) -> float:
    pairs = ((said.community, row.community), (said.building, row.building), (said.unit, row.unit), (said.room, row.room))
    told = [(one, other) for one, other in pairs if one is not None]
    if any(one != other for one, other in told):
        return -1.0
    return 0.6 * len(told)
