"""Questions about committee duties that need no procedure gone through: 业委会几年一届, 罢免委员要多少人同意, 账上还有多少钱."""

import re

from actions.answer import Answer, Choice, Reply
from actions.committee import guide, guide_answer, human
from actions.committee_votes import say_rule
from actions.turn import Turn
from committee.reading_votes import read_vote
from committee.short_answers import short_answer
from committee.spoken_day import names_a_day
from committee.voting_rules import matter_named, matter_of
from knowledge.finding import Citation, NotCovered, Question

LONGEST = 60
_OF_A_PAPER = re.compile(r"方案|文件|[那这]份|提升年|20[12]\d年|[12]\d年(那|的|说)|自治区|指南")  # what a plan says is asked of the plan
LONGEST_WISH, PLAINLY = 20, 0.6  # so like a procedure must a wish be to be led through its steps, whatever its intent was taken for
_WISH = re.compile(
    r"^(我们?|咱们?)?(小区|院里?)?(想要?|打算|准备|计划|要)(?!问|知道|看看|了解|投诉|反映|举报)(?!.*([?？吗]|多少|几|怎么|为什么|能不能|可不可以|违法))"
)
CANDIDATES = 7  # the step of first_formation at which candidates are proposed
_JOIN = re.compile(
    r"(怎么|咋|如何|怎样).{0,6}(加入|绑定|成为|认证|登记成).{0,4}(业委会|物管会|委员|成员)|(业委会|物管会|委员|成员).{0,6}(怎么|咋|如何|怎样)(加入|绑定|认证|登记)|邀请码.{0,8}(哪|怎么|咋|谁|没有|在)"
)
REPORTS = {"report_repair", "report_complaint", "report_emergency"}
SURE, SURELY_ANOTHER = 0.5, 0.6
_HOW_MANY = re.compile(
    r"(多少|几|几成|百分之几|几分之几|什么比例|多大比例|多少比例)(个|名|位|户|家|成|比例|的)*(人|户|业主|票|面积)?(数)?(要|都|得|能|才)?(同意|赞成|通过|签字|表决|投票|投赞成|才行|才能|才算|才够|够)"
    r"|(要|得|需要|必须|用不用|要不要)(过半|半数|双过半|三分之二|2/3|四分之三|3/4)|(过半|半数|双过半|三分之二|2/3|四分之三|3/4)(数)?.{0,6}(同意|通过|就行|够不够|行不行|可以吗|行吗|够吗)"
)
_OF_OWNERS = re.compile(r"业主大会|业主.{0,4}表决|共同决定|投票表决")
_OTHER_SHARE = re.compile(r"提议|联名|几天|多久|业委会(开会|内部|会议)|委员(同意|出席|到场)")


def asked_word(turn: Turn) -> Answer | None:
    """The answer to a question of these; None when the message is another matter, a report, or tells a day or figures."""
    return (_how_to_join(turn) or _short(turn) or _how_many(turn)) if _may_ask(turn) else None


def named_word(turn: Turn) -> Answer | None:
    """The rule of the vote for a message that is but the name of a matter (动用维修资金), the steps for the wish to do it (我们想动用
    维修资金修电梯); None for anything else."""
    text = turn.reading.text
    if not _may_ask(turn) or (turn.intent == "guide_committee" and (turn.confidence or 0.0) >= SURELY_ANOTHER):
        return None
    wanted = turn.parts.procedures.find(text) if _WISH.match(text) and len(text) <= LONGEST_WISH else None
    if wanted is not None and wanted.score >= PLAINLY:
        return guide(turn, wanted.procedure_id)
    return say_rule(turn) if matter_named(text) is not None else None


def _may_ask(turn: Turn) -> bool:
    text, place = turn.reading.text, turn.reading.place
    reports = turn.intent in REPORTS and (turn.confidence or 0.0) >= SURE
    elsewhere = turn.reading.phones or place.building or place.unit
    return len(text) <= LONGEST and not (reports or elsewhere or _OF_A_PAPER.search(text) or names_a_day(text) or _tells_vote(text))


def _how_to_join(turn: Turn) -> Answer | None:
    """What a member elected does to be known here, and where one who wants to be elected reads on."""
    if not _JOIN.search(turn.reading.text):
        return None
    steps = _lead_on(turn, "first_formation", CANDIDATES)
    return guide_answer(turn, Reply(turn.words("committee_how_to_join"), choices=(*steps, human(turn))))


def _short(turn: Turn) -> Answer | None:
    text = turn.reading.text
    found = short_answer(text, turn.region.id if turn.region else None, turn.words)
    if found is None or (not found.carried and _in_a_plan(turn, text)):
        return None
    lines = [found.text, found.source_text]
    if not found.verified:
        lines += [turn.words("guide_unverified_part"), turn.words("guide_unverified_person")]
    choices = [*_lead_on(turn, found.procedure, found.step), human(turn)]
    citations = tuple(Citation(**record) for record in found.citations)
    return guide_answer(turn, Reply("\n".join(lines), "card", tuple(choices), citations))


def _in_a_plan(turn: Turn, text: str) -> bool:
    """Whether the region's plans say something about what no law at hand carries."""
    question = Question(text, turn.conversation.region, turn.conversation.property_form)
    return turn.region is not None and not isinstance(turn.parts.knowledge.answer(question), NotCovered)


def _how_many(turn: Turn) -> Answer | None:
    """How many must agree to a matter."""
    text = turn.reading.text
    asked = _HOW_MANY.search(text) and not _OTHER_SHARE.search(text)
    return say_rule(turn) if asked and (matter_of(text) or _OF_OWNERS.search(text)) else None


def _tells_vote(text: str) -> bool:
    """Whether figures of a vote are told, which are to be counted."""
    facts = read_vote(text)
    return facts is not None and any(tally.total is not None and tally.agreed is not None for tally in (facts.heads, facts.area))


def _lead_on(turn: Turn, procedure: str | None, n: int | None) -> list[Choice]:
    """The button to the step that goes with an answer, or to the procedure."""
    if procedure is None:
        return []
    steps = turn.parts.procedures.guide(procedure, turn.region.id if turn.region else None).steps
    step = next((s for s in steps if s.n == n), None)
    title = dict(turn.parts.procedures.titles())[procedure]
    if step is None:
        return [Choice(turn.words("choice_steps_of", title=title), {"do": "guide", "procedure": procedure})]
    meaning = {"do": "guide_step", "procedure": procedure, "step": step.number}
    return [Choice(turn.words("choice_step_of", title=title, step=step.title), meaning)]
