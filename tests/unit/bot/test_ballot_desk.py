"""Votes on the member's desk: the list that came with the chat's link, the sums typed in, the sheet, and what is refused."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from committee.members import open_desk
from storage.database import Database
from tests.unit.bot.test_committee_desk import Moment, app, browser, moment, post
from tests.unit.committee.test_cases import add_member

__all__ = ["app", "moment"]  # fixtures
LIST = "房号,业主,面积,表决意见\n1-1,甲,100,同意\n1-2,乙,100,同意\n1-3,丙,一百多,同意\n1-4,丁,100,\n"
SUMS = {
    "total_heads": "1,200", "part_heads": "850", "agree_heads": "520",
    "total_area": "100000", "part_area": "70000", "agree_area": "40000.5",
}  # fmt: skip


@pytest.fixture
def one(app: FastAPI, database: Database, now: datetime) -> Iterator[TestClient]:
    with browser(app, database, "张三", now) as client:
        yield client


def test_the_chats_link_opens_the_page_with_the_matter_chosen(app: FastAPI, database: Database, moment: Moment) -> None:
    member = add_member(database, "李四", moment.now)
    for query, goal in (
        ("?to=ballots&matter=V4", "/committee/ballots?matter=V4"),
        ("?to=ballots", "/committee/ballots"),
        ('?to=ballots&matter=V4"><script>', "/committee/ballots"),
        ("?to=//evil.example", "/committee"),
        ("", "/committee"),
    ):
        with database.write() as session:
            secret = open_desk(session, member, moment.now)
        with TestClient(app) as client:
            entered = client.get(f"/committee/enter/{secret}{query}")
            assert f'content="0;url={goal}"' in entered.text, query
            page = client.get(goal).text
            assert ('<option value="V4" selected>' in page) == ("matter" in goal), query


def test_a_list_is_checked_row_by_row_and_nothing_is_kept(one: TestClient) -> None:
    page = post(one, "/committee/ballots/import", matter="V4", files={"file": ("票.csv", LIST.encode(), "text/csv")}).text  # type: ignore[attr-defined]
    assert "读到 4 行，计入 3 户" in page and "第 4 行" in page and "一百多" in page
    assert "选聘和解聘物业服务企业" in page and "参与2户，全体3户，达到三分之二" in page and "结论：按您给的数，通过" in page
    assert "一百多" not in one.get("/committee/ballots").text


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_the_sheet_of_a_list(one: TestClient, form: str) -> None:
    made = post(one, "/committee/ballots/import", matter="V4", form_=form, files={"file": ("票.csv", LIST.encode(), "text/csv")})
    assert made.content[:2] == (b"PK" if form == "docx" else b"%P")  # type: ignore[attr-defined]
    assert unquote(made.headers["content-disposition"]).endswith(f"和平小区表决结果表.{form}")  # type: ignore[attr-defined]


def test_sums_typed_in_are_judged_exactly(one: TestClient) -> None:
    page = post(one, "/committee/ballots/sums", matter="V3", **SUMS).text  # type: ignore[attr-defined]
    assert "结论：按您给的数，通过" in page and "同意40,000.5平方米" in page and 'value="520"' in page
    failed = post(one, "/committee/ballots/sums", matter="V8", **SUMS).text  # type: ignore[attr-defined]
    assert "没到参与表决的四分之三" in failed and "没有通过" in failed
    partly = post(one, "/committee/ballots/sums", total_heads="1200", part_heads="850").text  # type: ignore[attr-defined]
    assert "现在还不能判断" in partly and "还缺：全体业主的面积" in partly
    made = post(one, "/committee/ballots/sums", matter="V3", form_="pdf", **SUMS)
    assert made.content[:2] == b"%P"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("field", "value"), [("total_heads", "一千二"), ("agree_area", "-5"), ("part_area", "1e9"), ("total_area", "<b>")])
def test_what_is_no_number_is_refused_with_its_name(one: TestClient, field: str, value: str) -> None:
    answer = post(one, "/committee/ballots/sums", **(SUMS | {field: value}))
    assert "填的不是数" in unquote(answer.headers["location"])  # type: ignore[attr-defined]


def test_forged_forms_and_unknown_matters_are_refused(one: TestClient) -> None:
    assert one.post("/committee/ballots/sums", data=SUMS).status_code == 403
    assert one.post("/committee/ballots/import", files={"file": ("票.csv", LIST.encode(), "text/csv")}).status_code == 403
    wrong = post(one, "/committee/ballots/sums", matter="V99", **SUMS)
    assert "没有这个表决事项" in unquote(wrong.headers["location"])  # type: ignore[attr-defined]
    big = post(one, "/committee/ballots/import", files={"file": ("票.csv", b"x" * 8_000_001, "text/csv")})
    assert "不超过 8 MB" in unquote(big.headers["location"])  # type: ignore[attr-defined]
    nothing = post(one, "/committee/ballots/import", files={"file": ("票.csv", b"", "text/csv")})
    assert nothing.status_code == 303  # type: ignore[attr-defined]
