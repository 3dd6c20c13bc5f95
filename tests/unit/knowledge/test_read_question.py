"""What a question asks: years, forms, units, and follow-ups completed from the question before."""

import pytest

from knowledge.read_question import forms_in, read_question, units_asked, units_given, years_in


def test_years_and_forms() -> None:
    assert years_in("2026年和27年各是多少") == (2026, 2027)
    assert years_in("三年前，3年左右，1500部") == ()
    assert forms_in("准物业和社区代管有啥区别") == ("quasi", "community")
    assert forms_in("物业费多少") == ()


@pytest.mark.parametrize(
    ("text", "earlier", "completed"),
    [
        ("那2027年呢", "2026年专业化物业覆盖率多少", "2027年专业化物业覆盖率多少"),
        ("准物业呢", "市场化物业一年演练几次", "准物业一年演练几次"),
        ("那电梯呢", "消防通道归谁管", "电梯归谁管"),
        ("那牵头的是谁", "公共收益要单独建账吗", "公共收益牵头的是谁"),
    ],
)
def test_a_follow_up_is_completed_from_the_question_before(text: str, earlier: str, completed: str) -> None:
    asked = read_question(text, earlier)
    assert asked.follows
    assert asked.text == completed


@pytest.mark.parametrize("text", ["物业合同要备案吗", "那我家水管漏了物业多久必须来人修好呢", "公共收益多久公示一次"])
def test_a_question_that_stands_alone_is_left_alone(text: str) -> None:
    asked = read_question(text, "2026年业委会组建率多少")
    assert not asked.follows
    assert asked.text == text


def test_units_tell_money_from_days() -> None:
    assert units_asked("物业费多少钱一平") == ("money",)
    assert "span" in units_asked("几天内解决")
    assert "money" in units_given("每年投入约500万元")
    assert "money" not in units_given("问题解决周期不超过15天")


def test_a_greeting_and_a_named_plan_are_not_searched_for() -> None:
    assert read_question("你好，请问一下公共收益多久公示一次").text == "公共收益多久公示一次"
    old = read_question("2018年那个活动什么时候总结表彰")
    assert (old.text, old.years) == ("什么时候总结表彰", (2018,))


@pytest.mark.parametrize(
    ("text", "former"),
    [
        ("以前的文件规定维修多久响应", True), ("原来那份方案里响应要多久", True), ("老规定报修几分钟响应", True),
        ("上一版怎么规定的", True),
        ("没换之前的规定报修多久响应", True), ("去年的方案报修多久要回", True), ("以前维修响应时间是多久", True),
        ("以前规定半小时，现在多久", False), ("以前物业天天扫地，多久扫一次才对", False), ("市场化小区夜里一个保安没有，说得过去吗", False),
        ("新文件里维修多久响应", False), ("报修多久响应", False),
    ],
)  # fmt: skip
def test_the_rule_before_the_present_one_is_asked_for_only_in_so_many_words(text: str, former: bool) -> None:
    assert read_question(text).former is former


def test_an_earlier_version_named_is_not_searched_for() -> None:
    assert read_question("上一版怎么规定维修响应时间的").text == "维修响应时间的"


@pytest.mark.parametrize("text", ["", "   ", "？", "\u200b", "1" * 1000, "呢", "那呢"])
def test_odd_texts_are_read_without_harm(text: str) -> None:
    read_question(text, "公共收益多久公示一次")
