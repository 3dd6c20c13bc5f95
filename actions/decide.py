"""From a turn to an answer: emergencies first, then buttons, then what was asked, then the intent Rasa (or the fallback) gave."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from actions.answer import Answer, Reply
from actions.ask_policy import answer_policy, ask_region, question_of
from actions.committee import guide, guide_step, way_back
from actions.committee_chat import COMMITTEE_CHOICES, begin_guide, committee_matters
from actions.committee_votes import answer_vote
from actions.conversation import clarify, hand_off, out_of_scope, smalltalk
from actions.draft import draft_record
from actions.emergency import answer_emergency, follow_crisis
from actions.follow_up import follow_up, settle_withdraw, tapped_ticket
from actions.loose_facts import keep_facts, tells_matter
from actions.rate_ticket import rating_said, tapped_stars
from actions.region import hear_region, region_alone, wants_other_region
from actions.report import choose, continue_report, start_report
from actions.report_ask import ask_next
from actions.report_file import cancel_report, put_off, take_waiting
from actions.report_take import take_all
from actions.say_finding import original_words
from actions.style import style_said
from actions.survey_answer import ask_again, refuse, survey_said, tapped_survey
from actions.take_over import operator_is_talking, receipt
from actions.turn import Turn
from actions.without_words import without_words
from knowledge.finding import NotCovered
from tickets.resident import find_own, supplement
from tickets.ticket import ticket_record

SURE_DANGER = 0.5  # two classifiers in the mean: a missed emergency costs more than a needless safety line
ERASE = re.compile(r"(删除?|删掉|清除|抹掉|注销).{0,5}(我的|我)?.{0,3}(数据|信息|记录|隐私|资料)")
MAY_ASK, SURELY_ANSWERED = 0.1, 0.85
QUESTION = re.compile(
    "[吗呢么?？]|[不没]$|谁|哪|几|多少|多久|啥|什么|怎|咋|能不能|可不可以|是不是|有没有|该不该|要不要|算不算|合不合|允许|规定|标准|凭"
)
HEARD_INSTEAD = dict.fromkeys(("report_repair", "report_complaint", "ask_status", "chase_ticket", "out_of_scope"), MAY_ASK) | {
    "guide_committee": 0.2,
    "ask_vote": 0.2,
}
UNSURE = 0.3  # below this the intent is not believed
INTERRUPTS = {"ask_policy", "guide_committee", "ask_vote", "ask_human", "ask_status", "chase_ticket", "ask_ability"}
FILLERS = {"inform", "correct", "affirm", "deny", "report_repair", "report_complaint"}


def decide(turn: Turn) -> Answer:
    """The one decision of a turn; changes `turn.dialogue` and the rows of `turn.session`, says what to reply."""
    answer = _decide(turn)
    if answer.outcome != "clarify":
        turn.dialogue["tries"] = 0
    return _never_twice(turn, answer)


def _decide(turn: Turn) -> Answer:
    """Whoever has a right to the turn takes it, in this order; None passes it on."""
    listeners: tuple[Callable[[Turn], Answer | None], ...] = (
        _emergency_first,
        _operator_next,
        _button,
        _nothing_said,
        _crisis,
        _erasure,
        style_said,
        survey_said,
        _region_asked,
        committee_matters,
        _moved,
        _withdrawal,
        rating_said,
        _waiting_offered,
        _open_report,
    )
    for listen in listeners:
        answer = listen(turn)
        if answer is not None:
            return answer
    return _by_intent(turn)


def _emergency_first(turn: Turn) -> Answer | None:
    emergency = turn.reading.emergency
    if emergency is None or turn.meaning is not None:
        return None
    hear_region(turn)
    return answer_emergency(turn, emergency.category)


def _operator_next(turn: Turn) -> Answer | None:
    return receipt(turn) if operator_is_talking(turn) else None


def _button(turn: Turn) -> Answer | None:
    return _by_choice(turn, turn.meaning) if turn.meaning is not None else None


def _nothing_said(turn: Turn) -> Answer | None:
    return None if turn.reading.text else without_words(turn)


def _crisis(turn: Turn) -> Answer | None:
    hear_region(turn)
    return follow_crisis(turn)


def _erasure(turn: Turn) -> Answer | None:
    if not ERASE.search(turn.reading.text):
        return None
    return Answer("smalltalk", (Reply(turn.words("erase_how")),), draft=draft_record(turn, turn.draft))


def _region_asked(turn: Turn) -> Answer | None:
    return _region_said(turn) if turn.asked == "region" else None


def _withdrawal(turn: Turn) -> Answer | None:
    if turn.asked != "withdraw" or turn.intent not in {"affirm", "deny", "withdraw_ticket", "cancel"}:
        return None
    return settle_withdraw(turn, turn.dialogue["ticket"], yes=turn.intent in {"affirm", "withdraw_ticket"})


def _waiting_offered(turn: Turn) -> Answer | None:
    """“Yes” or “no” to the next matter of an earlier message; anything else lets it wait on."""
    if turn.asked != "waiting":
        return None
    waiting = turn.dialogue.get("waiting", [])
    if turn.intent == "affirm" and waiting:
        return _report_text(turn, {"text": waiting[0]})
    if turn.intent in {"deny", "cancel"}:
        return put_off(turn)
    turn.dialogue.pop("asked", None)
    return None


def _open_report(turn: Turn) -> Answer | None:
    return _inside_report(turn) if turn.draft is not None else None


def _asks_a_rule(turn: Turn) -> bool:
    """Sounds like a report or a matter of its own, but may be a question, and the plans surely answer it (“不交费能锁我门禁吗”).

    Measured on 1,753 development sentences: 42 of 140 misheard questions come right, no report is lost (docs/nlu.md)."""
    least = HEARD_INSTEAD.get(turn.intent or "")
    if least is None or turn.policy_chance < least or turn.region is None or turn.draft is not None:
        return False
    if not QUESTION.search(turn.reading.text):
        return False
    finding = turn.parts.knowledge.answer(question_of(turn, turn.reading.text))
    return not isinstance(finding, NotCovered) and finding.confidence >= SURELY_ANSWERED


def _by_intent(turn: Turn) -> Answer:
    if _asks_a_rule(turn):
        turn.intent = "ask_policy"
        return answer_policy(turn)
    if turn.intent is None or (turn.confidence is not None and turn.confidence < UNSURE):
        return _unsure(turn)
    handlers: dict[str, Callable[[Turn], Answer]] = {
        "ask_policy": lambda t: way_back(t, answer_policy(t)),
        "report_repair": _report,
        "report_complaint": _report,
        "report_emergency": _unheard_emergency,
        "ask_status": follow_up,
        "chase_ticket": follow_up,
        "withdraw_ticket": follow_up,
        "confirm_fixed": follow_up,
        "dispute_fixed": follow_up,
        "guide_committee": begin_guide,
        "ask_vote": answer_vote,
        "ask_human": hand_off,
        "greet": smalltalk,
        "thank": smalltalk,
        "ask_ability": smalltalk,
        "out_of_scope": out_of_scope,
        "cancel": _nothing_open,
        "affirm": _nothing_open,
        "deny": _nothing_open,
        "inform": _loose_fact,
        "correct": _loose_fact,
    }
    handler = handlers.get(turn.intent)
    return handler(turn) if handler else clarify(turn)


def _report(turn: Turn) -> Answer:
    if turn.region is None:
        return ask_region(turn, {"report": turn.reading.raw, "intent": turn.intent or "report_repair"})
    return start_report(turn)


def _unheard_emergency(turn: Turn) -> Answer:
    """The classifiers hear danger where the detector does not: sure, it is one; else a report that begins with what to do in danger."""
    if (turn.confidence or 0.0) >= SURE_DANGER:
        return answer_emergency(turn, turn.reading.likely_danger or "medical")
    answer = _report(turn)
    warning = Reply(turn.words("emergency_maybe"), kind="emergency")
    return replace(answer, replies=(warning, *answer.replies))


def _unsure(turn: Turn) -> Answer:
    guesses = turn.reading.categories
    if guesses and guesses[0].confidence >= 0.6:
        turn.intent = f"report_{guesses[0].kind}"
        return _report(turn)
    return clarify(turn)


def _nothing_open(turn: Turn) -> Answer:
    key = {"cancel": "smalltalk_nothing_to_cancel", "affirm": "smalltalk_affirm", "deny": "smalltalk_deny"}[turn.intent or "affirm"]
    return Answer("smalltalk", (Reply(turn.words(key)),))


def _loose_fact(turn: Turn) -> Answer:
    """A place, a time or a phone out of the blue: it begins a report when it tells of a fault itself, else it belongs to the last
    ticket; without one it is kept until the matter is told."""
    if tells_matter(turn):
        turn.intent = f"report_{turn.reading.categories[0].kind}"
        return _report(turn)
    number = turn.dialogue.get("ticket")
    row = find_own(turn.session, turn.conversation.id, number) if number else None
    if row is None or row.state not in {"submitted", "accepted", "in_progress", "reopened"}:
        return keep_facts(turn)
    supplement(turn.session, row, text=turn.reading.raw, attachments=turn.attachments, now=turn.now)
    record = ticket_record(turn.session, row, audience="resident")
    return Answer("status", (Reply(turn.words("supplemented", number=row.number)),), tickets=(record,))


def _inside_report(turn: Turn) -> Answer:
    draft = turn.draft
    if draft is None:
        return _by_intent(turn)
    sure = turn.confidence is None or turn.confidence >= 0.5
    if turn.intent == "cancel" and turn.asked != "contact":
        return cancel_report(turn)
    answers_it = _answers_what_was_asked(turn)
    if turn.intent in INTERRUPTS and sure and not answers_it:
        return _then_back(turn, _by_intent(turn))
    return continue_report(turn)


def _answers_what_was_asked(turn: Turn) -> bool:
    read = turn.reading
    if turn.asked == "contact":
        return bool(read.phones)
    if turn.asked == "place":
        return not read.place.is_empty() and turn.intent in FILLERS
    return turn.asked == "description" and turn.intent in FILLERS


def _then_back(turn: Turn, answer: Answer) -> Answer:
    """Something in between was answered; the report goes on where it was."""
    draft = turn.draft
    if draft is None or answer.asks_for == "region":
        return answer
    turn.dialogue.pop("asked", None)
    again = ask_next(turn, draft, lead=turn.words("back_to_report"))
    return Answer(answer.outcome, (*answer.replies, *again.replies), again.asks_for, answer.tickets, again.draft, answer.facts)


def _moved(turn: Turn) -> Answer | None:
    """“换地区”, or a message that is nothing but another region's name: the region changes, a draft goes on."""
    if wants_other_region(turn):
        return ask_region(turn, {})
    region = region_alone(turn)
    if region is None:
        return None
    turn.conversation.region = region.id
    return _then_back(turn, Answer("smalltalk", (Reply(turn.words("region_set", region=region.name)),)))


