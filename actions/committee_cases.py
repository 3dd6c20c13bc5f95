"""Cases from chat: 记下来, 继续上次的换届, 第3步办完了. A case is the estate's: any of its members goes on where another stopped."""

import re
from datetime import date

from actions.answer import Answer, Choice, Reply
from actions.committee import guide_answer, human, step_at, talk_of, talked_of, to_step
from actions.committee_steps import step_number
from actions.turn import Turn
from committee.cases import CaseDesk, CaseView, StepDone, cases_of, view_case
from committee.members import Member, local_day, member_of
from committee.procedures import Step
from committee.spoken_day import day_said
from config.refusal import Refused
from storage.committee_rows import CommitteeCaseRow

_SAVE = re.compile(
    r"^(请|麻烦|那|好的?|先|你|帮我?们?|给我?们?|把?(这个|这件事|它|进度|这些)?都?)*(记下来?|记一下|记录(下来?|一下)?|存下来?|保存(下来|一下|进度)?|存一下|存档|建个?档|立个?案)(吧|了|啊|，?下次(接着|再|继续).{0,6})*$"
)
_RESUME = re.compile(
    r"(继续|接着)(办|弄|做|走|说)?(上次|之前|以前|前面|那次|上回)|(上次|上回|之前).{0,8}(办到哪|到哪(一步|里|儿|了)|继续|接着|没办完)|(正在|在)办(的|着)(事|哪些|什么)"
)
_STANDS = re.compile(r"(办到|走到|到)(哪|第几)(一?步|里|儿|了)|进度")
_TICKETS = re.compile(r"报修|投诉|工单|反映|维修|师傅|修|单子|电梯")
_MATTERS = re.compile(r"换届|选举|改选|补选|罢免|成立|筹备|业主大会|选聘|解聘|维修资金|移交|备案|物管会")
LIKE = 0.18  # so much must a sentence be like the procedure of a case to mean it
LONGEST, SHORT = 60, 16
_DONE = re.compile(
    r"^(我们|咱们?|刚|已经|都|这一?步|那一?步|上一步|第[0-9一二三四五六七八九十]{1,3}步|前[0-9一二三四五六七八九十]{1,3}步|前面的?(几步)?|也|，|,|昨天|今天|前天|[0-9]{1,2}月[0-9]{1,2}[日号]|就|全|的)*"
    r"(办|弄|做|搞)(完|好|成|妥)(了|啦)?(吧|，?记(一下|下来?)|下一步.{0,6})*$"
)
_BEFORE = re.compile(r"前([0-9一二三四五六七八九十]{1,3})步|前面(的)?(几步)?")
_UNDO = re.compile(r"(第[0-9一二三四五六七八九十]{1,3}步|这一?步|刚才).{0,6}(没办完|还没办|没做|记错|撤回|取消|弄错)|^记错了$")
_SKIP = re.compile(
    r"^(第[0-9一二三四五六七八九十]{1,3}步|这一?步)(就|可以|我们)?(不用办|不用做|跳过|不需要|不适用|免了)了?[，,：:]?(因为)?(.{0,100})$"
)


def case_word(turn: Turn) -> Answer | None:
    """What a message does with a case; None when it speaks of none. Refusals are said with their remedy."""
    text = turn.reading.text.strip("。.!！~～ ")
    try:
        if len(text) > LONGEST:
            return None
        if _SAVE.match(text):
            return save_case(turn) if talked_of(turn) else None
        if _wants_case(turn, text):
            return resume(turn, text)
        stands = _asks_where(turn, text)
        if stands is not None:
            return stands
        return _mark_word(turn, text)
    except Refused as refused:
        return refusal(turn, refused)


