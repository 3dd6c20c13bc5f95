"""Committee duties heard before any intent: what goes on with a matter of the committee, and what its buttons stand for."""

from collections.abc import Callable
from typing import Any

from actions.answer import Answer
from actions.committee import guide, stage_said
from actions.committee_answers import asked_word, named_word
from actions.committee_cases import before_done, case_word, choose_case, save_case, step_done
from actions.committee_dates import date_word, dates_from, day_word
from actions.committee_ledger import ask_entry, ask_plainly, drop_question, ledger_figure, ledger_of, ledger_word
from actions.committee_papers import finish_paper, paper_word, skip_field, start_paper
from actions.committee_steps import step_word
from actions.committee_votes import ballots_word, open_ballots, told_word, vote_again, vote_word
from actions.conversation import committee_desk
from actions.turn import Turn

LISTENERS: tuple[Callable[[Turn], Answer | None], ...] = (
    ledger_word, ballots_word, paper_word, case_word, step_word, date_word, day_word, told_word, asked_word,
    vote_word, stage_said, ledger_figure, named_word,
)  # fmt: skip


def committee_matters(turn: Turn) -> Answer | None:
    """Whatever goes on with a matter of the committee; None passes the message on. While a report is collected, only the desk's words."""
    answer = committee_desk(turn)
    if answer is not None or turn.draft is not None:
        return answer
    for listen in LISTENERS:
        answer = listen(turn)
        if answer is not None:
            return answer
    return None


def begin_guide(turn: Turn) -> Answer:
    """A procedure is asked for; with a day in the same sentence its timetable, else its steps."""
    match = turn.parts.procedures.find(turn.reading.text)
    dates = dates_from(turn, match.procedure_id, turn.reading.text) if match is not None else None
    return dates or guide(turn)


COMMITTEE_CHOICES: dict[str, Callable[[Turn, dict[str, Any]], Answer]] = {
    "step_done": lambda t, m: step_done(t, m["procedure"], m["n"]),
    "case": lambda t, m: choose_case(t, m["case"]),
    "case_before": lambda t, m: before_done(t, m["case"], m["n"]),
    "case_save": lambda t, _: save_case(t),
    "ballots": lambda t, _: open_ballots(t),
    "vote_again": lambda t, _: vote_again(t),
    "paper": lambda t, m: start_paper(t, m["paper"]),
    "paper_skip": lambda t, _: skip_field(t),
    "paper_make": lambda t, _: finish_paper(t),
    "ledger_of": lambda t, m: ledger_of(t, m["community"], m["text"]),
    "ledger_question": lambda t, m: ask_entry(t, m["entry"]),
    "ledger_plain": lambda t, m: ask_plainly(t, m["entry"]),
    "ledger_drop": lambda t, _: drop_question(t),
}
