"""The page of a plan: the whole text with anchors, the quotation marked, the standing said first, no request to anywhere else."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from knowledge.library import FOLDER, Library
from knowledge.plan import squeezed
from knowledge.plan_page import plan_page, read_run

TEMPLATES = Environment(autoescape=True, loader=FileSystemLoader(Path(FOLDER) / "templates"))


def test_every_quotation_is_marked_exactly(library: Library) -> None:
    for p in library.provisions[::7]:
        page = plan_page(library, p.plan, p.clause, p.quote)
        marked = "".join(run.text for b in page.blocks for par in b.paragraphs for run in par if run.marked)
        assert squeezed(marked) == squeezed(p.quote), p.key
        assert page.marked


def test_the_page_holds_the_whole_text_and_one_anchor_per_clause(library: Library) -> None:
    for plan in library.plans.values():
        page = plan_page(library, plan.id)
        assert squeezed("".join(run.text for b in page.blocks for par in b.paragraphs for run in par)) == plan.plain
        anchors = [b.anchor for b in page.blocks if b.anchor]
        assert sorted(anchors) == sorted(plan.clauses)
        assert not page.marked


def test_an_address_leads_to_the_same_run(library: Library) -> None:
    plan = library.plans["donghe-2025"]
    run = plan.run("问题解决周期不超过15天")
    page = plan_page(library, plan.id, at=run)
    assert [r.text for b in page.blocks for par in b.paragraphs for r in par if r.marked] == ["问题解决周期不超过15天"]
    assert read_run(f"{run[0]}-{run[1]}") == run


@pytest.mark.parametrize("said", [None, "", "5", "a-b", "-1-5", "1-2-3", "9" * 50, "<script>"])
def test_an_odd_address_marks_nothing(library: Library, said: str | None) -> None:
    assert read_run(said) is None
    assert not plan_page(library, "donghe-2025", at=(10**9, 10**9 + 5)).marked


def test_the_template_says_the_standing_first_and_asks_nothing_of_others(library: Library) -> None:
    for plan_id, words in (("nmg-2018", "已经期满"), ("minle-draft", "征求意见稿，还没有正式印发"), ("donghe-2025", "现行有效")):
        html = TEMPLATES.get_template("plan.html").render(page=plan_page(library, plan_id))
        assert words in html.split("<main>")[0]
        assert not re.search(r"(?:https?:)?//", html)
        assert "width=device-width" in html
