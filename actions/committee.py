"""Committee guidance 业委会办事: which procedure, where the estate stands in it, and each step with its sources, turn after turn.

What is being talked of is kept in `turn.dialogue["guide"]`: procedure, n (the step's number in the file, None at the overview),
at, ticket (the last ticket then), asking (“where are you?” is open), left (procedure → n of others begun), events (event → ISO day).
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.draft import draft_record
from actions.turn import Turn
from committee.procedures import Step
from committee.stages import next_of
from knowledge.finding import Citation

RECENT = timedelta(hours=2)  # so long 下一步 without more words means the procedure talked of
BUTTONS = 12
LONGEST_STAGE, SURE = 30, 0.8
TOUCHED = 0.4  # so like a procedure must a question of policy be for its steps to be offered
_OWNERS_MATTERS = re.compile(
    r"业委会|业主委员会|业主大会|物管会|物业管理委员会|委员|换届|罢免|补选|备案|维修资金|公共收益|选聘|解聘|换物业|退出|交接|公示|公布"
)
OTHERS = {"report_repair", "report_complaint", "report_emergency", "ask_policy", "ask_status", "chase_ticket", "ask_human"}
_QUESTION = re.compile(r"[?？]|吗|怎么|么$|多少|能不能|是不是|谁|哪")


def talked_of(turn: Turn, *, ever: bool = False) -> dict[str, Any] | None:
    """The guide state when it is the matter at hand (no ticket since, not too long ago), or with `ever` whenever there is one."""
    found = turn.dialogue.get("guide")
    if not isinstance(found, dict) or found.get("procedure") not in dict(turn.parts.procedures.titles()):
        return None
    fresh = turn.now - datetime.fromisoformat(found["at"]) <= RECENT and found.get("ticket") == turn.dialogue.get("ticket")
    return found if fresh or ever else None


def talk_of(turn: Turn, procedure_id: str, n: int | None, *, asking: bool = False) -> dict[str, Any]:
    """Note that this step of this procedure is now talked of; another procedure begun before stays where it was."""
    old = talked_of(turn, ever=True) or {}
    left = dict(old.get("left", {}))
    same = old.get("procedure") == procedure_id
    if old and not same and old.get("n"):
        left[old["procedure"]] = old["n"]
    left.pop(procedure_id, None)
    state = {
        "procedure": procedure_id,
        "n": n,
        "at": turn.now.isoformat(),
        "ticket": turn.dialogue.get("ticket"),
        "asking": asking,
        "left": left,
        "events": old.get("events", {}) if same else {},
    }
    turn.dialogue["guide"] = state
    return state


def guide_answer(turn: Turn, *replies: Reply) -> Answer:
    """An answer of this capability; a report being collected is kept."""
    return Answer("guide", replies, draft=draft_record(turn, turn.draft))


def guide(turn: Turn, procedure_id: str | None = None) -> Answer:
    """The steps of the procedure meant and the question where the estate stands; unclear which, the titles as buttons."""
    procedures = turn.parts.procedures
    text = turn.reading.text if turn.meaning is None else ""
    if procedure_id is None:
        match = procedures.find(text)
        if match is None:
            return _choose(turn)
        procedure_id = match.procedure_id
    old = talked_of(turn, ever=True) or {}
    stopped = old["n"] if old.get("procedure") == procedure_id else old.get("left", {}).get(procedure_id)
    found = procedures.guide(procedure_id, _region(turn))
    talk_of(turn, procedure_id, None, asking=True)
    if text and (n := _stage(turn, procedure_id, text)) is not None:
        return step_at(turn, procedure_id, n, lead="guide_now")
    lines = [found.title, *([found.intro] if found.intro else [])]
    for step in found.steps:
        when = turn.words("guide_deadline", deadline=step.deadline) if step.deadline else ""
        lines.append(turn.words("guide_title", number=step.number, title=step.title or step.text[:30], when=when))
    lines += [turn.words("guide_caution", text=caution) for caution in found.cautions]
    lines.append(turn.words("guide_stages"))
    choices = [*_stage_choices(turn, procedure_id, found.steps)]
    resumed = next((s for s in found.steps if s.n == stopped), None)
    if resumed is not None:
        choices.insert(0, to_step(turn, procedure_id, resumed, "choice_step_back"))
    reply = Reply("\n".join(lines), kind="card", choices=(*choices, human(turn)), citations=cited(found.steps))
    return guide_answer(turn, reply)


def guide_step(turn: Turn, procedure_id: str, number: int) -> Answer:
    """The step of this number as shown in the region (buttons)."""
    found = turn.parts.procedures.guide(procedure_id, _region(turn))
    step = next((s for s in found.steps if s.number == number), found.steps[0])
    return step_at(turn, procedure_id, step.n)


def step_at(turn: Turn, procedure_id: str, n: int, lead: str = "") -> Answer:
    """One step in full — who, what, by when, which papers, by what source — with the ways on. `n` is its number in the file."""
    found = turn.parts.procedures.guide(procedure_id, _region(turn))
    place = next((i for i, s in enumerate(found.steps) if s.n >= n), len(found.steps) - 1)
    step = found.steps[place]
    talk_of(turn, procedure_id, step.n)
    lines = [turn.words(lead, title=found.title, number=step.number, count=len(found.steps))] if lead else []
    lines.append(_step_lines(turn, step))
    last = place + 1 == len(found.steps)
    lines.append(turn.words("guide_last") if last else turn.words("guide_then", title=found.steps[place + 1].title))
    choices = [to_step(turn, procedure_id, s) for i, s in enumerate(found.steps) if i in {place - 1, place + 1}]
    choices += [Choice(turn.words("choice_step_done"), {"do": "step_done", "procedure": procedure_id, "n": step.n})]
    choices += [Choice(turn.words("choice_all_steps"), {"do": "guide", "procedure": procedure_id}), human(turn)]
    reply = Reply("\n".join(lines), kind="card", choices=tuple(choices), citations=cited([step]))
    return guide_answer(turn, reply)


def stage_said(turn: Turn) -> Answer | None:
    """The answer to “where are you now?” in the person's own words; None when the message tells no stage of the procedure."""
    state = talked_of(turn)
    if state is None or not state.get("asking") or _is_other(turn):
        return None
    n = _stage(turn, state["procedure"], turn.reading.text)
    return step_at(turn, state["procedure"], n, lead="guide_now") if n is not None else None