def _region_said(turn: Turn) -> Answer:
    """The answer to “which region?”; what waited for it is kept until the region is known, and more may be said meanwhile."""
    if turn.region is not None:
        return _go_on(turn)
    pending: dict[str, str] = turn.dialogue.get("pending", {})
    if turn.intent in {"cancel", "ask_human", "greet", "thank", "ask_ability", "out_of_scope", "guide_committee", "ask_vote"}:
        turn.dialogue.pop("asked", None)
        turn.dialogue.pop("pending", None)
        return _by_intent(turn)
    if turn.intent == "ask_policy":
        return ask_region(turn, {"question": turn.reading.text})
    if "report" in pending and turn.reading.text:
        pending = {**pending, "report": f"{pending['report']}，{turn.reading.raw}"}
    elif turn.intent in {"report_repair", "report_complaint"}:
        pending = {"report": turn.reading.raw, "intent": turn.intent}
    again = ask_region(turn, pending)
    return replace(again, replies=(replace(again.replies[0], text=turn.words("ask_region_again")), *again.replies[1:]))


def _go_on(turn: Turn) -> Answer:
    """The region is known now; go on with what waited for it."""
    turn.dialogue.pop("asked", None)
    pending: dict[str, str] = turn.dialogue.pop("pending", {})
    if "question" in pending:
        return _then_back(turn, answer_policy(turn, pending["question"]))
    if "report" in pending:
        turn.intent, here = pending["intent"], turn.reading
        turn.reading = turn.reread(pending["report"])
        answer = start_report(turn)
        draft = turn.draft
        if draft is None or not here.text:
            return answer
        turn.reading = turn.reread(here.raw)  # the region may have been said together with the address
        if turn.reading.place.is_empty():
            return answer
        take_all(turn, draft, describing=False)
        return ask_next(turn, draft)
    region = turn.region.name if turn.region else ""
    return Answer("smalltalk", (Reply(turn.words("region_set", region=region)),))


