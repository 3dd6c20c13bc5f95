"""Questions no plan answered, and answers that were disliked: grouped, judged, and given back as training sentences."""

from datetime import datetime
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.refusal import Refused
from console.access import Viewer
from console.question_groups import QuestionGroup, by_meaning, same_text
from console.scope import unanswered_of
from knowledge.encoder import Encoder
from storage.audit import record
from storage.models import UnansweredRow

MOST = 5000
REASON_NAMES = {
    "nothing": "文件里没有",
    "other_region": "只有外地文件写了",
    "local_law": "属于法律法规",
    "unsure": "拿不准",
    "disliked": "居民说没用",
}
# What a sentence may be labelled (docs/labels.md); `discard` keeps it out of the training data.
LABELS = {
    "ask_policy": "问规定",
    "report_repair": "报修",
    "report_complaint": "投诉",
    "report_emergency": "紧急",
    "ask_status": "问进度",
    "chase_ticket": "催办",
    "guide_committee": "业委会指引",
    "ask_vote": "票决",
    "ask_human": "找人",
    "out_of_scope": "无关",
    "discard": "不用",
}


def waiting_groups(session: Session, viewer: Viewer, encoder: Encoder | None = None) -> list[QuestionGroup]:
    """The questions in scope not yet reviewed, grouped by meaning, the most frequent first (of the newest 5,000)."""
    query = select(UnansweredRow).where(unanswered_of(viewer), UnansweredRow.reviewed_at.is_(None))
    groups: dict[str, QuestionGroup] = {}
    for row in session.scalars(query.order_by(UnansweredRow.id.desc()).limit(MOST)):
        group = groups.setdefault(same_text(row.question), QuestionGroup(row.question, [row.question]))
        group.ids.append(row.id)
        region, reason = row.region or "", row.reason.partition(":")[0]
        group.regions[region] = group.regions.get(region, 0) + 1
        group.reasons[reason] = group.reasons.get(reason, 0) + 1
        group.last_asked = max(filter(None, (group.last_asked, row.asked_at)))
    return sorted(by_meaning(list(groups.values()), encoder), key=lambda g: (-g.count, -max(g.ids)))


def judge(session: Session, viewer: Viewer, ids: list[int], verdict: dict[str, str], now: datetime) -> int:
    """Note a verdict {"intent", "note"} on rows within scope that nobody judged yet; gives back how many.

    Refused for a label that does not exist.
    """
    if verdict.get("intent") not in LABELS:
        raise Refused("没有这个标注", f"可选：{'、'.join(LABELS)}", status=422, code="unknown_label")
    query = select(UnansweredRow).where(unanswered_of(viewer), UnansweredRow.id.in_(ids[:MOST]), UnansweredRow.reviewed_at.is_(None))
    rows = list(session.scalars(query.with_for_update()))
    for row in rows:
        row.reviewed_at, row.reviewed_by, row.verdict = now, viewer.operator_id, dict(verdict)
    if rows:
        record(session, viewer.actor, "question_reviewed", f"unanswered:{rows[0].id}", {"rows": len(rows), **verdict}, now)
    return len(rows)


def questions_of(session: Session, viewer: Viewer, ids: list[int]) -> list[UnansweredRow]:
    """The rows of a group that still wait and are in scope, newest first."""
    query = select(UnansweredRow).where(unanswered_of(viewer), UnansweredRow.id.in_(ids[:MOST]), UnansweredRow.reviewed_at.is_(None))
    return list(session.scalars(query.order_by(UnansweredRow.id.desc())))


def reviewed(session: Session, viewer: Viewer) -> list[UnansweredRow]:
    """The questions in scope that were judged, newest verdict first."""
    query = select(UnansweredRow).where(unanswered_of(viewer), UnansweredRow.reviewed_at.is_not(None))
    return list(session.scalars(query.order_by(UnansweredRow.reviewed_at.desc(), UnansweredRow.id.desc()).limit(MOST)))


class _Lines(str):
    """Text dumped as a YAML block."""


class _Dumper(yaml.SafeDumper):
    """SafeDumper that writes `_Lines` as `|` blocks."""


_Dumper.add_representer(_Lines, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", str(data), style="|"))


def training_sentence(question: str) -> str:
    """The question as one line of Rasa examples: brackets would be read as entity marks, a leading slash as an intent."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in question).split())
    return flat.translate(str.maketrans("[](){}", "【】（）｛｝")).lstrip("/-# ")


def training_yaml(rows: list[UnansweredRow]) -> str:
    """The judged questions as Rasa NLU examples, each sentence once under its label, to be read over and put into nlu/capabilities/."""
    by_label: dict[str, dict[str, None]] = {}
    for row in reversed(rows):
        label = str((row.verdict or {}).get("intent", "discard"))
        sentence = training_sentence(row.question)
        if label in LABELS and label != "discard" and sentence and "*" not in sentence:
            by_label.setdefault(label, {})[sentence] = None
    blocks: list[dict[str, Any]] = [
        {"intent": label, "metadata": {"voice": "console_review"}, "examples": _Lines("".join(f"- {s}\n" for s in sentences))}
        for label, sentences in sorted(by_label.items())
    ]
    return yaml.dump({"version": "3.1", "nlu": blocks}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
