"""Policy questions 查政策: the plans' own words with their clause and standing, or an honest refusal with the offer of a person."""

from actions.answer import Answer, Choice, Reply
from actions.committee_ledger import question_choices
from actions.draft import draft_record
from actions.emergency import safety_line
from actions.say_finding import is_elder, say_of_plan, say_reviewed, say_short, sentence, standing_lines
from actions.turn import Turn
from committee.ledger_answer import answer_ledger
from knowledge.finding import Answered, NotCovered, OfPlan, Question, Reviewed
from storage.models import UnansweredRow
from storage.personal_data import mask
from understanding.emergencies import tell

QUOTES_SHOWN = 1
NEAR_ENOUGH = 0.15  # chance that the nearest provision answers, for it to be shown beside a refusal


def answer_policy(turn: Turn, question: str | None = None) -> Answer:
    """Answer the question of this message (or `question`, asked before the region was known)."""
    text = question or turn.reading.text
    if turn.region is None:
        return ask_region(turn, {"question": text})
    ledger = _from_ledger(turn, text)
    if ledger is not None:
        return ledger
    finding = turn.parts.knowledge.answer(question_of(turn, text))
    if isinstance(finding, NotCovered):
        return _not_covered(turn, text, finding)
    turn.dialogue["question"] = text
    if isinstance(finding, Reviewed):
        turn.dialogue["provision"] = None
        return say_reviewed(turn, finding)
    if isinstance(finding, OfPlan):
        turn.dialogue["provision"] = f"{finding.plan}/"  # no provision, but “文号多少” next means this document
        return say_of_plan(turn, finding)
    turn.dialogue["provision"] = finding.statements[0].provision
    return say_short(turn, finding) if is_elder(turn) else _answered(turn, finding)


def question_of(turn: Turn, text: str) -> Question:
    """What `text` asks of the plans in this conversation: where the asker lives, and what was asked before."""
    earlier, provision = turn.dialogue.get("question"), turn.dialogue.get("provision")
    return Question(text, turn.conversation.region, turn.conversation.property_form, earlier, provision)


def _from_ledger(turn: Turn, text: str) -> Answer | None:
    """A figure of the estate's own published ledger 透明账户, when that is what was asked."""
    community = turn.conversation.place.get("community")
    if not community or turn.region is None:
        return None
    found = answer_ledger(turn.session, text, (turn.region.id, community), turn.now, turn.words)
    if found is None:
        return None
    document = {"title": found.period, "url": found.url, "media_type": "text/html"} if found.url else None
    reply = Reply(found.text, choices=question_choices(turn, found), document=document)
    return Answer("answered", (reply,), draft=draft_record(turn, turn.draft))


def ask_region(turn: Turn, pending: dict[str, str]) -> Answer:
    """Which region's rules apply? The pending question or report goes on by itself afterwards."""
    turn.dialogue["pending"] = pending
    if not turn.draft:
        turn.dialogue["asked"] = "region"
    choices = tuple(
        Choice(region.name, {"do": "region", "region": region.id}) for region in turn.parts.regions.values() if region.selectable
    )
    draft = draft_record(turn, turn.draft)
    return Answer("clarify", (Reply(turn.words("ask_region"), choices=choices),), asks_for="region", draft=draft)


def _answered(turn: Turn, finding: Answered) -> Answer:
    lines = [*standing_lines(turn, finding.statements[0].citation), *_fact_lines(turn, finding)]
    lines += [turn.words(note) for note in finding.notes if turn.words.has(note)]
    for statement in finding.statements[: len(finding.statements) if finding.by_form else QUOTES_SHOWN]:
        quote = turn.words("policy_quote_only", quote=statement.citation.quote)
        if not finding.by_form:
            lines.append(quote)
    lines.append(turn.words("policy_offer"))
    choices = [Choice(turn.words("choice_human"), {"do": "human"})]
    guesses = turn.reading.categories
    if guesses and guesses[0].confidence >= 0.6 and not turn.draft:
        choices.insert(0, Choice(turn.words("choice_report_this"), {"do": "report_text", "text": turn.reading.text}))
    citations = tuple(statement.citation for statement in finding.statements)
    reply = Reply("\n".join(lines), choices=tuple(choices), citations=citations)
    return Answer("answered", (reply,), facts={"provision": finding.statements[0].provision})


def _fact_lines(turn: Turn, finding: Answered) -> list[str]:
    statements = finding.statements
    if finding.by_form and len(statements) > 1:
        lines = [turn.words("policy_by_form")]
        return lines + [turn.words("policy_line", text=sentence(s)) for s in statements]
    lines = [sentence(statements[0])]
    for other in statements[1:]:
        notice = "" if other.citation.status == "in_force" else turn.words(f"policy_short_{other.citation.status}")
        lines.append(turn.words("policy_also", text=f"{sentence(other)}{notice}"))
    return lines


def _not_covered(turn: Turn, text: str, finding: NotCovered) -> Answer:
    turn.session.add(
        UnansweredRow(turn_id=turn.id, region=turn.conversation.region, question=mask(text), reason=finding.reason, asked_at=turn.now)
    )
    turn.dialogue["question"] = text
    turn.dialogue["provision"] = None
    region = turn.region.name if turn.region else ""
    said = turn.words(f"not_covered_{finding.reason}", region=region)
    near = finding.nearest[0] if finding.nearest and 1 - finding.confidence >= NEAR_ENOUGH else None
    if near is not None and near.citation.binding and near.citation.status == "in_force":
        said = f"{said}\n{turn.words('not_covered_near', text=sentence(near), title=near.citation.title, clause=near.citation.clause)}"
    danger = tell(turn.reading.text).sure
    if danger:
        said = f"{safety_line(turn, danger[0][0])}\n{said}"
    choices = [Choice(turn.words("choice_human"), {"do": "human"})]
    if turn.reading.categories and turn.reading.categories[0].confidence >= 0.6 and not turn.draft:
        choices.insert(0, Choice(turn.words("choice_report_this"), {"do": "report_text", "text": turn.reading.text}))
    return Answer("not_covered", (Reply(said, choices=tuple(choices)),))
