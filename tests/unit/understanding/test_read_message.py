"""The Reading of a whole message, the fallback intent, and two matters in one message."""

import time

import numpy as np
import pytest

from config.refusal import Refused
from understanding.matter import report_chance
from understanding.models import Models
from understanding.parts import divide
from understanding.read_message import Reader


def test_reads_everything_a_message_says(reader: Reader) -> None:
    reading = reader.read("我姓王，富墙小区３号楼２单元５０２，厨房水管从昨晚八点开始漏水，电话138 0013 8000", "donghe")
    place = reading.place
    assert (place.community, place.building, place.unit, place.room, place.spot) == ("富强小区", "3", "2", "502", "厨房")
    assert reading.phones == ("13800138000",) and reading.names == ("王",) and reading.times == ("从昨晚八点开始",)
    assert reading.emergency is None and reading.categories[0].category in {"water_supply", "indoor_repair"}
    assert reading.raw.startswith("我姓王，") and reading.text.startswith("我姓王,")


def test_estates_are_those_of_the_region_asked_for(reader: Reader) -> None:
    assert reader.read("富墙小区停水", "donghe").place.community == "富强小区"
    assert reader.read("富墙小区停水", "ejinhoro").place.community == "富墙小区"


@pytest.mark.parametrize("raw", ["", "\u200b", "  "])
def test_nothing_said_is_an_empty_reading(reader: Reader, raw: str) -> None:
    reading = reader.read(raw)
    assert (
        reading.text == "" and reading.place.is_empty() and reading.categories == () and reader.intent_of(reading) == ("out_of_scope", 0.0)
    )


def test_broken_text_is_refused(reader: Reader) -> None:
    with pytest.raises(Refused):
        reader.read("漏水\udfff")


def test_category_chances_are_chances_best_first(reader: Reader) -> None:
    guesses = reader.read("楼道灯不亮了").categories
    assert len(guesses) == 5 and guesses[0].category == "lighting" and guesses[0].kind == "repair"
    chances = [guess.confidence for guess in guesses]
    assert chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 1.001


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("你好", "greet"),
        ("转人工", "ask_human"),
        ("3号楼2单元502", "inform"),
        ("我姓王，13800138000", "inform"),
        ("昨晚八点开始的", "inform"),
        ("楼道灯又不亮了没人管", "report_repair"),
        ("物业把我家水停了", "report_complaint"),
        ("电梯里关着人", "report_emergency"),
        ("公共收益多久公示一次", "ask_policy"),
        ("我们想成立业委会怎么弄", "guide_committee"),
        ("1200户来了850户同意520算过吗", "ask_vote"),
        ("我昨天报的修到哪了", "ask_status"),
        ("谢谢啊", "thank"),
        ("明天天气咋样", "out_of_scope"),
    ],
)
def test_fallback_intent_of_the_manuals_own_examples(reader: Reader, text: str, intent: str) -> None:
    found, confidence = reader.guess_intent(text)
    assert found == intent and 0 < confidence <= 1


def test_two_matters_are_divided_and_one_is_not(reader: Reader) -> None:
    parts = reader.read("厨房下水道堵了，另外楼道灯也不亮").parts
    assert parts == ("厨房下水道堵了", "楼道灯也不亮")
    assert reader.read("楼道灯不亮，还有三楼的灯也不亮").parts == ()
    assert reader.read("电梯坏了三天了没人修").parts == ()


def _first_letter(part: str) -> str | None:
    return None if part.startswith("你好") else part[0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("灯不亮了,另外水管漏水,还有垃圾没人收", ("灯不亮了", "水管漏水", "垃圾没人收")),
        ("第一灯不亮了,第二,水管漏水,第三,垃圾没人收", ("灯不亮了", "水管漏水", "垃圾没人收")),
        ("1、灯不亮了,2、水管漏水,3、垃圾没人收", ("灯不亮了", "水管漏水", "垃圾没人收")),
        ("你好我说几个事,另外灯不亮了,再就是水管漏水", ("你好我说几个事,另外灯不亮了", "水管漏水")),
        ("灯不亮了,还有灯罩也掉了,再就是水管漏水", ("灯不亮了,还有灯罩也掉了", "水管漏水")),
        ("灯不亮了,另外你好谢谢啊", ()),
        ("3.5公分的缝,1.2米宽", ()),
    ],
)
def test_dividing_several_matters(text: str, parts: tuple[str, ...]) -> None:
    assert divide(text, _first_letter) == parts


@pytest.mark.parametrize(
    ("judges", "chance"),
    [
        (({"report_repair": 0.5, "report_complaint": 0.2}, {"report_repair": 0.1}), 0.1),
        (({}, {"report_emergency": 0.3, "inform": 0.7}), 0.3),
        (({}, {}), 0.0),
    ],
)
def test_a_report_is_as_likely_as_the_least_judge_says(judges: tuple[dict[str, float], ...], chance: float) -> None:
    assert report_chance(*judges) == pytest.approx(chance)


def test_dividing_keeps_the_words() -> None:
    assert divide("水管漏了,顺便说一下,垃圾没人收", lambda part: part[0]) == ("水管漏了", "垃圾没人收")
    assert divide("水管漏了,顺便说一下,垃圾没人收", lambda part: "one") == ()
    assert divide("水管漏了,还有一会儿就到家", lambda part: part) == ()


class _Away:
    """An encoder that cannot encode now."""

    def encode(self, text: str) -> np.ndarray | None:
        return None


def test_an_encoder_that_is_away_changes_nothing(models: Models, reader: Reader) -> None:
    assert Reader(models, {}, _Away()).read("楼道灯不亮了").categories == reader.read("楼道灯不亮了").categories


def test_reading_is_quick(reader: Reader) -> None:
    texts = [f"{n}号楼2单元50{n % 10}厨房水管漏水,从昨天晚上{n % 12 + 1}点开始,没人来修" for n in range(1, 120)]
    spent = []
    for text in texts:
        began = time.process_time()
        reader.read(text)
        spent.append(time.process_time() - began)
    assert sorted(spent)[int(len(spent) * 0.95)] < 0.008


@pytest.mark.parametrize(
    "raw",
    ["一" * 4096, "([{" * 1365, "3-" * 2048, "小区" * 2048, "水往外喷" * 1024, "没有" * 2048, "另外" * 2048, "昨天" * 2048, "1 " * 2048],
)
def test_hostile_text_is_read_in_time(reader: Reader, raw: str) -> None:
    began = time.process_time()
    reader.read(raw)
    assert time.process_time() - began < 0.1
