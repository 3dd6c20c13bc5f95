"""The half-year's survey in chat: stars by button or in words right after the question, a word of why, or no more questions."""

import re
from typing import Any

from actions.answer import Answer, Choice, Reply
from actions.draft import draft_record
from actions.rate_ticket import LOW, stars_said
from actions.turn import Turn
from config.refusal import Refused
from storage.survey_rows import SurveyAnswerRow
from tickets.survey import accept_surveys, answer_survey, just_asked, own_answer, refuse_surveys

_STAR = re.compile(
    r"^\s*(?:我?[给打评]个?)?([1-5一二两三四五])\s*(?:颗星|个星|星|分)(?!钟|之|半)\s*(?:吧|呗|啊|了)?(?:[，。,.;；！!、\s]+(.+))?$", re.S
)
_NUMBERS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5} | {str(n): n for n in range(1, 6)}
_NEVER = re.compile("(别|不用|不要|不想|甭).{0,4}(再)?(问|评|打分|发|参加)")
_AGAIN = re.compile("^(我)?(要|想)?(参加|恢复).{0,6}(测评|评价|满意度调查)")
# Said after the stars, these are no remark on the half-year but a matter of their own.
_REMARKS = {None, "report_complaint", "thank", "inform", "affirm", "deny", "correct", "out_of_scope", "confirm_fixed"}


def survey_said(turn: Turn) -> Answer | None:
    """Stars in words, a refusal, or the why after the stars; None when the message is about something else."""
    if turn.dialogue.get("survey_words"):
        return _words_after(turn)
    text = turn.reading.text
    if _AGAIN.search(text) and turn.draft is None and accept_surveys(turn.session, turn.conversation.id):
        return _told(turn, turn.words("survey_again"))
    mark, never = _mark(turn, text), _NEVER.search(text)
    if mark is None and not never:
        return None
    row = just_asked(turn.session, turn.conversation.id)
    if row is None:
        return None
    if mark is None:
        return refuse(turn)
    return _answer(turn, row, *mark)


def _mark(turn: Turn, text: str) -> tuple[int, str] | None:
    """(stars, words said with them). A bare “5” or “满意” counts only while nothing else is asked or being reported."""
    star = _STAR.match(text)
    if star:
        return _NUMBERS[star[1]], star[2] or ""
    stars = stars_said(text, asked=turn.asked is None and turn.draft is None)
    return None if stars is None else (stars, "")


def tapped_survey(turn: Turn, meaning: dict[str, Any]) -> Answer:
    """A star button under the question."""
    row = own_answer(turn.session, turn.conversation.id, int(meaning["answer"]))
    return _told(turn, turn.words("survey_over")) if row is None else _answer(turn, row, int(meaning["stars"]), "")


def refuse(turn: Turn) -> Answer:
    """No such question any more."""
    refuse_surveys(turn.session, turn.conversation.id, turn.now)
    again = (Choice(turn.words("choice_survey_again"), {"do": "survey_again"}),)
    return _told(turn, turn.words("survey_never"), again)


def ask_again(turn: Turn) -> Answer:
    """The refusal is taken back by its button."""
    accept_surveys(turn.session, turn.conversation.id)
    return _told(turn, turn.words("survey_again"))


def _answer(turn: Turn, row: SurveyAnswerRow, stars: int, text: str) -> Answer:
    try:
        answer_survey(turn.session, row, stars, text, turn.now)
    except Refused:
        return _told(turn, turn.words("survey_over"))
    if turn.draft is None and not text:
        turn.dialogue["survey_words"] = row.id
    said = turn.words("survey_words") if text else turn.words("survey_low" if stars <= LOW else "survey_thanks", stars=stars)
    return _told(turn, said)


def _words_after(turn: Turn) -> Answer | None:
    """A remark on the half-year is kept with the stars; what asks, reports or follows up goes its own way, and nothing waits any longer."""
    row = own_answer(turn.session, turn.conversation.id, int(turn.dialogue.pop("survey_words")))
    if row is None or turn.draft is not None or turn.asked is not None or not turn.reading.text:
        return None
    mark = _mark(turn, turn.reading.text)
    if mark is not None:
        return _answer(turn, row, *mark)
    if turn.intent not in _REMARKS or row.stars is None:
        return None
    try:
        answer_survey(turn.session, row, row.stars, turn.reading.raw, turn.now)
    except Refused:
        return None
    report = (Choice(turn.words("choice_survey_report"), {"do": "report_text", "text": turn.reading.raw}),)
    return _told(turn, turn.words("survey_words"), report if turn.intent == "report_complaint" else ())


def _told(turn: Turn, said: str, choices: tuple[Choice, ...] = ()) -> Answer:
    return Answer("smalltalk", (Reply(said, choices=choices),), draft=draft_record(turn, turn.draft))
