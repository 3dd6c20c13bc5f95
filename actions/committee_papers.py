"""Papers from chat: 帮我写会议通知 → which one, what is known comes from the case or the vote, the rest is asked, then the links.

Only for members. Kept in `turn.dialogue["paper"]`: kind, fields, asking (the field asked for), skipped, at.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.committee import guide_answer, human, talked_of
from actions.committee_cases import member_or_why, refusal
from actions.committee_votes import told_vote
from actions.turn import Turn
from committee.members import Member
from committee.paper_drafts import keep_paper
from committee.paper_fields import estate_fields, vote_fields
from committee.paper_file import PaperFile, read_papers
from committee.paper_words import fields_said, papers_meant, value_of
from committee.papers import MEDIA_TYPES, PaperKind, make_paper, paper_kinds
from committee.votes import count_vote
from config.refusal import Refused

RECENT = timedelta(hours=2)
_WRITE = re.compile(
    r"写|起草|拟|生成|做(一?[份张个]|个|成)|出(一?[份张个]|个)|弄(一?[份张个]|个)|打印|来(一?[份张]|个)|要(一?[份张])|给我(一?[份张]|个)|填|模板|范本|样本|格式"
)
_WHICH = re.compile(r"(写|起草|拟|生成|做).{0,3}(文书|通知|公示|公告|申请|文件|材料)|文书")
_MAKE = re.compile(
    r"^(就|那|好|先|可以|行|直接|其他的?|剩下的?|其余的?|都|，|,)*(这样|这么(写|出)|出(吧|文书|文件|来|稿)?|生成|不填了|留空|空着|写好了|够了|没了|出文书|做出来)(吧|了|就行|就好|出吧)*$"
)
_SKIP = re.compile(
    r"^(这[个项]?|先|就|我)*(跳过|略过|不知道|没有|不清楚|还没定|没定|空着|下一[个项]|不填|以后再填|待定|再说)(这[个项]|吧|了|呢)*$"
)
_STOP = re.compile(r"^(先)?(不写了|取消|算了|不要了|不弄了|退出)(吧|了)*$")
QUESTION = re.compile(r"[?？]|吗|怎么|如何|多少|为什么|能不能|是不是|可不可以|什么时候|哪里|哪儿|啥|呢$")
ASKS = {"ask_policy", "guide_committee", "ask_vote", "ask_status", "chase_ticket", "ask_ability"}
SURE, CERTAIN = 0.6, 0.95


def paper_word(turn: Turn) -> Answer | None:
    """A wish for a paper, or the answer to what a paper being written needs; None when the message is neither."""
    text = turn.reading.text.strip()
    state = _writing(turn)
    if state is not None:
        answer = _go_on(turn, state, text)
        if answer is not None:
            return answer
    is_report = turn.intent in {"report_repair", "report_complaint"} and (turn.confidence or 0.0) >= SURE
    if not _WRITE.search(text) or len(text) > 40 or is_report:
        return None
    kinds = papers_meant(text, turn.region.id if turn.region else None)
    if not kinds and not ("文书" in text or (talked_of(turn) and _WHICH.search(text))):
        return None
    if len(kinds) == 1:
        return start_paper(turn, kinds[0].id)
    return _which(turn, kinds)


def _which(turn: Turn, kinds: list[PaperKind]) -> Answer:
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    offered = kinds or paper_kinds(member.region)
    choices = tuple(Choice(kind.title, {"do": "paper", "paper": kind.id}) for kind in offered)
    return guide_answer(turn, Reply(turn.words("paper_which"), choices=choices))


def start_paper(turn: Turn, kind: str) -> Answer:
    """Begin a paper with all that is known, and ask the first field that is not."""
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    paper = read_papers().get(kind)
    if paper is None or kind not in {k.id for k in paper_kinds(member.region)}:
        return guide_answer(turn, Reply(turn.words("paper_not_here"), choices=(human(turn),)))
    known = _known(turn, member, kind)
    fields = known | fields_said(paper, turn.reading.text if turn.meaning is None else "")
    state: dict[str, Any] = {"kind": kind, "fields": fields, "asking": None, "skipped": [], "at": turn.now.isoformat()}
    taken = [f"{paper.fields[name]}：{value}" for name, value in known.items() if value and name not in paper.lists]
    lead = turn.words("paper_begun", title=paper.title, first=_example(paper), second=_example(paper, 3))
    if taken:
        lead += "\n" + turn.words("paper_known", fields="；".join(taken))
    return _ask(turn, state, paper, lead)


def finish_paper(turn: Turn) -> Answer:
    """Make the paper with what there is."""
    state = _writing(turn) or turn.dialogue.get("paper")
    if not isinstance(state, dict):
        return guide_answer(turn, Reply(turn.words("paper_none")))
    return _made(turn, state, read_papers()[state["kind"]])


def skip_field(turn: Turn) -> Answer:
    """Leave the field asked for blank."""
    state = _writing(turn)
    if state is None or not state["asking"]:
        return guide_answer(turn, Reply(turn.words("paper_none")))
    state = {**state, "skipped": [*state["skipped"], state["asking"]]}
    return _ask(turn, state, read_papers()[state["kind"]], "")


def _writing(turn: Turn) -> dict[str, Any] | None:
    state = turn.dialogue.get("paper")
    if not isinstance(state, dict) or turn.now - datetime.fromisoformat(state["at"]) > RECENT or state["kind"] not in read_papers():
        return None
    return state


def _go_on(turn: Turn, state: dict[str, Any], text: str) -> Answer | None:
    """The turn of a paper being written; None when the message is another matter (the paper waits)."""
    paper = read_papers()[state["kind"]]
    bare = text.strip("。.!！~～ ")
    if _STOP.match(bare) and state["asking"]:
        turn.dialogue.pop("paper", None)
        return guide_answer(turn, Reply(turn.words("paper_dropped", title=paper.title)))
    if state["asking"] and _MAKE.match(bare):
        return _made(turn, state, paper)
    if state["asking"] and _SKIP.match(bare):
        return skip_field(turn)
    said = fields_said(paper, text)
    if said:
        state = {**state, "fields": {**state["fields"], **said}}
        lead = turn.words("paper_taken", fields="、".join(paper.fields[name] for name in said))
        return _ask(turn, state, paper, lead) if state["asking"] else _made(turn, state, paper, lead)
    if not state["asking"] or (_WRITE.search(text) and papers_meant(text, None)):
        return None
    if _is_another_matter(turn, text, is_list=state["asking"] in paper.lists):
        return None
    value = value_of(paper, state["asking"], text)
    lead = "" if isinstance(value, list) else turn.words("paper_value", field=paper.fields[state["asking"]], value=value)
    return _ask(turn, {**state, "fields": {**state["fields"], state["asking"]: value}}, paper, lead)


def _is_another_matter(turn: Turn, text: str, *, is_list: bool) -> bool:
    """Whether the message is no value of the field asked for: a question, the wish for a person, a plain report of a fault."""
    confidence = turn.confidence or 0.0
    if turn.intent == "ask_human":
        return confidence >= SURE
    if turn.intent in ASKS:
        return confidence >= SURE and bool(QUESTION.search(text))
    return turn.intent == "report_repair" and confidence >= CERTAIN and not is_list


def _ask(turn: Turn, state: dict[str, Any], paper: PaperFile, lead: str) -> Answer:
    """Ask the first field that is neither known nor skipped; when none is left, make the paper."""
    open_ones = [name for name in paper.used_fields() if not state["fields"].get(name) and name not in state["skipped"]]
    if not open_ones:
        return _made(turn, state, paper)
    name = open_ones[0]
    turn.dialogue["paper"] = {**state, "asking": name, "at": turn.now.isoformat()}
    key = "paper_ask_list" if name in paper.lists else "paper_ask"
    columns = " | ".join(heading for _, heading, _ in paper.lists[name].columns) if name in paper.lists else ""
    asked = turn.words(key, field=paper.fields[name], left=len(open_ones), columns=columns)
    choices = (Choice(turn.words("choice_skip_field"), {"do": "paper_skip"}), Choice(turn.words("choice_make_paper"), {"do": "paper_make"}))
    return guide_answer(turn, Reply(f"{lead}\n{asked}".strip(), choices=choices))


def _made(turn: Turn, state: dict[str, Any], paper: PaperFile, lead: str = "") -> Answer:
    """The links, what stays blank, and how to change it."""
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    try:
        token = keep_paper(turn.session, member, paper.id, state["fields"], turn.now)
        made = make_paper(paper.id, state["fields"], "docx")
    except Refused as refused:
        return refusal(turn, refused)
    turn.dialogue["paper"] = {**state, "asking": None, "at": turn.now.isoformat()}
    lines = [lead] if lead else []
    lines.append(turn.words("paper_made", title=paper.title))
    if made.missing:
        lines.append(turn.words("paper_missing", fields="、".join(made.missing)))
    lines.append(turn.words("paper_change", field=_example(paper)))
    base = f"/committee/kept/{token}"
    links = [
        ("docx", f"{base}.docx", "paper_link_docx"),
        ("pdf", f"{base}.pdf", "paper_link_pdf"),
        ("pdf", f"{base}.pdf?notes=off", "paper_link_bare"),
    ]
    replies = [Reply("\n".join(lines), choices=(human(turn),))]
    for form, url, words in links:
        document = {"title": turn.words(words, title=paper.title), "url": url, "media_type": MEDIA_TYPES[form]}
        replies.append(Reply(turn.words(f"{words}_about"), kind="document", document=document))
    return guide_answer(turn, *replies)


def _known(turn: Turn, member: Member, kind: str) -> dict[str, Any]:
    """What the estate's cases and ledger and the vote talked of know of this paper's fields."""
    known = estate_fields(turn.session, turn.parts.procedures, member, kind, turn.now)
    talk = told_vote(turn)
    if kind == "vote_sheet" and talk is not None:
        known |= {name: value for name, value in vote_fields(talk.facts, count_vote(talk.facts), member.community).items() if value}
    return known


def _example(paper: PaperFile, place: int = 2) -> str:
    """The label of a field one can tell or change in a sentence, to name as an example."""
    names = [name for name in paper.used_fields() if name not in paper.lists and name != "estate"]
    return re.sub(r"（.*?）", "", paper.fields[names[min(place, len(names) - 1)]])
