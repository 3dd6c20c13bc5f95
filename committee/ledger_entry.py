"""Entering the ledger line by line, for an estate without a table: each line joins the draft and is checked like an uploaded one."""

from dataclasses import dataclass
from datetime import date

from committee.ledger import LedgerDesk, ledger_state
from committee.ledger_sheet import LedgerDraft, LedgerLine
from config.refusal import Refused
from storage.committee_rows import LedgerEntryRow, LedgerPeriodRow


@dataclass(frozen=True)
class NewPeriod:
    """The period a first line begins; `opening` (fen) only where nothing is published to carry over."""

    starts_on: date
    ends_on: date
    opening: int | None = None


def enter_line(desk: LedgerDesk, line: LedgerLine, begun: NewPeriod | None) -> LedgerPeriodRow:
    """Add a line to the estate's draft, or begin the draft with it. Refused without a period and while a hard fault is left.

    What was approved before is not: the other members approve what is there now.
    """
    row, lines = _draft(desk)
    if row is not None:
        return _save(desk, row, [*lines, line])
    if begun is None:
        raise Refused("还没有这一期的草稿", "先填这一期从哪天到哪天", status=422, code="ledger")
    return desk.save(LedgerDraft(begun.starts_on, begun.ends_on, begun.opening, None, (line,)))


def drop_line(desk: LedgerDesk, seq: int) -> LedgerPeriodRow:
    """Take a line out of the draft; published ones only get corrected. Refused for a line that is not there."""
    row, lines = _draft(desk)
    if row is None or not 1 <= seq <= len(lines):
        raise Refused("草稿里没有这一笔", "刷新页面看看", status=404, code="no_entry")
    return _save(desk, row, [*lines[: seq - 1], *lines[seq:]])


def _draft(desk: LedgerDesk) -> tuple[LedgerPeriodRow | None, list[LedgerLine]]:
    state = ledger_state(desk.session, desk.member.region, desk.member.community)
    return state.draft, [_line(entry) for entry in state.lines]


def _line(entry: LedgerEntryRow) -> LedgerLine:
    told = entry.day, entry.kind, entry.subject, entry.amount, entry.text, entry.party, entry.receipt
    return LedgerLine(entry.seq, *told)


def _save(desk: LedgerDesk, row: LedgerPeriodRow, lines: list[LedgerLine]) -> LedgerPeriodRow:
    in_order = tuple(sorted(lines, key=lambda line: line.day))
    return desk.save(LedgerDraft(row.starts_on, row.ends_on, row.opening, None, in_order))
