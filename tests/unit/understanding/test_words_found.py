"""Phones, times and names in a message."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from understanding.names import find_names
from understanding.phones import find_phones
from understanding.text_gate import clean
from understanding.times import find_times

TIMES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "times.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", TIMES, ids=[case["text"] for case in TIMES])
def test_reads_the_times(case: dict[str, Any]) -> None:
    assert list(find_times(clean(case["text"]))) == case["times"]


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("电话13800138000", ("13800138000",)),
        ("138 0013 8000", ("13800138000",)),
        ("138-0013-8000", ("13800138000",)),
        ("＋８６ １３８００１３８０００", ("13800138000",)),
        ("打我儿子的，一三九零零零零一一一一", ("13900001111",)),
        ("幺三八零零幺三八零零零", ("13800138000",)),
        ("座机0471-6655443", ("04716655443",)),
        ("(0471)6655443", ("04716655443",)),
        ("固话，六四五二一一七", ("6452117",)),
        ("13800138000或者15847000000", ("13800138000", "15847000000")),
        ("身份证150102199001011234", ()),
        ("LD20260101138001", ()),
        ("3-2-502", ()),
        ("138001380001", ()),
    ],
)
def test_phones(text: str, phones: tuple[str, ...]) -> None:
    assert find_phones(clean(text)) == phones


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("昨晚八点左右漏的", ("昨晚八点左右",)),
        ("上周三开始就这样", ("上周三开始",)),
        ("一个礼拜了", ("一个礼拜了",)),
        ("前天", ("前天",)),
        ("三天了没人管", ("三天了",)),
        ("从十月十五号开始", ("从十月十五号开始",)),
        ("每天晚上十点到十二点", ("每天晚上十点到十二点",)),
        ("腊月二十三那天", ("腊月二十三那天",)),
        ("从供暖那天起", ("从供暖那天起",)),
        ("大概半小时前", ("大概半小时前",)),
        ("刚才，也就半拉钟头", ("刚才", "也就半拉钟头")),
        ("俩月没修", ("俩月",)),
        ("10月3号下午3点", ("10月3号下午3点",)),
        ("早上六点到现在一滴水没有", ("早上六点到现在",)),
        ("20:30左右", ("20:30左右",)),
        ("12号楼", ()),
        ("8号院", ()),
        ("一天能接半盆", ()),
        ("三天两头跳闸", ()),
        ("五百块", ()),
    ],
)
def test_times(text: str, times: tuple[str, ...]) -> None:
    assert find_times(clean(text)) == times


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我姓王", ("王",)),
        ("我叫李建国", ("李建国",)),
        ("王阿姨家水管漏了", ("王阿姨",)),
        ("我姓刘，刘桂兰", ("刘桂兰",)),
        ("李建国，13700001111", ("李建国",)),
        ("叫我小王就行", ("小王",)),
        ("姓名改成张秀英", ("张秀英",)),
        ("我姓白，不姓柏", ("白",)),
        ("联系楼长老赵，13204718866", ("老赵",)),
        ("送水师傅让电梯卡住了", ()),
        ("保安大爷不管", ()),
        ("物业经理呢", ()),
        ("老小区", ()),
        ("周末都在家", ()),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    assert find_names(clean(text)) == names
