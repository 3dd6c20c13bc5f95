"""A list of ballots 表决票清单 (XLSX or CSV) checked row by row and summed to the figures of a vote.

Heads as 最高人民法院建筑物区分所有权解释第九条 counts them: one unit one head; several units of one buyer, and all unsold or
undelivered units of the developer, one head. A blank vote is no vote.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from committee.ballot_sheet import Sheet
from committee.reading_votes import Tally, VoteFacts
from committee.voting_rules import Matter
from config.words import Words

VOTES = {
    "agreed": {"同意", "赞成", "支持", "√", "✓", "✔", "是", "1", "yes", "y", "通过"},
    "against": {"反对", "不同意", "不赞成", "×", "✗", "x", "否", "no", "n"},
    "abstained": {"弃权"},
    "spoiled": {"废票", "无效", "作废", "无效票"},
    "silent": {"", "未投", "未投票", "没投", "没投票", "未表决", "未参与", "未回", "未交", "-", "—", "/", "无"},
}
VOTE_OF = {word: vote for vote, words in VOTES.items() for word in words}
DEVELOPER = ("开发商", "建设单位", "开发公司", "房地产开发", "未售", "未出售", "未交付", "空置未售")
MOST_SQUARE_METRES = 100_000  # of one unit; more is a slip of the pen


@dataclass(frozen=True)
class Ballot:
    """One unit of the list. `row` is the line people see in their table; `vote` is one of VOTES."""

    row: int
    room: str
    area: Fraction
    owner: str
    vote: str


@dataclass(frozen=True)
class RowFault:
    """What is wrong in one row; `blocking` rows are left out of the sums."""

    row: int
    what: str
    blocking: bool = True


@dataclass(frozen=True)
class BallotCount:
    """A checked list: its figures, the faults by row, and how many rows were read."""

    facts: VoteFacts
    faults: tuple[RowFault, ...]
    rows: int
    units: int
    spoiled: int


def check_ballots(sheet: Sheet, matter: Matter | None = None, words: Words | None = None) -> BallotCount:
    """Check every row and sum the sound ones; faults name the row, nothing is guessed."""
    say = words or Words()
    faults: list[RowFault] = []
    ballots: list[Ballot] = []
    rooms: dict[str, int] = {}
    for row, cells in sheet.rows:
        ballot = _ballot(row, cells, faults, say)
        if ballot is None:
            continue
        if ballot.room in rooms:
            faults.append(RowFault(row, say("ballot_room_twice", room=ballot.room, row=rooms[ballot.room])))
            continue
        rooms[ballot.room] = row
        ballots.append(ballot)
    heads = _heads(ballots, faults, say)
    area = _tally((ballot.vote, ballot.area) for ballot in ballots)
    facts = VoteFacts(matter=matter, heads=heads, area=area, spoiled=any(b.vote == "spoiled" for b in ballots))
    spoiled = sum(ballot.vote == "spoiled" for ballot in ballots)
    return BallotCount(facts, tuple(sorted(faults, key=lambda fault: fault.row)), len(sheet.rows), len(ballots), spoiled)


def _ballot(row: int, cells: dict[str, str], faults: list[RowFault], say: Words) -> Ballot | None:
    room, owner = cells["room"].replace(" ", ""), cells["owner"].strip()
    vote = VOTE_OF.get(cells["vote"].strip().lower())
    area = _area(cells["area"])
    wrong = []
    if not room:
        wrong.append(say("ballot_no_room"))
    if area is None or area <= 0:
        wrong.append(say("ballot_bad_area", value=cells["area"] or "—"))
    elif area > MOST_SQUARE_METRES:
        wrong.append(say("ballot_big_area", value=cells["area"]))
    if vote is None:
        wrong.append(say("ballot_bad_vote", value=cells["vote"]))
    faults.extend(RowFault(row, what) for what in wrong)
    if wrong or area is None or vote is None:
        return None
    if not owner:
        faults.append(RowFault(row, say("ballot_no_owner"), blocking=False))
    return Ballot(row, room, area, owner, vote)


def _area(text: str) -> Fraction | None:
    plain = text.replace(",", "").replace("㎡", "").replace("平方米", "").replace("平米", "").replace("平", "").strip()
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return Fraction(value) if value.is_finite() else None


def _heads(ballots: list[Ballot], faults: list[RowFault], say: Words) -> Tally:
    """One head per owner; an owner whose units voted differently is named and counted as having taken part, not as agreeing."""
    by_owner: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        developer = any(word in ballot.owner for word in DEVELOPER)
        key = "developer" if developer else (ballot.owner or f"row {ballot.row}")
        by_owner.setdefault(key, []).append(ballot)
    votes = []
    for owned in by_owner.values():
        said = {ballot.vote for ballot in owned} - {"silent"}
        if len(owned) > 1:
            last = owned[-1]
            listed = "、".join(ballot.room for ballot in owned)
            faults.append(RowFault(last.row, say("ballot_one_head", owner=last.owner, rooms=listed), blocking=False))
        if len(said) > 1:
            row = owned[-1].row
            faults.append(RowFault(row, say("ballot_votes_differ", owner=owned[-1].owner), blocking=False))
            votes.append("abstained")
        else:
            votes.append(said.pop() if said else "silent")
    return _tally((vote, Fraction(1)) for vote in votes)


def _tally(votes: Iterable[tuple[str, Fraction]]) -> Tally:
    sums = dict.fromkeys(VOTES, Fraction(0))
    for vote, weight in votes:
        sums[vote] += weight
    took_part = sums["agreed"] + sums["against"] + sums["abstained"]
    total = took_part + sums["spoiled"] + sums["silent"]
    return Tally(total=total, took_part=took_part, agreed=sums["agreed"], against=sums["against"], abstained=sums["abstained"])
