"""Going through a procedure by word: 下一步, 第三步是啥, 上一步, 这一步要什么材料, 要几天, 回到刚才的步骤."""

import re

from actions.answer import Answer, Reply
from actions.committee import cited, guide, guide_answer, human, step_at, talk_of, talked_of, to_step, unverified_lines
from actions.turn import Turn
from committee.procedures import Step
from understanding.numerals import SPOKEN, numeral

_NTH = re.compile(rf"第({'[' + SPOKEN + ']'}{{1,3}}|\d{{1,2}})步")
_NEXT = re.compile(
    r"^(那|好的?|行|嗯|然后|请问|可以了|知道了|明白了?)*(下一步|下步|再下一步|接下来|接着|后面|之后|往下|然后)"
    r"(是|要|该|呢|干|做|办|怎么|什么|啥|说|讲|走|吧|啊|呀|的|步骤|准备)*$"
)
_BACK = re.compile(r"^(那|回到?|返回|退回|看看?|再说一?[遍下])*(上一步|前一步|上步)(是|要|什么|啥|怎么|呢|来着|吧|啊|的|办|做)*$")
_AGAIN = re.compile(
    r"^(那|好的?|咱们?|我们?)*(继续(说|讲|办|往下)?|接着(说|讲|办)|(再)?说到哪儿?了?|刚才(说|讲)?(到|的)哪.{0,3}|(回到|返回)(刚才|前面|原来|办事|步骤).{0,6})(吧|啊|呢|了|的)*$"
)
_ALL = re.compile(r"^(那)?(一共|总共|全部|所有|都)?(有)?(几步|多少步|哪几步|哪些步骤|全部步骤|所有步骤)(呢|啊|要走)*$")
_SUBJECT = r"(?:那|请问|这|那个|这个|它|上面|刚才|我们?|大概|一般|都|总共|办|做|走|步骤?|第[0-9一二三四五六七八九十]{1,3}步|一步|环节|的|，|,|要|需要|得)*"  # noqa: E501 - one list of words
_TAIL = r"(?:呢|啊|吗|呀|吧|的|了|才行|来着|[？?])*$"
_PAPERS = re.compile(
    rf"^{_SUBJECT}(?:带|准备|交|提交|用|备)?(?:什么|哪些|啥|几样)(?:材料|资料|东西|文件|手续|证明|表)?(?:有|要|去)?{_TAIL}"
    rf"|^{_SUBJECT}(?:材料|资料|文件)(?:清单)?(?:是|有|要|都|包括)*(?:什么|哪些|啥)?{_TAIL}"
)
_DAYS = re.compile(
    rf"^{_SUBJECT}(?:几天|多久|多长时间|多少天|多少时间|(?:有)?(?:期限|时限|时间限制|截止时间?)(?:是|有|多|吗|没有|什么|啥)*|什么时候(?:办|交|之前|前|完成)*|最晚.{{0,6}}|最迟.{{0,6}})"
    rf"(?:能|办|完|好|下来|内|以内|办好|办完)*{_TAIL}"
)
_WHO = re.compile(
    rf"^{_SUBJECT}(?:谁(?:来|去)?(?:办|负责|做|牵头|管|弄)|找谁|找哪个(?:部门|单位)|归谁管?|去哪(?:里|儿)?(?:办|交|找)|该?由谁.{{0,4}}){_TAIL}"
)
_SOURCE = re.compile(
    rf"^{_SUBJECT}(?:有(?:什么|啥))?(?:依据|根据|出处|(?:哪|什么)(?:条|个)?(?:规定|法律|文件|条文)?(?:写|说|规定)的?)(?:是|在|有|什么|哪|啥|里)*{_TAIL}"
)

LONGEST = 40  # a longer message is no mere word about a step


def step_word(turn: Turn) -> Answer | None:
    """The answer to a word about the steps of the procedure talked of; None when the message is none."""
    text = turn.reading.text.strip("。.!！?？~～ ")
    plainly = (_NTH.search(text) and len(text) <= 12) or _AGAIN.match(text)
    if len(text) > LONGEST:
        return None
    state = talked_of(turn) or (talked_of(turn, ever=True) if plainly else None)
    if state is None:
        return None
    steps = turn.parts.procedures.guide(state["procedure"], turn.region.id if turn.region else None).steps
    at = next((i for i, step in enumerate(steps) if step.n == state["n"]), -1)
    named = _named(text, steps)
    detail = _detail(turn, text, state["procedure"], steps, named if named is not None else at)
    if detail is not None:
        return detail
    if named is not None and len(text) <= 14:
        return step_at(turn, state["procedure"], steps[named].n)
    if _ALL.match(text):
        return guide(turn, state["procedure"])
    goal = _goal(text, at, len(steps))
    if goal is None:
        return too_far(turn, len(steps)) if _NTH.search(text) and len(text) <= 10 else None
    if goal >= len(steps):
        return guide_answer(turn, Reply(turn.words("guide_was_last"), choices=(human(turn),)))
    return step_at(turn, state["procedure"], steps[max(goal, 0)].n)


def step_number(text: str) -> int | None:
    """The number of a step named in the text (第三步 → 3), or None."""
    match = _NTH.search(text)
    if match is None:
        return None
    said = numeral(match[1])
    return int(said) if said is not None else None


def _named(text: str, steps: list[Step]) -> int | None:
    number = step_number(text)
    return number - 1 if number is not None and 1 <= number <= len(steps) else None


def too_far(turn: Turn, count: int) -> Answer:
    """There is no such step."""
    return guide_answer(turn, Reply(turn.words("guide_no_such_step", count=count)))


def _goal(text: str, at: int, count: int) -> int | None:
    if _NEXT.match(text):
        return at + 1
    if _BACK.match(text):
        return max(at - 1, 0)
    if _AGAIN.match(text):
        return max(at, 0)
    return None


def _detail(turn: Turn, text: str, procedure: str, steps: list[Step], at: int) -> Answer | None:
    """One side of a step: its papers, its time, who, by which source."""
    step = steps[max(at, 0)]
    if _PAPERS.match(text):
        said = turn.words("guide_papers", papers="、".join(step.papers)) if step.papers else turn.words("guide_no_papers")
    elif _DAYS.match(text):
        said = turn.words("guide_when", deadline=step.deadline) if step.deadline else turn.words("guide_no_deadline")
    elif _WHO.match(text):
        said = turn.words("guide_who", who=step.who)
    elif _SOURCE.match(text):
        said = step.source_text
    else:
        return None
    talk_of(turn, procedure, step.n)
    lead = turn.words("guide_of_step", number=step.number, title=step.title)
    lines = [lead, said] if said == step.source_text or not step.source_text else [lead, said, step.source_text]
    lines += unverified_lines(turn, step)
    choices = [to_step(turn, procedure, s) for s in steps if s.number == step.number + 1]
    shown = to_step(turn, procedure, step, "choice_step_back")
    reply = Reply("\n".join(lines), kind="card", choices=(shown, *choices, human(turn)), citations=cited([step]))
    return guide_answer(turn, reply)
