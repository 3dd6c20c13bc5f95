"""Citations, and the last check before anything is said: the quotation stands in the text, and it holds every number stated."""

from datetime import date
from urllib.parse import quote as escaped

from knowledge.finding import Citation, Statement
from knowledge.numbers import unsupported_numbers
from knowledge.plan import Plan
from knowledge.provisions import Provision

_LONGEST_QUOTE = 160  # characters up to which a quotation is widened to whole sentences


def clause_url(plan: Plan, clause: str, quote: str) -> str:
    """The address of a quotation on its plan's page; `at` is its run in the text without white space."""
    start, end = plan.run(quote)
    return f"/plans/{plan.id}?at={start}-{end}#{escaped(clause)}"


def cite(plan: Plan, clause: str, quote: str, *, binding: bool, day: date | None = None) -> Citation:
    """The citation of a run of a plan's text; `day` dates the plan's standing (None: as declared)."""
    who = plan.identity
    return Citation(
        who.id, who.title, who.doc_number, who.standing_on(day), binding, clause, plan.heading(clause), quote,
        clause_url(plan, clause, quote),
    )  # fmt: skip


def state(plan: Plan, provision: Provision, *, binding: bool, day: date | None = None) -> Statement | None:
    """The provision as a statement with its citation; None when the text does not bear it (then it is not said)."""
    quote = plan.whole_sentence(provision.quote, _LONGEST_QUOTE)
    citation = cite(plan, provision.clause, quote, binding=binding, day=day)
    statement = Statement(provision.answer, citation, provision.property_form, provision.year, provision.key)
    return statement if is_borne(plan, statement) else None


def quote_alone(plan: Plan, clause: str, text: str, *, binding: bool, day: date | None = None) -> Statement | None:
    """A sentence of the plan said as it stands, where no provision answers but the sentence does."""
    statement = Statement(f"原文说：“{text}”", cite(plan, clause, text, binding=binding, day=day))
    return statement if is_borne(plan, statement) else None


def is_borne(plan: Plan, statement: Statement) -> bool:
    """Whether the quotation is an exact run of its clause, white space aside, and holds every number the statement states."""
    quote = statement.citation.quote
    return plan.holds(quote, statement.citation.clause) and not unsupported_numbers(statement.text, quote)
