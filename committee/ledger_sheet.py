"""Reads an uploaded ledger (XLSX or CSV) and checks it: sums, balance carried over, receipts, nothing negative; faults by row."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from committee.table_file import HEADER_WITHIN, column_of, table_rows
from config.refusal import Refused
from config.words import Words

HEADERS = {
    "day": ("日期", "时间", "date"),
    "kind": ("收支", "类型", "方向"),
    "income": ("收入金额", "收入（元）", "收入(元)", "收入"),
    "expense": ("支出金额", "支出（元）", "支出(元)", "支出"),
    "amount": ("金额", "金额（元）", "金额(元)"),
    "subject": ("科目", "项目", "类别"),
    "text": ("摘要", "说明", "内容", "事由"),
    "party": ("对方", "单位", "付款方", "收款方", "往来"),
    "receipt": ("票据", "凭证", "发票", "收据", "附件"),
}
OPENING, CLOSING, TOTAL = ("期初", "上期结余", "上期余额", "承上"), ("期末", "本期结余", "本期余额"), ("合计", "小计", "总计", "累计")
INCOME, EXPENSE = ("收", "收入", "入", "+"), ("支", "支出", "出", "-")
MOST_FEN = 10_000_000_000_00  # ten thousand million yuan: more is a slip
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?$|^(\d{4})(\d{2})(\d{2})$")


@dataclass(frozen=True)
class LedgerLine:
    """One line: `amount` in fen, above zero; `row` as people count it in their file."""

    row: int
    day: date
    kind: str  # income | expense
    subject: str
    amount: int
    text: str = ""
    party: str = ""
    receipt: str = ""


@dataclass(frozen=True)
class LedgerFault:
    """What is wrong in which row (None: with the whole). `hard`: it may not be published so."""

    row: int | None
    text: str
    hard: bool = True


@dataclass(frozen=True)
class LedgerDraft:
    """A period's ledger before it is published. Amounts in fen; `closing` and `totals` as stated in the file, None where it states none."""

    starts_on: date
    ends_on: date
    opening: int | None
    closing: int | None
    lines: tuple[LedgerLine, ...]
    stated_income: int | None = None
    stated_expense: int | None = None
    faults: tuple[LedgerFault, ...] = ()  # found while reading

    @property
    def income(self) -> int:
        """The sum of what came in."""
        return sum(line.amount for line in self.lines if line.kind == "income")

    @property
    def expense(self) -> int:
        """The sum of what went out."""
        return sum(line.amount for line in self.lines if line.kind == "expense")

    @property
    def balance(self) -> int:
        """What is left at the end."""
        return (self.opening or 0) + self.income - self.expense


@dataclass(frozen=True)
class Carried:
    """Where the published ledger ends: its last day and its balance in fen."""

    ends_on: date
    balance: int