def _by_choice(turn: Turn, meaning: dict[str, Any]) -> Answer:
    handlers: dict[str, Callable[[Turn, dict[str, Any]], Answer]] = {
        "region": _choose_region,
        "human": lambda t, _: _then_back(t, hand_off(t)),
        "withdraw": lambda t, m: settle_withdraw(t, m["number"], yes=True),
        "keep": lambda t, m: settle_withdraw(t, m["number"], yes=False),
        "say": lambda t, m: _said_by_button(t, m["intent"]),
        "report_text": _report_text,
        "later": lambda t, _: put_off(t),
        "guide": lambda t, m: guide(t, m["procedure"]),
        "guide_step": lambda t, m: guide_step(t, m["procedure"], m["step"]),
        "cancel": lambda t, _: cancel_report(t),
        "ticket": tapped_ticket,
        "rate": tapped_stars,
        "original": original_words,
        "survey": tapped_survey,
        "survey_never": lambda t, _: refuse(t),
        "survey_again": lambda t, _: ask_again(t),
        **COMMITTEE_CHOICES,
    }
    handler = handlers.get(meaning["do"])
    if handler is not None:
        return handler(turn, meaning)
    draft = turn.draft
    if draft is None or meaning["do"] == "unknown":
        return Answer("clarify", (Reply(turn.words("failed_choice")),), draft=draft_record(turn, draft))
    return choose(turn, draft, meaning)


