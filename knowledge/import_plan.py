"""From a source text to a draft of a plan: clauses (proved against the text), what it says of itself, the provisions found, and doubts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from config.refusal import Refused
from knowledge.binding import Region
from knowledge.carried import beside, carried
from knowledge.import_file import SourceText
from knowledge.import_identity import COUNTRY, Kind, Understood, understand
from knowledge.import_provisions import provisions_of
from knowledge.plan import Block, Clause, Plan, PlanIdentity, squeezed
from knowledge.provisions import Provision
from knowledge.read_plan import read_plan
from knowledge.split_articles import article_number, has_articles, split_articles
from knowledge.split_clauses import clauses_of, split_clauses

LAW = "law:"
_NUMBERED = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)])")
_ARTICLE = re.compile(r"^第[一二三四五六七八九十百零〇]+条(?![款项规的、，,和至])")
_LONG_CLAUSE = 2500


@dataclass(frozen=True)
class Draft:
    """A plan as understood from a file, before anybody confirmed it. `doubts` are what the operator should look at."""

    source: SourceText
    understood: Understood
    plan: Plan
    provisions: tuple[Provision, ...]
    doubts: tuple[str, ...]


def make_draft(
    source: SourceText, regions: Mapping[str, Region], kind: Kind | None = None, plan_id: str = "draft", known: Iterable[Provision] = ()
) -> Draft:
    """Understand a file; what it copies of the provisions `known` is carried over. Refused when the clauses do not give the text back or
    no clause is found."""
    lines = read_plan(source.text)
    understood = understand(lines, regions, kind)
    blocks, clauses = cut(lines)
    plan = Plan(understood.identity(plan_id), tuple(blocks), clauses)
    prove(plan, source.text)
    if not any(c not in ("文头", "引言", "文尾", "附件目录") for c in clauses):
        raise Refused("没有找到条款（一、（一）1. 或 第一条）", "核对编号是不是图片；没有编号的文件请先补上编号")
    provisions = tuple(beside(carried(plan, known), provisions_of(plan)))
    return Draft(source, understood, plan, provisions, _doubts(lines, understood, plan, source.furniture))


def cut(lines: list[str]) -> tuple[list[Block], dict[str, Clause]]:
    """The blocks and clauses of a text: by articles where it has them, otherwise by its numerals."""
    if has_articles(lines):
        return split_articles(lines)
    blocks = split_clauses(lines)
    if unopened(lines, blocks):
        blocks = split_clauses(lines, gaps=True)
    return blocks, clauses_of(blocks)


def unopened(lines: list[str], blocks: list[Block]) -> list[str]:
    """The lines that begin with a numeral and opened no clause."""
    starts = [squeezed(p) for b in blocks for p in b.paragraphs[:1]]
    numbered = _ARTICLE if has_articles(lines) else _NUMBERED
    return [line for line in lines if numbered.match(line) and not any(s.startswith(squeezed(line)) for s in starts)]


def _skipped(plan: Plan) -> list[str]:
    """Clauses before which a numeral is missing (（十） after （三）)."""
    last: dict[str, int] = {}
    found = []
    for clause in plan.clauses:
        number = re.search(r"（([一二三四五六七八九十]{1,3})）$|^([一二三四五六七八九十]{1,3})$", clause)
        if number:
            level, value = clause[: number.start()], article_number(number[1] or number[2])
            if value > last.get(level, 0) + 1:
                found.append(clause)
            last[level] = value
    return found


def prove(plan: Plan, text: str) -> None:
    """Refused when the clauses joined are not the source text, white space aside: such a plan would quote wrongly."""
    if plan.plain != squeezed(text):
        raise Refused("条款拼起来和原文对不上", "请把文件发给维护人员；暂时可另存为 .txt 再试", code="import_proof")


def _doubts(lines: list[str], understood: Understood, plan: Plan, furniture: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    if lost := unopened(lines, list(plan.blocks)):
        found.append(f"{len(lost)} 处编号没有另起条款：{'；'.join(line[:18] for line in lost[:4])}")
    if skipped := _skipped(plan):
        found.append(f"编号不连续，前面可能漏了编号：{'、'.join(skipped[:6])}")
    long = [c.id for c in plan.clauses.values() if len(c.text) > _LONG_CLAUSE]
    if long:
        found.append(f"条款太长，可能没有切开：{'、'.join(long[:4])}")
    if furniture:
        found.append(f"丢下版面文字 {len(furniture)} 行：{'；'.join(sorted(set(furniture))[:4])}")
    wanted = {"issuer": "发文机关", "issued": "发文日期", "region": "地区"}
    missing = [name for field, name in wanted.items() if not getattr(understood, field)]
    if missing:
        found.append(f"没有读出{'、'.join(missing)}")
    if understood.kind == "plan" and understood.doc_number is None and understood.standing == "in_force":
        found.append("没有文号：是不是征求意见稿？")
    return tuple(found)


def free_id(understood: Understood, taken: set[str]) -> str:
    """An id not yet taken: law:<region>-<year> for laws, <region>-<year> for plans, numbered when there are several."""
    year = understood.issued or understood.starts or understood.ends
    stem = f"{LAW if understood.kind == 'law' else ''}{understood.region or 'plan'}-{year.year if year else 'undated'}"
    names = [stem, *(f"{stem}-{n}" for n in range(2, 1000))]
    return next(name for name in names if name not in taken)


def blocks_as_rows(plan: Plan) -> list[Any]:
    """The blocks as they are kept in a database."""
    return [[b.clause, list(b.paragraphs), b.heading] for b in plan.blocks]


def plan_from_rows(identity: PlanIdentity, body: list[Any]) -> Plan:
    """A plan out of its kept blocks."""
    blocks = [Block(clause, tuple(paragraphs), heading) for clause, paragraphs, heading in body]
    by_article = any(re.match(r"^第.+条", b.clause) for b in blocks)
    return Plan(identity, tuple(blocks), _articles(blocks) if by_article else clauses_of(blocks))


def _articles(blocks: list[Block]) -> dict[str, Clause]:
    return split_articles([p for b in blocks for p in b.paragraphs])[1]


def renamed(draft: Draft, plan_id: str) -> Draft:
    """The draft under another id."""
    plan = replace(draft.plan, identity=replace(draft.plan.identity, id=plan_id))
    return replace(draft, plan=plan, provisions=tuple(p.model_copy(update={"plan": plan_id}) for p in draft.provisions))


def region_title(region: str | None, regions: Mapping[str, Region]) -> str:
    """A region's name as people read it."""
    return "全国" if region == COUNTRY else regions[region].name if region is not None and region in regions else "（没有读出）"


def day_title(day: date | None) -> str:
    """A day as people read it."""
    return day.isoformat() if day else "（没有写）"