def _wants_case(turn: Turn, text: str) -> bool:
    """Whether the message asks to go on with a case, or where it stands; tickets are asked about with much the same words."""
    if _TICKETS.search(text) or not (_RESUME.search(text) or _STANDS.search(text)):
        return False
    if _RESUME.search(text):
        return True
    state = talked_of(turn)
    if state is not None and len(text) <= SHORT and open_case(turn, state["procedure"]) is not None:
        return True
    best = turn.parts.procedures.ranked(text)[0]
    return best.score >= LIKE and open_case(turn, best.procedure_id) is not None


def _asks_where(turn: Turn, text: str) -> Answer | None:
    """“换届到哪一步了” without a case of one's own to show: who can see it, and the way to the steps; None where a ticket may be meant."""
    if not _STANDS.search(text) or _TICKETS.search(text) or not _MATTERS.search(text) or turn.dialogue.get("ticket"):
        return None
    best = turn.parts.procedures.ranked(text)[0]
    if best.score < LIKE:
        return None
    member = member_of(turn.session, turn.conversation.id, turn.now)
    said = turn.words("case_not_begun", community=member.community, title=best.title) if member else turn.words("case_for_members")
    steps = Choice(turn.words("choice_steps_of", title=best.title), {"do": "guide", "procedure": best.procedure_id})
    return guide_answer(turn, Reply(said, choices=(steps, human(turn))))


def refusal(turn: Turn, refused: Refused) -> Answer:
    """A refusal in words."""
    return guide_answer(turn, Reply(f"{refused.reason}。{refused.remedy}", choices=(human(turn),)))


def member_or_why(turn: Turn) -> Member | Answer:
    """The member this conversation is, or the answer that says how one becomes it."""
    member = member_of(turn.session, turn.conversation.id, turn.now)
    if member is not None:
        return member
    near = turn.parts.procedures.find(turn.reading.text) if turn.meaning is None else None
    steps = (Choice(turn.words("choice_steps_of", title=near.title), {"do": "guide", "procedure": near.procedure_id}),) if near else ()
    return guide_answer(turn, Reply(turn.words("committee_not_member_chat"), choices=(*steps, human(turn))))


def desk_of(turn: Turn, member: Member) -> CaseDesk:
    """What the member does with cases in this turn's transaction."""
    return CaseDesk(turn.session, turn.parts.procedures, member, turn.now)


def open_case(turn: Turn, procedure_id: str) -> CommitteeCaseRow | None:
    """The estate's open case of the procedure, when the speaker is a member; else None."""
    member = member_of(turn.session, turn.conversation.id, turn.now)
    if member is None:
        return None
    rows = cases_of(turn.session, member.region, member.community)
    return next((row for row in rows if row.procedure == procedure_id), None)


def save_case(turn: Turn) -> Answer:
    """Keep the procedure talked of as the estate's case, with the dates told so far; strangers hear how one becomes a member."""
    state = talked_of(turn, ever=True)
    member = member_or_why(turn)
    if isinstance(member, Answer) or state is None:
        return member if isinstance(member, Answer) else resume(turn, "")
    desk = desk_of(turn, member)
    row = desk.open(state["procedure"])
    for event, day in state.get("events", {}).items():
        if event not in row.events:
            desk.set_event(row.id, event, date.fromisoformat(day))
    view = view_case(turn.session, turn.parts.procedures, row, turn.now)
    before = [step for step in view.steps if step.state == "todo" and state["n"] and step.n < state["n"]]
    lead = turn.words("case_saved", community=view.community, title=view.title)
    shown = show_case(turn, view, lead)
    if not before:
        return shown
    all_done = Choice(turn.words("choice_before_done", count=len(before)), {"do": "case_before", "case": row.id, "n": state["n"]})
    talk_of(turn, state["procedure"], state["n"])
    first = shown.replies[0]
    note = turn.words("case_before", count=len(before))
    return guide_answer(turn, Reply(f"{first.text}\n{note}", "card", (all_done, *first.choices), first.citations))


