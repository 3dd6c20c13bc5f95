"""What the half-year's survey found, by property company: how many were asked and answered, how many of each mark, and what was said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.survey_rows import SurveyAnswerRow, SurveyRow
from tickets.callbacks import GOOD_STARS
from tickets.figures import company_of

MOST_REMARKS = 50


@dataclass(frozen=True)
class CompanyResult:
    """One company in one half-year: its estates asked, persons asked, `marks[n]` answers of n stars, remarks newest first (masked)."""

    company: str
    communities: tuple[str, ...]
    source: tuple[str, str]
    asked: int
    marks: tuple[tuple[int, int], ...]  # (stars, answers), five first
    remarks: tuple[tuple[int, str], ...]  # (stars, words)

    @property
    def answered(self) -> int:
        """Persons who gave a mark."""
        return sum(count for _, count in self.marks)

    @property
    def mean(self) -> float | None:
        """The mean mark, 1..5; None without answers."""
        return sum(stars * count for stars, count in self.marks) / self.answered if self.answered else None

    @property
    def satisfied(self) -> float | None:
        """0..1: the share of marks from four stars on; None without answers."""
        good = sum(count for stars, count in self.marks if stars >= GOOD_STARS)
        return good / self.answered if self.answered else None


def survey_results(session: Session, estates: Sequence[tuple[str, str]], half: str) -> list[CompanyResult]:
    """The results of these estates (region, name) in a half-year, the least satisfied company first, those without answers last."""
    wanted, found = set(estates), dict[str, list[SurveyRow]]()
    for survey in session.scalars(select(SurveyRow).where(SurveyRow.half == half).order_by(SurveyRow.community)):
        if (survey.region, survey.community) in wanted:
            found.setdefault(company_of(survey.region, survey.community), []).append(survey)
    results = [_result(session, company, surveys) for company, surveys in found.items()]
    return sorted(results, key=lambda r: (r.mean is None, r.mean or 0.0, r.company))


def _result(session: Session, company: str, surveys: Sequence[SurveyRow]) -> CompanyResult:
    query = select(SurveyAnswerRow).where(SurveyAnswerRow.survey_id.in_([survey.id for survey in surveys]))
    answers = list(session.scalars(query.order_by(SurveyAnswerRow.answered_at.desc(), SurveyAnswerRow.id.desc())))
    marks = Counter(answer.stars for answer in answers if answer.stars is not None)
    return CompanyResult(
        company=company,
        communities=tuple(dict.fromkeys(survey.community for survey in surveys)),
        source=(surveys[0].source_plan, surveys[0].source_clause),
        asked=len(answers),
        marks=tuple((stars, marks[stars]) for stars in range(5, 0, -1)),
        remarks=tuple((a.stars, a.text) for a in answers if a.text and a.stars is not None)[:MOST_REMARKS],
    )
