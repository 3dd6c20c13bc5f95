"""Provisions found by rule in a plan's text: every sentence that says something, and every number in it with what it measures.

The answer is always a run of the quotation, at most with the heading before it, so that it can state no number the text does not hold.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, get_args

from knowledge.numbers import numbers_held
from knowledge.plan import Plan, squeezed
from knowledge.provisions import Form, Kind, Provision, Value, faults_against
from knowledge.read_question import FORMS, forms_in, years_in
from knowledge.texts import SENTENCE, UNSAID, Sentence

Modality = Literal["must", "may", "must_not", "target", "encourage"]
_HAN = "一二两三四五六七八九十百千半"
_NUM = rf"\d+(?:\.\d+)?|[{_HAN}]+"
_UNITS = (
    "个工作日|工作日|个小时|小时|分钟|个月|周岁|年|月|天|日|周|%|％|个百分点|亿元|万元|元|万平方米|平方米|立方米|米|公里|公斤|吨|"
    "倍|次|部|处|套|户|家|名|人|分|台|件|项|只|倍"
)
_TIMES = ("工作日", "小时", "分钟", "月", "天", "日", "周", "年")
_AT_MOST = "不超过|不得超过|不高于|不大于|至多|最多|最长不超过|控制在|缩短至|缩短到|压缩至|降至|降到|低于|小于|不足|少于"
_AT_LEAST = "不少于|不低于|不得少于|不得低于|至少|达到|提高到|提高至|提升至|提升到|超过|高于|大于|多于"
_VALUE = re.compile(rf"(?P<how>{_AT_MOST}|{_AT_LEAST})?(?P<n>{_NUM})(?P<unit>{_UNITS})(?P<after>之?内|以内|以上|以下|前)?")
_OFTEN = re.compile(rf"每(?P<every>半年|季度|年度?|个?月|周|日|天|两年|三年|[{_HAN}\d]+[年月天])(?:度)?(?:至少|不少于|开展|组织|召开)?")
_BY = re.compile(r"^(?:到|至|截至)?20\d\d年(?:\d{1,2}月)?(?:底|末)?(?:以?前)?")
_WHO = re.compile(r"^[（(].*(?:负责|牵头|责任|配合|落实|分工)|(?:责任单位|牵头单位|配合单位|牵头部门)[：:]|(?:牵头|具体)负责")
_INSIDE = r"(?:[^（()）]|[（(][^（()）]*[）)])*"
_WHO_WHOLE = re.compile(rf"([（(]{_INSIDE}(?:负责|责任单位[：:]|牵头单位[：:]|配合单位[：:]){_INSIDE}[）)]。?)")
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("consequence", re.compile(r"罚款|处罚|责令|追究|撤销|吊销|通报批评|约谈|没收|降低信用|列入.{0,6}名单")),
    ("prohibition", re.compile(r"不得|严禁|禁止|不准|不允许")),
    ("support", re.compile(r"补贴|补助|奖补|奖励|扶持|资助|减免|优惠")),
    ("term", re.compile(r"是指|本办法所称|本条例所称|本方案所称")),
    ("right", re.compile(r"有权|可以|享有")),
    ("list", re.compile(r"包括|分为|以下|下列")),
    ("procedure", re.compile(r"程序|流程|步骤|申请.{0,20}(?:审核|审查|公示)|备案")),
)  # fmt: skip
_MODAL: tuple[tuple[Modality, re.Pattern[str]], ...] = (
    ("must_not", re.compile(r"不得|严禁|禁止|不准")), ("encourage", re.compile(r"鼓励|支持|引导|倡导|提倡|探索")),
    ("may", re.compile(r"可以|有权")), ("target", re.compile(r"力争|达到|实现|目标|到20\d\d年")),
)  # fmt: skip
_SUBJECT = re.compile(r"^(?P<who>[\u4e00-\u9fa5（）()、]{2,24}?)(?:应当|应|必须|要|须|不得|可以|有权|负责)")
_LEADING = re.compile(
    r"^(?:[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、]|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十百零]+条)"
)
_JOINING = re.compile(r"^(?:并|且|应当|应|须|要|必须|在|于|将|对|确保|力争|实现|其中|各|由|按照?|自|到|至|以|为)+")
_ASKS_OF: dict[str, str] = {
    "deadline": "{}多长时间", "frequency": "{}多久一次", "number": "{}是多少", "target": "{}要达到多少", "responsible": "{}谁负责",
    "prohibition": "{}可以吗", "consequence": "{}怎么处罚", "support": "{}有什么补贴", "right": "{}可以做什么", "list": "{}包括哪些",
    "procedure": "{}怎么办理", "term": "{}是什么意思", "duty": "{}怎么规定",
}  # fmt: skip
_DATE = re.compile(r"(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?")
_IN_BRACKETS = re.compile(r"^[（(](.*)[）)]。?$")
_LABEL = re.compile(rf"^(?:[（(]?[一二三四五六七八九十\d]{{1,3}}[）)、.．])?({'|'.join(w for ws in FORMS.values() for w in ws)})[：:]")
_UNFINISHED = re.compile(r"(?:的|时|后|前|底|末|起|20\d\d年)$")
_FEW, _SHORTEST, _SHORTEST_ANSWER, _LONGEST_NAME, _HEADING = 4, 7, 8, 20, 24
Found = tuple[Kind, str, str, tuple[Value, ...]]  # kind, attribute, answer, values


def provisions_of(plan: Plan) -> list[Provision]:
    """The provisions of a plan by rule, in the order of the text; each is borne by it (none states a number its quotation lacks)."""
    found: list[Provision] = []
    label, clause = "", ""
    for sentence in _sentences(plan):
        if sentence.clause == "引言" or _LEADING.sub("", sentence.text).strip("。；;") == _LEADING.sub("", plan.heading(sentence.clause)):
            continue
        named = _LABEL.match(sentence.text)
        label = named[1] if named else label if sentence.clause == clause else ""
        clause = sentence.clause
        heading = _short(plan.heading(clause))
        for rule in _rules(sentence, heading):
            made = _made(plan, f"r{len(found) + 1}", sentence, rule, (heading, label))
            if not faults_against(plan, made):
                found.append(made)
    return found


def _sentences(plan: Plan) -> Iterator[Sentence]:
    """The sentences of a plan as for searching, but a bracket that says who is responsible stays whole."""
    for clause in plan.clauses.values():
        if clause.id not in UNSAID:
            for paragraph in clause.text.split("\n"):
                for place, piece in enumerate(_WHO_WHOLE.split(paragraph)):
                    cut = [piece] if place % 2 else [s for s in SENTENCE.findall(piece) if len(_LEADING.sub("", s.strip())) >= _SHORTEST]
                    yield from (Sentence(clause.id, s.strip()) for s in cut)


def _rules(sentence: Sentence, heading: str) -> Iterator[Found]:
    """The rules of a sentence: who is responsible, or the sentence itself and then each number in it."""
    text = _LEADING.sub("", sentence.text)
    if _WHO.search(text):
        yield "responsible", heading, _IN_BRACKETS.sub(r"\1", text), ()
        return
    numbers = list(_numbers(text, heading))
    if len(numbers) != 1:
        yield _kind(text), heading, text, ()
    yield from numbers


def _numbers(text: str, heading: str) -> Iterator[Found]:
    pieces = _pieces(text)
    for place, piece in enumerate(pieces):
        values = tuple(_values(piece, heading))
        if not values:
            continue
        answer = piece
        if _UNFINISHED.search(piece) and place + 1 < len(pieces):
            answer = f"{piece}，{pieces[place + 1]}"
        elif len(answer) < _SHORTEST_ANSWER and place:
            answer = f"{pieces[place - 1]}，{piece}"
        if squeezed(answer.replace("，", "")) not in squeezed(re.sub("[，,；;]", "", text)):
            continue
        every = _OFTEN.search(piece)
        kind: Kind = "frequency" if every else "deadline" if values[0].unit.endswith(_TIMES) else "number"
        if kind == "number" and (values[0].unit in "%％" or re.search(r"实现|达到|力争|完成", piece)):
            kind = "target"
        yield kind, values[0].name, answer.strip("，,。；;"), values


def _pieces(text: str) -> list[str]:
    """A sentence between its commas."""
    return [p for p in re.split(r"[，,。；;]", text) if p]


def _values(piece: str, heading: str) -> Iterator[Value]:
    if every := _OFTEN.search(piece):
        name = _name(piece[: every.start()] or piece[every.end() :], heading)
        yield Value(name=name, comparator="=", value=every["every"], unit="每次间隔")
    dates = [d.span() for d in _DATE.finditer(piece)]
    for found in _VALUE.finditer(piece):
        if any(start <= found.start("n") < end for start, end in dates):
            continue
        number = _number(found["n"], found["unit"], piece[found.end() :])
        around_the_clock = found["n"] == "24" and found["unit"] == "小时" and not found["how"] and not found["after"]
        of_every = every and found.start() <= every.end() and found["unit"] in ("年", "月", "天", "周", "日")
        if number is None or around_the_clock or of_every:
            continue
        dated = found["unit"] == "年" and len(found["n"]) == 4
        name, how = _name(piece[: found.start()], heading), "<=" if dated else _comparator(found)
        yield Value(name=name, comparator=how, value=number, unit="年底" if dated else found["unit"])


def _number(said: str, unit: str, after: str) -> float | int | str | None:
    """A number as digits; None for what only looks like one (一次性, 2026年, 三项制度)."""
    if unit == "年" and re.fullmatch(r"(?:19|20)\d\d", said) and not after.startswith(("底", "末", "前")):
        return None
    if not said[0].isdigit() and (unit in ("项", "次", "家", "人", "分", "处", "日", "月", "件", "名") and said in "一两三百半"):
        return None
    held = next(iter(numbers_held(said)), None)
    return None if held is None else float(held) if "." in held else int(held)


def _comparator(found: re.Match[str]) -> str:
    how, after = found["how"] or "", found["after"] or ""
    if how in _AT_MOST.split("|") or after in ("内", "之内", "以内", "以下", "前"):
        return "<="
    return ">=" if how in _AT_LEAST.split("|") or after == "以上" else "="


def _name(before: str, heading: str) -> str:
    """What a number measures: the words before it in its piece of the sentence, else the heading."""
    name = re.split(r"[：:“”（）()、]", _BY.sub("", _OFTEN.sub("", before)))[-1]
    name = re.sub(rf"(?:{_AT_MOST}|{_AT_LEAST}|时间为|为|是|在|等|约)$", "", _JOINING.sub("", name))
    name = re.sub(r"^[\d.%]*[个次]?", "", name[-_LONGEST_NAME:])
    return name if len(name) >= _FEW else f"{heading}{name}"


def _kind(text: str) -> Kind:
    return next((kind for kind, shape in _KINDS if shape.search(text)), "duty")


def _short(heading: str) -> str:
    """A heading without its numeral, short enough to stand before a sentence."""
    return _LEADING.sub("", heading)[:_HEADING]


def _made(plan: Plan, name: str, sentence: Sentence, rule: Found, above: tuple[str, str]) -> Provision:
    (kind, attribute, answer, values), (heading, label) = rule, above
    who = _SUBJECT.match(_LEADING.sub("", sentence.text))
    forms, years = forms_in(label), years_in(answer)
    form: Form | None = next((f for f in get_args(Form) if forms == (f,)), None)
    lead, support = _units(sentence.text) if kind == "responsible" else ((), ())
    said = answer if not label or label in answer else f"{label}：{answer}"
    return Provision(
        plan=plan.id, id=name, clause=sentence.clause, quote=sentence.text, kind=kind, subject=who["who"] if who else "",
        modality=next((m for m, shape in _MODAL if shape.search(sentence.text)), "must"),
        asks=tuple(dict.fromkeys(a for a in (attribute, heading) if a)) or (sentence.clause,), answer=said, values=values,
        property_form=form, year=years[0] if len(years) == 1 and kind in ("target", "number") else None,
        lead_units=lead, support_units=support, questions=(_ASKS_OF[kind].format(attribute or heading),),
    )  # fmt: skip


def _units(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lead and support units named in a sentence of responsibility."""
    marked = re.split(r"(责任单位|牵头单位|牵头部门|配合单位|配合部门)[：:]", text.strip("（）()。"))
    pairs = dict(pairwise(marked))
    lead = pairs.get("责任单位") or pairs.get("牵头单位") or pairs.get("牵头部门") or (marked[0] if len(marked) == 1 else "")
    support = pairs.get("配合单位") or pairs.get("配合部门") or ""
    return _listed(lead), _listed(support)


def _listed(said: str) -> tuple[str, ...]:
    cut = re.sub(r"(?:按(?:照)?职[能责].*|分别负责.*|负责.*|牵头.*|配合.*|[；;，,]以下.*)$", "", said)
    return tuple(u.strip("；;。 ") for u in re.split(r"[、，,；;]", cut) if 1 < len(u.strip("；;。 ")) <= 24)
