"""The emergency detector against the hand-written cases of emergencies.yml."""

from pathlib import Path

import pytest
import yaml

from config.categories import categories
from understanding.emergencies import tell, without_unsaid
from understanding.read_message import Reader
from understanding.text_gate import clean

CASES = yaml.safe_load((Path(__file__).parent / "emergencies.yml").read_text(encoding="utf-8"))
WITHIN = yaml.safe_load((Path(__file__).parent / "dangers_within.yml").read_text(encoding="utf-8"))


def test_hears_emergencies_of_every_category(reader: Reader) -> None:
    assert set(CASES["emergencies"]) == {c.id for c in categories().values() if c.kind == "emergency"}
    told = [(category, text) for category, texts in CASES["emergencies"].items() for text in texts]
    findings = [reader.find_emergency(clean(text)) for _, text in told]
    heard = sum(finding is not None for finding in findings) / len(told)
    named = sum(finding is not None and finding.category == category for finding, (category, _) in zip(findings, told, strict=True))
    assert heard >= 0.97 and named / len(told) >= 0.92


def test_ordinary_messages_raise_no_alarm(reader: Reader) -> None:
    alarms = [text for text in CASES["ordinary"] if reader.find_emergency(clean(text)) is not None]
    assert len(alarms) / len(CASES["ordinary"]) <= 0.04, alarms


@pytest.mark.parametrize(
    "text",
    [
        "屋里有股臭鸡蛋味头有点晕",
        "着火了",
        "电梯里关着人",
        "有人触电了",
        "水管爆了水往外喷",
        "楼上往下扔砖头",
        "我爸晕倒了",
        "我不想活了",
        "有小孩掉井里了",
        "有人拿刀砍人",
        "电替里关着人",
        "有小孩掉井裡了",
    ],
)
def test_the_plainest_ways_are_always_heard(reader: Reader, text: str) -> None:
    assert reader.find_emergency(clean(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "上次着火那事后来咋处理的",
        "气死我了要爆炸了",
        "没闻到煤气味就是问问",
        "电梯困人打什么电话",
        "你好",
        "3号楼2单元502",
        "电梯坏了没人修",
    ],
)
def test_what_is_over_denied_meant_otherwise_or_asked_is_none(reader: Reader, text: str) -> None:
    assert reader.find_emergency(clean(text)) is None


@pytest.mark.parametrize(("category", "text"), [(category, text) for category, texts in WITHIN["emergencies"].items() for text in texts])
def test_dangers_within_other_matters_and_in_other_tongues(reader: Reader, category: str, text: str) -> None:
    finding = reader.find_emergency(clean(text))
    assert finding is not None and finding.category == category


def test_what_sounds_like_them_is_none(reader: Reader) -> None:
    """Near misses of the hardest kind, read on character n-grams alone: at most three in a hundred alarm."""
    alarms = [text for text in WITHIN["ordinary"] if reader.find_emergency(clean(text)) is not None]
    assert len(alarms) / len(WITHIN["ordinary"]) <= 0.03, alarms


def test_guards_and_denials_are_told_apart() -> None:
    assert "over" in tell("上次着火那事后来咋处理的").guards
    assert "rehearsed" in tell("写个小区着火的小说").guards
    assert not tell("没着火,就是没电").sure
    assert without_unsaid("没闻到煤气味") == ","
    assert [category for category, _ in tell("楼道里都是煤气味").sure] == ["gas_leak"]
