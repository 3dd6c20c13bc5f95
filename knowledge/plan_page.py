"""The page of a plan (/plans/<id>): its text with an anchor per clause, one run highlighted, its standing and dates."""

from dataclasses import dataclass
from datetime import date

from knowledge.finding import Standing
from knowledge.library import Library
from knowledge.plan import Plan, PlanIdentity, squeezed

_ANNEX_ROW = "附件"


@dataclass(frozen=True)
class Run:
    """A piece of a paragraph; `marked` pieces belong to the highlighted quotation."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class PageBlock:
    """One block of the page. `anchor` is the clause id at its first block, empty at its later ones; `level` 0 (text) to 4."""

    anchor: str
    level: int
    paragraphs: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True)
class PlanPage:
    """Everything the template needs. `standing` is dated by the day asked; `followed_by` names the plan that came after."""

    identity: PlanIdentity
    standing: Standing
    blocks: tuple[PageBlock, ...]
    marked: bool
    followed_by: PlanIdentity | None
    soon: bool = False  # confirmed, but its first day is still to come


def _level(clause: str) -> int:
    """How deep a clause stands: 1 for 三, 2 for 三（二）, 3 for 三（二）1; 0 for unnumbered parts."""
    if clause in ("文头", "引言", "文尾", "附件目录"):
        return 0
    if clause.startswith("第"):
        return 3 if clause.endswith("条") or "条之" in clause else 2 if clause.endswith("节") else 1
    if clause.startswith(_ANNEX_ROW):
        return 1 if "第" not in clause else 3
    return 1 + ("（" in clause) + clause[-1].isdigit()


def _cut(paragraph: str, at: int, start: int, end: int) -> tuple[Run, ...]:
    """A paragraph that begins at `at` of the text without white space, cut where the highlighted run begins and ends."""
    runs: list[Run] = []
    here, text, marked = at, "", False
    for character in paragraph:
        inside = start <= here < end
        if inside != marked and text:
            runs.append(Run(text, marked))
            text = ""
        marked, text = inside, text + character
        here += 0 if character.isspace() else 1
    return (*runs, Run(text, marked)) if text else tuple(runs)


def _span(plan: Plan, clause: str | None, quote: str | None, at: tuple[int, int] | None) -> tuple[int, int]:
    if at is not None and 0 <= at[0] < at[1] <= len(plan.plain):
        return at
    if quote and plan.holds(quote, clause):
        return plan.run(quote)
    return (0, 0)


def plan_page(  # noqa: PLR0913 - the quotation is given by its words or by its place
    library: Library, plan_id: str, clause: str | None = None, quote: str | None = None, *,
    at: tuple[int, int] | None = None, day: date | None = None,
) -> PlanPage:  # fmt: skip
    """The page of a plan with a quotation highlighted (given by its words, or by `at`, its run in the text without white space).

    KeyError when the library has no such plan."""
    plan = library.plans[plan_id]
    start, end = _span(plan, clause, quote, at)
    seen: set[str] = set()
    here, blocks = 0, []
    for block in plan.blocks:
        paragraphs = []
        for paragraph in block.paragraphs:
            paragraphs.append(_cut(paragraph, here, start, end))
            here += len(squeezed(paragraph))
        blocks.append(PageBlock("" if block.clause in seen else block.clause, _level(block.clause), tuple(paragraphs)))
        seen.add(block.clause)
    later = library.plans.get(plan.identity.followed_by or "")
    who = plan.identity
    soon = who.status == "in_force" and day is not None and who.starts is not None and who.starts > day
    return PlanPage(who, who.standing_on(day), tuple(blocks), end > start, later.identity if later else None, soon)


def read_run(said: str | None) -> tuple[int, int] | None:
    """The run of an address (`?at=120-180`), None when it is not one."""
    start, _, end = (said or "").partition("-")
    return (int(start), int(end)) if start.isdecimal() and end.isdecimal() and len(said or "") < 20 else None