def resume(turn: Turn, text: str) -> Answer:
    """Go on with a case: the one named, the only one, or a choice of them; without membership the step this conversation was at."""
    member = member_of(turn.session, turn.conversation.id, turn.now)
    if member is None:
        return _resume_talk(turn)
    rows = cases_of(turn.session, member.region, member.community)
    ranked = {match.procedure_id: match.score for match in turn.parts.procedures.ranked(text)} if text else {}
    near = [row for row in rows if ranked.get(row.procedure, 0.0) >= LIKE]
    best = max(near, key=lambda row: ranked[row.procedure], default=None)
    if best is None and len(rows) == 1:
        best = rows[0]
    if best is not None:
        return show_case(turn, view_case(turn.session, turn.parts.procedures, best, turn.now))
    if not rows:
        return _resume_talk(turn)
    titles = dict(turn.parts.procedures.titles())
    choices = tuple(Choice(titles[row.procedure], {"do": "case", "case": row.id}) for row in rows[:6])
    return guide_answer(turn, Reply(turn.words("case_which", community=member.community, count=len(rows)), choices=choices))


def _resume_talk(turn: Turn) -> Answer:
    state = talked_of(turn, ever=True)
    if state is None or not state["n"]:
        return guide_answer(turn, Reply(turn.words("case_none"), choices=(human(turn),)))
    return step_at(turn, state["procedure"], state["n"], lead="guide_now")


def choose_case(turn: Turn, case_id: int) -> Answer:
    """A case chosen by its button."""
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    row = next((row for row in cases_of(turn.session, member.region, member.community) if row.id == case_id), None)
    if row is None:
        return guide_answer(turn, Reply(turn.words("case_none"), choices=(human(turn),)))
    return show_case(turn, view_case(turn.session, turn.parts.procedures, row, turn.now))


def show_case(turn: Turn, view: CaseView, lead: str = "") -> Answer:
    """Where a case stands, its next step, what is late, and which dates would help."""
    say, after = turn.words, view.next
    lines = [lead] if lead else []
    lines.append(say("case_stands", community=view.community, title=view.title, done=view.done, count=len(view.steps)))
    lines += [say("case_late", number=late.step.number, title=late.step.title, day=str(late.due)) for late in view.late]
    choices: list[Choice] = []
    if after is None:
        lines.append(say("case_all_done"))
    else:
        when = say("case_next_due", day=str(after.due)) if after.due else ""
        lines.append(say("case_next", number=after.step.number, title=after.step.title, who=after.step.who, when=when))
        if after.step.papers:
            lines.append(say("guide_papers", papers="、".join(after.step.papers)))
        choices.append(to_step(turn, view.procedure_id, after.step))
        choices.append(Choice(say("choice_step_done"), {"do": "step_done", "procedure": view.procedure_id, "n": after.n}))
    unknown = [name for _, name, day in view.events if day is None]
    if unknown and after is not None:
        lines.append(say("case_days_unknown", events="、".join(unknown)))
    talk_of(turn, view.procedure_id, after.n if after else view.steps[-1].n)
    return guide_answer(turn, Reply("\n".join(lines), "card", (*choices, human(turn))))


def step_done(turn: Turn, procedure_id: str, n: int, on: date | None = None) -> Answer:
    """A step is done: marked in the case when there is one, and the next step shown."""
    row = open_case(turn, procedure_id)
    if row is None:
        return _next_without_case(turn, procedure_id, n)
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    try:
        desk_of(turn, member).mark_step(row.id, StepDone(n, on or local_day(turn.now)))
    except Refused as refused:
        return refusal(turn, refused)
    view = view_case(turn.session, turn.parts.procedures, row, turn.now)
    marked = next(step for step in view.steps if step.n == n)
    lead = turn.words("case_marked", number=marked.step.number, title=marked.step.title, day=str(marked.done_on))
    return show_case(turn, view, lead)