def _is_other(turn: Turn) -> bool:
    """Whether the message is too long for a stage, a question, or surely meant for something else."""
    if len(turn.reading.text) > LONGEST_STAGE or _QUESTION.search(turn.reading.text):
        return True
    return turn.intent in OTHERS and (turn.confidence or 0.0) >= SURE


def way_back(turn: Turn, answer: Answer) -> Answer:
    """Something else was answered: a button leads back to the step of the procedure talked of, or on to the one the question touches."""
    state = talked_of(turn)
    if turn.draft is not None or answer.asks_for is not None or not answer.replies:
        return answer
    if state is None or not state["n"]:
        return _way_on(turn, answer)
    found = turn.parts.procedures.guide(state["procedure"], _region(turn))
    step = next((s for s in found.steps if s.n == state["n"]), None)
    if step is None:
        return answer
    return _with_choice(answer, to_step(turn, state["procedure"], step, "choice_step_back"))


def _way_on(turn: Turn, answer: Answer) -> Answer:
    """The steps of the procedure that a question of policy clearly speaks of, offered beside its answer."""
    match = turn.parts.procedures.find(turn.reading.text)
    named = _OWNERS_MATTERS.search(turn.reading.text)
    if match is None or match.score < TOUCHED or named is None or answer.outcome not in {"answered", "not_covered"}:
        return answer
    return _with_choice(answer, Choice(turn.words("choice_steps_of", title=match.title), {"do": "guide", "procedure": match.procedure_id}))


def _with_choice(answer: Answer, choice: Choice) -> Answer:
    last = answer.replies[-1]
    reply = replace(last, choices=(*last.choices, choice))
    return replace(answer, replies=(*answer.replies[:-1], reply))


def human(turn: Turn) -> Choice:
    """The offer of a person."""
    return Choice(turn.words("choice_human"), {"do": "human"})


def to_step(turn: Turn, procedure_id: str, step: Step, words: str = "choice_step_named") -> Choice:
    """A button to a step."""
    meaning = {"do": "guide_step", "procedure": procedure_id, "step": step.number}
    return Choice(turn.words(words, number=step.number, title=step.title), meaning)


def cited(steps: list[Step]) -> tuple[Citation, ...]:
    """The citations of the steps, each once."""
    records = [record for step in steps for record in (step.citations or (step.citation,)) if record]
    return tuple(dict.fromkeys(Citation(**record) for record in records))


def _region(turn: Turn) -> str | None:
    return turn.region.id if turn.region else None


def _stage(turn: Turn, procedure_id: str, text: str) -> int | None:
    found = turn.parts.procedures
    here = [step.n for step in found.guide(procedure_id, _region(turn)).steps]
    return next_of(text, found.entry(procedure_id).steps, here)


def _stage_choices(turn: Turn, procedure_id: str, steps: list[Step]) -> list[Choice]:
    """“Not begun” and the stages of the procedure; each leads to the step that follows it."""
    entries = {entry.n: entry for entry in turn.parts.procedures.entry(procedure_id).steps}
    first = {"do": "guide_step", "procedure": procedure_id, "step": steps[0].number}
    choices = [Choice(turn.words("choice_not_begun"), first)]
    for step, after in pairwise(steps):
        stage = entries[step.n].stage
        if stage is not None:
            choices.append(Choice(stage.title, {"do": "guide_step", "procedure": procedure_id, "step": after.number}))
    return choices[:BUTTONS]


def _step_lines(turn: Turn, step: Step) -> str:
    lines = [turn.words("guide_step", number=step.number, who=step.who or "", text=step.text).replace("：：", "：")]
    if step.deadline:
        lines.append(turn.words("guide_when", deadline=step.deadline))
    if step.papers:
        lines.append(turn.words("guide_papers", papers="、".join(step.papers)))
    if step.source_text:
        lines.append(turn.words("guide_source", source=step.source_text))
    return "\n".join([*lines, *unverified_lines(turn, step)])


def unverified_lines(turn: Turn, step: Step) -> list[str]:
    """What to say of a step that is not verified, in whole or in part: whose answer decides, and the offer of a person."""
    if step.verified:
        return []
    person = turn.words("guide_unverified_person")
    return [turn.words("guide_unverified_part"), person]


def _choose(turn: Turn) -> Answer:
    procedures = turn.parts.procedures
    near = [match.procedure_id for match in procedures.ranked(turn.reading.text)[:3]]
    titles = [(key, title) for key, title in procedures.titles() if not near or key in near]
    choices = (*(Choice(title, {"do": "guide", "procedure": key}) for key, title in titles), human(turn))
    text = turn.words("guide_none", titles="、".join(title for _, title in procedures.titles()))
    return guide_answer(turn, Reply(text, choices=choices))