def yuan(fen: int) -> str:
    """An amount as people read it: 1,234.50."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def read_fen(text: str) -> int | None:
    """The fen of an amount as written (1,234.5, ￥12元, 12.30); None when it is none or has parts of a fen."""
    plain = re.sub(r"[,，\s￥¥元]|人民币|RMB", "", text)
    negative = plain.startswith("(") and plain.endswith(")")
    try:
        value = Decimal(plain.strip("()（）")) * 100
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    near = value.to_integral_value()
    if abs(value - near) > Decimal("0.0001"):  # spreadsheets leave dust such as 0.30000000000000004
        return None
    return int(-near if negative else near)


def read_day(text: str) -> date | None:
    """The day of a cell: 2026-07-01, 2026/7/1, 2026年7月1日, 20260701; None when it is none."""
    match = _DAY.match(text.strip())
    if match is None:
        return None
    parts = [int(part) for part in match.groups() if part is not None]
    try:
        return date(*parts)
    except ValueError:
        return None


def read_ledger(content: bytes, file_name: str, starts_on: date, ends_on: date, words: Words | None = None) -> LedgerDraft:
    """The ledger of an uploaded file. Refused when it is no table or lacks headings; what is wrong in a row becomes a fault."""
    rows = table_rows(content, file_name, "ledger")
    at, columns = _headings(rows)
    reader = _Reader(columns, words or Words())
    for number, cells in enumerate(rows[at + 1 :], start=at + 2):
        if any(cells):
            reader.take(number, cells)
    return LedgerDraft(
        starts_on, ends_on, reader.opening, reader.closing, tuple(reader.lines), reader.income, reader.expense, tuple(reader.faults)
    )


class _Reader:
    """Takes the rows one by one."""

    def __init__(self, columns: dict[str, int | None], words: Words) -> None:
        self._columns, self._words = columns, words
        self.lines: list[LedgerLine] = []
        self.faults: list[LedgerFault] = []
        self.opening: int | None = None
        self.closing: int | None = None
        self.income: int | None = None
        self.expense: int | None = None

    def take(self, row: int, cells: list[str]) -> None:
        """One row: an entry, or a line that states a balance or a sum."""
        named = {k: cells[i].strip() if i is not None and i < len(cells) else "" for k, i in self._columns.items()}
        head = next((c for c in cells if c), "") + named["subject"] + named["text"]
        if not read_day(named["day"]) and self._stated(head, named, cells):
            return
        day, amount = read_day(named["day"]), self._amount(row, named)
        if day is None:
            self._fault(row, "ledger_no_day", value=named["day"][:20])
        if amount is None or day is None:
            return
        kind, fen = amount
        if not named["subject"]:
            self._fault(row, "ledger_no_subject")
            return
        fields = {k: named[k][:most] for k, most in (("text", 200), ("party", 80), ("receipt", 120))}
        self.lines.append(LedgerLine(row, day, kind, named["subject"][:60], fen, **fields))

    def _stated(self, head: str, named: dict[str, str], cells: list[str]) -> bool:
        numbers = [fen for cell in cells if (fen := read_fen(cell)) is not None]
        if any(word in head for word in OPENING):
            self.opening = numbers[-1] if numbers else None
        elif any(word in head for word in CLOSING):
            self.closing = numbers[-1] if numbers else None
        elif any(word in head for word in TOTAL):
            self.income = read_fen(named["income"]) if named["income"] else self.income
            self.expense = read_fen(named["expense"]) if named["expense"] else self.expense
        else:
            return False
        return True

    def _amount(self, row: int, named: dict[str, str]) -> tuple[str, int] | None:
        """(kind, fen), or None after noting what is wrong."""
        both = [(kind, named[kind]) for kind in ("income", "expense") if named[kind] and read_fen(named[kind]) != 0]
        if not both and named["amount"]:
            kind = "income" if named["kind"] in INCOME else "expense" if named["kind"] in EXPENSE else ""
            both = [(kind, named["amount"])]
        if len(both) != 1 or not both[0][0]:
            self._fault(row, "ledger_no_kind")
            return None
        fen = read_fen(both[0][1])
        if fen is None or fen > MOST_FEN:
            self._fault(row, "ledger_no_amount", value=both[0][1][:20])
            return None
        if fen <= 0:
            self._fault(row, "ledger_negative", value=both[0][1][:20])
            return None
        return both[0][0], fen

    def _fault(self, row: int, key: str, **values: str) -> None:
        self.faults.append(LedgerFault(row, self._words(key, **values)))


def check_ledger(draft: LedgerDraft, carried: Carried | None, today: date, words: Words | None = None) -> list[LedgerFault]:
    """Everything that speaks against publishing, by row; `carried` is where the published ledger ends (None: this is the first)."""
    say = words or Words()
    found = [*draft.faults, *_whole(draft, carried, today, say)]
    seen: dict[tuple[object, ...], int] = {}
    for line in draft.lines:
        if not draft.starts_on <= line.day <= draft.ends_on:
            found.append(LedgerFault(line.row, say("ledger_outside", day=line.day.isoformat())))
        if not line.receipt:
            found.append(LedgerFault(line.row, say(f"ledger_no_receipt_{line.kind}"), hard=line.kind == "expense"))
        same = (line.day, line.kind, line.subject, line.amount, line.text, line.receipt)
        if same in seen:
            found.append(LedgerFault(line.row, say("ledger_twice", row=seen[same]), hard=False))
        seen.setdefault(same, line.row)
    found += _below_zero(draft, say)
    return sorted(found, key=lambda f: (f.row is not None, f.row or 0))


def _whole(draft: LedgerDraft, carried: Carried | None, today: date, say: Words) -> list[LedgerFault]:
    found = []
    if draft.ends_on < draft.starts_on or draft.ends_on > today:
        found.append(LedgerFault(None, say("ledger_period_wrong")))
    if not draft.lines:
        found.append(LedgerFault(None, say("ledger_empty"), hard=False))
    if draft.opening is None and carried is None:
        found.append(LedgerFault(None, say("ledger_no_opening")))
    elif draft.opening is not None and draft.opening < 0:
        found.append(LedgerFault(None, say("ledger_opening_negative")))
    if carried is not None:
        if draft.opening is not None and draft.opening != carried.balance:
            found.append(LedgerFault(None, say("ledger_not_carried", stated=yuan(draft.opening), carried=yuan(carried.balance))))
        if (draft.starts_on - carried.ends_on).days != 1:
            found.append(LedgerFault(None, say("ledger_gap", day=carried.ends_on.isoformat())))
    stated = (("income", draft.stated_income, draft.income), ("expense", draft.stated_expense, draft.expense))
    for kind, said, summed in (*stated, ("closing", draft.closing, draft.balance)):
        if said is not None and said != summed:
            found.append(LedgerFault(None, say(f"ledger_sum_{kind}", stated=yuan(said), summed=yuan(summed))))
    return found


def _below_zero(draft: LedgerDraft, say: Words) -> list[LedgerFault]:
    """The first line after which, day by day, more would have been spent than was there."""
    balance = draft.opening or 0
    for line in sorted(draft.lines, key=lambda x: (x.day, x.kind != "income", x.row)):
        balance += line.amount if line.kind == "income" else -line.amount
        if balance < 0:
            return [LedgerFault(line.row, say("ledger_below_zero", balance=yuan(balance)))]
    return []


def _headings(rows: list[list[str]]) -> tuple[int, dict[str, int | None]]:
    for at, cells in enumerate(rows[:HEADER_WITHIN]):
        columns = {name: column_of(cells, words) for name, words in HEADERS.items()}
        if columns["income"] is not None and columns["income"] == columns["expense"]:  # one column 收入/支出 that says which
            columns["kind"], columns["income"], columns["expense"] = columns["income"], None, None
        if columns["amount"] is not None and cells[columns["amount"]].startswith(("收入", "支出")):
            columns["amount"] = None
        has_amount = columns["amount"] is not None or (columns["income"] is not None and columns["expense"] is not None)
        if columns["day"] is not None and columns["subject"] is not None and has_amount:
            return at, columns
    raise Refused("没有找到表头", "第一行写上：日期、收支、科目、摘要、金额、票据（或者用“收入”“支出”两列）", code="ledger")