def _choose_region(turn: Turn, meaning: dict[str, Any]) -> Answer:
    turn.conversation.region = meaning["region"]
    return _go_on(turn)


def _report_text(turn: Turn, meaning: dict[str, Any]) -> Answer:
    take_waiting(turn, meaning["text"])
    turn.reading = turn.reread(meaning["text"])
    best = turn.reading.categories[0] if turn.reading.categories else None
    turn.intent = f"report_{best.kind if best else 'repair'}"
    return _report(turn)


def _said_by_button(turn: Turn, intent: str) -> Answer:
    turn.intent, turn.confidence = intent, 1.0
    if intent == "ask_policy":
        return Answer("smalltalk", (Reply(turn.words("policy_invite")),))
    return _by_intent(turn)


def _never_twice(turn: Turn, answer: Answer) -> Answer:
    """The same sentence is never sent twice in a row."""
    digest = hashlib.sha256("\n".join(r.text for r in answer.replies).encode()).hexdigest()[:16]
    repeated = turn.dialogue.get("said") == digest and answer.replies[0].kind != "notice"
    turn.dialogue["said"] = digest if not repeated else ""
    if not repeated:
        return answer
    first = answer.replies[0]
    varied = Reply(f"{turn.words('same_again')}\n{first.text}", first.kind, first.choices, first.citations, first.document)
    draft = answer.draft if answer.draft is not None else draft_record(turn, turn.draft)
    return Answer(answer.outcome, (varied, *answer.replies[1:]), answer.asks_for, answer.tickets, draft, answer.facts)
