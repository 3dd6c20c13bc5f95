"""Votes in conversation: figures given over several turns and corrected; what is missing is asked for, the result said exactly.

Kept in `turn.dialogue["vote"]`: the record of committee.vote_talk with `at` and `ticket` (the last ticket then).
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.committee import guide_answer
from actions.draft import draft_record
from actions.turn import Turn
from committee.members import member_of
from committee.reading_votes import counts_silence, figures_said
from committee.vote_roles import ROLES
from committee.vote_talk import VoteTalk, first_missing, hear, talk_of
from committee.votes import count_vote, read_vote, vote_rule
from committee.voting_rules import matter_of
from knowledge.finding import Citation

RECENT = timedelta(hours=2)
_RESULT = re.compile(
    r"^(那|这|现在|这样|这次|按这个|算下来|结果|到底|我们?)*(能|算|可以)?(不能|不)?(通过|过)(了|吗|没有?|不了|得了|呢|不|啊)*$|^(结果|差多少|还差(多少|什么|几户))(呢|是什么|啊|怎么样)*$"
)
_AGAIN = re.compile(r"(重新|从头|另外|再)(算|来)(一个|一次|一遍|过|别的)?|换一个(表决|事项|算)")
_TELLS = re.compile("|".join(ROLES.values()))
_UNIT = re.compile(r"[户票㎡%％]|平方|平米|\d平|万平|[一二三四五六七八九]分之|面积")
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
    if talk is not None:
        return _judged(turn, talk)
    matter = matter_of(text)
    rule = vote_rule(text)
    start = VoteTalk(asking="total")
    _keep(turn, replace(start, facts=replace(start.facts, matter=matter)))
    human = Choice(turn.words("choice_human"), {"do": "human"})
    silence = [turn.words("vote_silence")] if counts_silence(text) else []
    said = "\n".join([*rule.lines, *silence, turn.words("vote_how_bit_by_bit")])
    return guide_answer(turn, Reply(said, choices=(human,), citations=(Citation(**rule.citation),)))


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
    talk = hear(earlier, text)
    return _judged(turn, talk) if talk is not None else None


def _goes_on(turn: Turn, earlier: VoteTalk, text: str) -> bool:
    """Whether the message can be about the vote: no address, no fault, and words or numbers of a vote."""
    place, guesses = turn.reading.place, turn.reading.categories
    if turn.reading.phones or place.building or place.unit:
        return False
    if counts_silence(text):
        return True
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
    reply = Reply("\n".join(lines), choices=tuple(choices), citations=(Citation(**finding.citation),))
    return Answer("vote_result", (reply,), draft=draft_record(turn, turn.draft))


def told_vote(turn: Turn) -> VoteTalk | None:
    """The vote this conversation has talked of, for the result sheet."""
    record = turn.dialogue.get("vote")
    return talk_of(record) if isinstance(record, dict) else None


def vote_again(turn: Turn) -> Answer:
    """Forget the figures and begin anew."""
    _keep(turn, VoteTalk(asking="total"))
    return guide_answer(turn, Reply(turn.words("vote_how_bit_by_bit")))
