"""Votes in conversation: figures given over several turns and corrected; what is missing is asked for, the result said exactly.

Kept in `turn.dialogue["vote"]`: the record of committee.vote_talk with `at` and `ticket` (the last ticket then).
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.committee import guide_answer, talked_of
from actions.committee_cases import member_or_why
from actions.draft import draft_record
from actions.turn import Turn
from committee.members import member_of, open_desk
from committee.reading_votes import counts_silence, figures_said
from committee.vote_roles import ROLES
from committee.vote_talk import VoteTalk, first_missing, hear, talk_of
from committee.votes import count_vote, read_vote, vote_rule
from committee.voting_rules import matter_of, voting_rules
from knowledge.finding import Citation

RECENT = timedelta(hours=2)
REPORTS, SURE = {"report_repair", "report_complaint", "report_emergency"}, 0.6
LIKE, NEXT_TO, STEPS_OFFERED = 0.3, 0.12, 2  # so like a procedure must a question be for its steps to be offered
_RESULT = re.compile(
    r"^(那|这|现在|这样|这次|按这个|算下来|结果|到底|我们?)*(能|算|可以)?(不能|不)?(通过|过)(了|吗|没有?|不了|得了|呢|不|啊)*$|^(结果|差多少|还差(多少|什么|几户))(呢|是什么|啊|怎么样)*$"
)
_AGAIN = re.compile(r"(重新|从头|另外|再)(算|来)(一个|一次|一遍|过|别的)?|换一个(表决|事项|算)")
_TELLS = re.compile("|".join(ROLES.values()))
_UNIT = re.compile(r"[户票㎡%％]|平方|平米|\d平|万平|[一二三四五六七八九]分之|面积")
_BALLOTS = re.compile(
    r"(?i)(表决票|选票|票单|投票结果|票).{0,8}(excel|xlsx|csv|表格|清单|名单|电子表).{0,8}(怎么|咋|上传|传|导|发给?你|放|算|计|统计|检查)"
    r"|(上传|传|导入|发给?你|检查|核对).{0,8}(表决票|选票|票单|投票).{0,6}(清单|表格?|excel|xlsx|csv|名单|结果)?$"
    r"|(一份|有个?|这个?|一张)(excel|xlsx|csv|表格).{0,8}(表决|票)"
)
_CORRECTING = re.compile(r"不对|应该是|错了|说错|改成|改为|不是[^，,。是]{1,12}(?=[，,]?是)")
_ONLY_NUMBER = re.compile(r"^[\d零一二两三四五六七八九十百千万亿.,，点户票人平方米㎡、和是有共约大概的了吧啊嗯 ]{1,20}$")


def answer_vote(turn: Turn) -> Answer:
    """A vote is asked about: judged with all that was told; without any figure the rule, and the first figures are asked for."""
    text = turn.reading.text
    earlier = _earlier(turn)
    talk = hear(earlier, text) if earlier is not None and not _is_new(text) else None
    if talk is None:
        facts = read_vote(text)
        heard = hear(VoteTalk(asking="total"), text)
        talk = VoteTalk(facts, heard.last if heard else ()) if facts is not None else heard if heard and heard.last else None
    return _judged(turn, talk) if talk is not None else say_rule(turn)


def say_rule(turn: Turn) -> Answer:
    """The rule for the matter of the message: how many must take part and agree, the steps it belongs to, and how to have it counted."""
    text = turn.reading.text
    matter = matter_of(text)
    rule = vote_rule(text)
    start = VoteTalk(asking="total")
    _keep(turn, replace(start, facts=replace(start.facts, matter=matter)))
    human = Choice(turn.words("choice_human"), {"do": "human"})
    said = "\n".join([*rule.lines, turn.words("vote_how_bit_by_bit")])
    return guide_answer(turn, Reply(said, choices=(*_steps_of(turn, text), human), citations=(Citation(**rule.citation),)))


def _steps_of(turn: Turn, text: str) -> list[Choice]:
    """Buttons to the procedures a question of voting touches; to the meeting and its vote when it touches none."""
    ranked = turn.parts.procedures.ranked(text)[:STEPS_OFFERED]
    near = [one for one in ranked if one.score >= max(LIKE, ranked[0].score - NEXT_TO)]
    titles = dict(turn.parts.procedures.titles())
    meant = [one.procedure_id for one in near] or ["general_meeting"]
    return [Choice(turn.words("choice_steps_of", title=titles[one]), {"do": "guide", "procedure": one}) for one in meant]


def told_word(turn: Turn) -> Answer | None:
    """All figures of a vote told at once, whatever the message was taken for; None for anything less."""
    place = turn.reading.place
    if turn.reading.phones or place.building or place.unit or not _is_new(turn.reading.text):
        return None
    return answer_vote(turn)


def vote_word(turn: Turn) -> Answer | None:
    """A message that goes on with the vote talked of: a figure, a correction, the matter, “过了吗”; None when it does not."""
    earlier = _earlier(turn)
    text = turn.reading.text.strip("。.!！?？~～ ")
    if earlier is None:
        return None
    if _AGAIN.search(text) and len(text) <= 16:
        _keep(turn, VoteTalk(asking="total"))
        return guide_answer(turn, Reply(turn.words("vote_how_bit_by_bit")))
    if _RESULT.match(text):
        return _judged(turn, earlier)
    if not _goes_on(turn, earlier, text):
        return None
    if _is_new(text):
        return answer_vote(turn)
    if counts_silence(text) and earlier.facts.heads.is_empty() and earlier.facts.area.is_empty() and not figures_said(text):
        return say_rule(turn)  # nothing is counted yet: it is asked whether it may be
    talk = hear(earlier, text)
    return _judged(turn, talk) if talk is not None else None


def _goes_on(turn: Turn, earlier: VoteTalk, text: str) -> bool:
    """Whether the message can be about the vote: no address, no fault, and words or numbers of a vote."""
    place, guesses = turn.reading.place, turn.reading.categories
    if turn.reading.phones or place.building or place.unit:
        return False
    if counts_silence(text):
        return True
    if not figures_said(text) and turn.intent in REPORTS and (turn.confidence or 0.0) >= SURE:
        return earlier.asking == "matter" and matter_of(text) is not None
    if not figures_said(text):
        return earlier.asking == "matter" or (matter_of(text) is not None and earlier.facts.matter is None) or "同意" in text
    only_number = bool(_ONLY_NUMBER.match(_CORRECTING.sub("", text)))
    told = bool(_TELLS.search(text) or _UNIT.search(text))
    if guesses and guesses[0].confidence >= 0.6 and not _TELLS.search(text) and not only_number:
        return False
    return told or only_number or bool(_CORRECTING.search(text))


def _earlier(turn: Turn) -> VoteTalk | None:
    record = turn.dialogue.get("vote")
    if not isinstance(record, dict) or turn.now - datetime.fromisoformat(record["at"]) > RECENT:
        return None
    return talk_of(record) if record.get("ticket") == turn.dialogue.get("ticket") else None


def _is_new(text: str) -> bool:
    """A sentence that tells all, taking part and agreeing at once begins another vote."""
    facts = read_vote(text)
    return facts is not None and None not in (facts.heads.total, facts.heads.took_part, facts.heads.agreed)


def _keep(turn: Turn, talk: VoteTalk) -> None:
    kept: dict[str, Any] = {**talk.as_record(), "at": turn.now.isoformat(), "ticket": turn.dialogue.get("ticket")}
    turn.dialogue["vote"] = kept


def _judged(turn: Turn, talk: VoteTalk) -> Answer:
    """What the figures say so far, and what to tell next."""
    missing = first_missing(talk.facts)
    finding = count_vote(talk.facts)
    _keep(turn, replace(talk, asking=missing))
    lines = list(finding.lines)
    if finding.missing:
        lines.append(turn.words("guide_vote_missing", missing="、".join(finding.missing)))
    if len(finding.missing) > 1 and missing is not None and not talk.facts.unclear:
        lines.append(turn.words("vote_ask_next", missing=finding.missing[0]))
    choices = [Choice(turn.words("choice_vote_again"), {"do": "vote_again"})]
    if finding.passed is not None and member_of(turn.session, turn.conversation.id, turn.now) is not None:
        choices.insert(0, Choice(turn.words("choice_vote_sheet"), {"do": "paper", "paper": "vote_sheet"}))
    elif member_of(turn.session, turn.conversation.id, turn.now) is not None:
        choices.append(Choice(turn.words("choice_ballots"), {"do": "ballots"}))
    reply = Reply("\n".join(lines), choices=tuple(choices), citations=(Citation(**finding.citation),))
    return Answer("vote_result", (reply,), draft=draft_record(turn, turn.draft))


def ballots_word(turn: Turn) -> Answer | None:
    """“表决票的表格怎么传”: the page that takes the list, opened with the matter already chosen; None when it is not asked for."""
    return open_ballots(turn) if _BALLOTS.search(turn.reading.text) else None


def open_ballots(turn: Turn) -> Answer:
    """The link to the member's page for lists of ballots; strangers hear how one becomes a member."""
    member = member_or_why(turn)
    if isinstance(member, Answer):
        return member
    matter = _matter_at_hand(turn)
    url = f"/committee/enter/{open_desk(turn.session, member, turn.now)}?to=ballots"
    page = {"title": turn.words("vote_ballots_title"), "url": f"{url}&matter={matter}" if matter else url, "media_type": "text/html"}
    return guide_answer(turn, Reply(turn.words("vote_ballots"), kind="document", document=page))


def _matter_at_hand(turn: Turn) -> str | None:
    """The matter of this message, of the vote talked of, or the one the procedure talked of is voted about."""
    said, talk, state = matter_of(turn.reading.text), told_vote(turn), talked_of(turn, ever=True)
    if said is not None:
        return said.id
    if talk is not None and talk.facts.matter is not None:
        return talk.facts.matter.id
    return voting_rules().of_procedures.get(state["procedure"]) if state else None


def told_vote(turn: Turn) -> VoteTalk | None:
    """The vote this conversation has talked of, for the result sheet."""
    record = turn.dialogue.get("vote")
    return talk_of(record) if isinstance(record, dict) else None


def vote_again(turn: Turn) -> Answer:
    """Forget the figures and begin anew."""
    _keep(turn, VoteTalk(asking="total"))
    return guide_answer(turn, Reply(turn.words("vote_how_bit_by_bit")))