def _next_without_case(turn: Turn, procedure_id: str, n: int) -> Answer:
    steps = turn.parts.procedures.guide(procedure_id, turn.region.id if turn.region else None).steps
    later = [step for step in steps if step.n > n]
    if not later:
        return guide_answer(turn, Reply(turn.words("guide_was_last"), choices=(human(turn),)))
    member = member_of(turn.session, turn.conversation.id, turn.now)
    answer = step_at(turn, procedure_id, later[0].n)
    if member is None:
        return answer
    first = answer.replies[0]
    return guide_answer(turn, Reply(f"{first.text}\n{turn.words('case_offer')}", first.kind, first.choices, first.citations))


def before_done(turn: Turn, case_id: int, n: int, on: date | None = None) -> Answer:
    """All steps of a case before `n` are done."""
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    try:
        row = next((row for row in cases_of(turn.session, member.region, member.community) if row.id == case_id), None)
        if row is None:
            return guide_answer(turn, Reply(turn.words("case_none")))
        desk = desk_of(turn, member)
        todo = [s for s in view_case(turn.session, turn.parts.procedures, row, turn.now).steps if s.state == "todo" and s.n < n]
        for step in todo:
            desk.mark_step(case_id, StepDone(step.n, on or local_day(turn.now)))
    except Refused as refused:
        return refusal(turn, refused)
    view = view_case(turn.session, turn.parts.procedures, row, turn.now)
    return show_case(turn, view, turn.words("case_many_marked", count=len(todo)))


def _mark_word(turn: Turn, text: str) -> Answer | None:
    done, undo, skip = _DONE.match(text), _UNDO.search(text), _SKIP.match(text)
    if not (done or undo or skip):
        return None
    state = talked_of(turn, ever=step_number(text) is not None)
    if state is None:
        return _which_done(turn) if done else None
    steps = turn.parts.procedures.guide(state["procedure"], turn.region.id if turn.region else None).steps
    number = step_number(text)
    named = next((step for step in steps if step.number == number), None) if number else None
    if number and named is None:
        return guide_answer(turn, Reply(turn.words("guide_no_such_step", count=len(steps))))
    n = named.n if named else state["n"] or steps[0].n
    if not done:
        return _unmark(turn, state["procedure"], next(step for step in steps if step.n == n), None if undo else skip)
    row = open_case(turn, state["procedure"])
    on = day_said(text, local_day(turn.now))
    many = _BEFORE.search(text)
    if many and row is not None:
        until = step_number(f"第{many[1]}步") if many[1] else None
        after = next((step.n for step in steps if until and step.number > until), None)
        return before_done(turn, row.id, after or (steps[-1].n + 1 if until else n), on)
    return step_done(turn, state["procedure"], n, on)


def _unmark(turn: Turn, procedure_id: str, step: Step, skip: re.Match[str] | None) -> Answer:
    """A step is not done after all, or need not be done (`skip` holds the reason)."""
    row = open_case(turn, procedure_id)
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    if row is None:
        return guide_answer(turn, Reply(turn.words("case_not_saved")))
    desk = desk_of(turn, member)
    if skip is None:
        desk.undo_step(row.id, step.n)
    else:
        desk.mark_step(row.id, StepDone(step.n, local_day(turn.now), note=skip[5].strip(), skipped=True))
    lead = turn.words("case_undone" if skip is None else "case_skipped", number=step.number)
    return show_case(turn, view_case(turn.session, turn.parts.procedures, row, turn.now), lead)


def _which_done(turn: Turn) -> Answer | None:
    """办完了 out of the blue (an answer to a reminder): which step, of the estate's open cases."""
    member = member_of(turn.session, turn.conversation.id, turn.now)
    rows = cases_of(turn.session, member.region, member.community) if member else []
    choices = []
    for row in rows[:6]:
        view = view_case(turn.session, turn.parts.procedures, row, turn.now)
        if view.next:
            title = turn.words("choice_done_of", title=view.title, step=view.next.step.title)
            choices.append(Choice(title, {"do": "step_done", "procedure": view.procedure_id, "n": view.next.n}))
    return guide_answer(turn, Reply(turn.words("case_which_done"), choices=tuple(choices))) if choices else None
