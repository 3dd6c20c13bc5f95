"""Where an estate stands in a procedure, in people's own words: “还没找社区”, “筹备组成立了，还没发通知”."""

import re

from committee.procedure_file import StepEntry

_NOT_YET = re.compile(r"还没|还未|没有|没|未|不知道|尚未|准备|打算|正要|正在|马上|怎么")
_DONE = re.compile(r"了|刚(?!想|开始)|可以|完|好|已|过|有了|拿到|通过")
_NOTHING = re.compile(
    r"(什么|啥)都(还)?没|(刚|才)(刚)?(想|开始|起步)|从头|(第一次|头一回)(弄|办|听说)|还没(开始|动|办|弄|搞)|没(开始|动)呢?"
    r"|一步(都)?没|(啥|什么)也没|还没.{0,4}(社区|街道|居委会|住建)|没找过?(社区|街道|居委会|住建)"
)
_CLAUSE = re.compile(r"[，,。；;！!？?、]|但是?|不过|可是|就是|然后")
_HOW = re.compile(r"怎么.?|咋.?|怎样|如何")  # asks what to do, names no step
_LEAST = 2  # characters of a title that must be said


def next_of(text: str, steps: tuple[StepEntry, ...], here: list[int]) -> int | None:
    """The number (in the file) of the step that is next by what was said; None when nothing of the procedure was told.

    `here`: the numbers of the steps that hold in the region, in order. What is not done yet decides before what is done.
    """
    if not here:
        return None
    if _NOTHING.search(text):
        return here[0]
    done: list[int] = []
    for clause in _CLAUSE.split(text):
        n = _step_said(clause, [step for step in steps if step.n in here])
        if n is None:
            continue
        if _NOT_YET.search(clause):
            return n
        if _DONE.search(clause):
            done.append(n)
    if not done:
        return None
    after = [n for n in here if n > max(done)]
    return after[0] if after else here[-1]


def _step_said(clause: str, steps: list[StepEntry]) -> int | None:
    """The step a clause speaks of: by the words of its stage, else by the longest run of a title that no other title shares."""
    for step in reversed(steps):
        if step.stage and any(re.search(word, clause) for word in step.stage.words):
            return step.n
    runs = {step.n: _run(step.title, _HOW.sub("", clause)) for step in steps}
    best = max(runs.values(), default=0)
    named = [n for n, length in runs.items() if length == best]
    return named[0] if best >= _LEAST and len(named) == 1 else None


def _run(title: str, clause: str) -> int:
    """The length of the longest run of the title that stands in the clause."""
    longest = 0
    for start in range(len(title)):
        while title[start : start + longest + 1] in clause and start + longest < len(title):
            longest += 1
    return longest
