"""A list of ballots: headings, faults by row, one owner one head, size limits."""

import io
import time
import zipfile
from fractions import Fraction

import openpyxl
import pytest

from committee.ballot_sheet import read_sheet
from committee.ballots import check_ballots
from committee.votes import count_vote
from committee.voting_rules import matter_of
from config.refusal import Refused

HEAD = ["房号", "业主", "建筑面积", "表决意见"]


def xlsx(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def csv_of(rows: list[list[object]], encoding: str = "utf-8-sig") -> bytes:
    return "\n".join(",".join(str(cell) for cell in row) for row in rows).encode(encoding)


def counted(rows: list[list[object]]):
    return check_ballots(read_sheet(xlsx([HEAD, *rows]), "票.xlsx"))


def test_sums_and_votes() -> None:
    count = counted([["1-101", "甲", 100.5, "同意"], ["1-102", "乙", "90㎡", "反对"], ["1-201", "丙", 80, ""], ["1-202", "丁", 70, "弃权"]])
    assert count.faults == ()
    assert (count.facts.heads.total, count.facts.heads.took_part, count.facts.heads.agreed) == (4, 3, 1)
    assert (count.facts.area.total, count.facts.area.took_part, count.facts.area.agreed) == (
        Fraction("340.5"),
        Fraction("260.5"),
        Fraction("100.5"),
    )


def test_blank_is_no_vote_and_spoiled_is_neither() -> None:
    count = counted([["1", "甲", 100, "同意"], ["2", "乙", 100, None], ["3", "丙", 100, "废票"]])
    assert (count.facts.heads.total, count.facts.heads.took_part) == (3, 1)
    assert count.spoiled == 1 and count.facts.spoiled


def test_one_buyer_and_the_developer_are_one_head_each() -> None:
    count = counted(
        [
            ["1", "甲", 100, "同意"],
            ["2", "甲", 50, "同意"],
            ["3", "某某房地产开发公司", 90, "同意"],
            ["4", "开发商未售", 90, "同意"],
            ["5", "乙", 60, "反对"],
        ]
    )
    assert (count.facts.heads.total, count.facts.heads.agreed) == (3, 2)
    assert count.facts.area.agreed == 330
    assert any("按一人算" in fault.what for fault in count.faults)


def test_units_of_one_owner_that_vote_differently_are_named() -> None:
    count = counted([["1", "甲", 100, "同意"], ["2", "甲", 50, "反对"]])
    assert count.facts.heads.agreed == 0 and count.facts.heads.took_part == 1
    assert count.facts.area.agreed == 100
    assert any(fault.row == 3 and "不一致" in fault.what for fault in count.faults)


def test_faults_name_their_rows_and_leave_the_row_out() -> None:
    count = counted(
        [
            ["1-101", "甲", 100, "同意"],
            ["1-101", "乙", 100, "同意"],
            ["", "丙", 100, "同意"],
            ["1-103", "丁", "一百", "同意"],
            ["1-104", "戊", -5, "同意"],
            ["1-105", "己", 100, "大概同意"],
            ["1-106", "庚", 999999, "同意"],
            ["1-107", "辛", "nan", "同意"],
        ]
    )
    assert [fault.row for fault in count.faults] == [3, 4, 5, 6, 7, 8, 9]
    assert all(fault.blocking for fault in count.faults)
    assert (count.rows, count.units, count.facts.heads.total) == (8, 1, 1)


def test_csv_in_both_encodings() -> None:
    rows: list[list[object]] = [HEAD, ["1", "甲", 100, "同意"], ["2", "乙", 100, "反对"]]
    for encoding in ("utf-8-sig", "gb18030"):
        count = check_ballots(read_sheet(csv_of(rows, encoding), "票.csv"))
        assert (count.facts.heads.total, count.facts.heads.agreed) == (2, 1)


def test_headings_may_stand_below_a_title_and_in_any_order() -> None:
    rows: list[list[object]] = [
        ["某小区表决票清单"],
        [],
        ["序号", "投票结果", "专有部分面积", "房屋坐落", "产权人"],
        [1, "同意", 100, "1-101", "甲"],
    ]
    count = check_ballots(read_sheet(xlsx(rows), "票.xlsx"))
    assert (count.units, count.facts.area.agreed) == (1, 100)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04 broken", "打不开"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "不是表格"),
        ("随便写写".encode(), "表头"),
        (b"", "表头"),
        (b"a" * 8_000_001, "太大"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(Refused) as refused:
        read_sheet(content, "x")
    assert what in refused.value.reason and refused.value.remedy


def test_a_packed_bomb_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 90_000_000)
    with pytest.raises(Refused) as refused:
        read_sheet(packed.getvalue(), "x.xlsx")
    assert "解开后太大" in refused.value.reason


def test_three_thousand_rows_within_two_seconds() -> None:
    rows: list[list[object]] = [
        [f"{n // 100}-{n % 100}", f"业主{n}", 80 + n % 60, ["同意", "反对", "", "弃权"][n % 4]] for n in range(3000)
    ]
    content = xlsx([HEAD, *rows])
    began = time.perf_counter()
    count = check_ballots(read_sheet(content, "票.xlsx"), matter_of("选业委会"))
    finding = count_vote(count.facts)
    took = time.perf_counter() - began
    print(f"3000 rows in {took:.2f} s")
    assert took < 2
    assert count.units == 3000 and count.faults == ()
    assert finding.passed is False  # 750 of 2250 agree
