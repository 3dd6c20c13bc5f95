"""Which measure a question asks for, and whether a text gives it."""

import pytest

from knowledge.measures import measure_signs, measures_asked
from knowledge.read_question import asking_sentence

PLATFORM = "开发企业的前期物业和业委会重新选聘都必须通过招投标平台选聘"
ELEVATORS = "2026—2028年，完成电梯更新1500部、加装500部。"
POINTS = "2025年，首批要打造48个物业党建联建品质提升点位"


@pytest.mark.parametrize(
    ("question", "measure", "gives", "gives_not"),
    [
        ("招投标平台的网址是啥", "site", "网址为 http://example.cn", PLATFORM),
        ("这1500部分到我们旗几部", "ours", "逐一列出各旗县名单", ELEVATORS),
        ("窗口礼拜天开门不", "clock", "周一至周五8:30—17:30", "旗县依托综治中心设调处窗口"),
        ("座谈会定在每月几号", "day", "每月15日召开", "每月召开1次"),
        ("点位都在哪些小区", "estates", "幸福小区、和平小区", POINTS),
        ("换灯泡的钱归谁出", "payer", "费用由业主分摊", "路灯、楼道灯完好率要到85%以上"),
        ("代办收不收钱", "free", "免费代办", "市场化物业要开展“红色代办”服务"),
        ("看门的多大岁数合适", "age", "年龄不超过六十岁", "主出入口24小时执勤"),
        ("三星物业投标加几分", "score", "投标加2分", "三星级及以上的项目招投标加分"),
        ("一个月给看门的开多少工资", "money", "每月2000元", "主出入口24小时执勤"),
        ("扫码的牌子贴在哪", "pinned", "在小区醒目位置公示", "物业“码上办”要实现全覆盖"),
        ("扫码能不能匿名", "named", "投诉人信息保密", "群众扫码投诉后，物业要积极响应办理"),
    ],
)
def test_a_measure_asked_is_given_or_not(question: str, measure: str, gives: str, gives_not: str) -> None:
    (asked,) = [m for m in measures_asked(question) if m.name == measure]
    assert asked.exact
    assert asked.gives.search(gives)
    assert not asked.gives.search(gives_not)


@pytest.mark.parametrize("question", ["公共收益要不要公示", "物业能停水催费吗", "电梯归谁管"])
def test_a_plain_rule_asks_for_no_exact_measure(question: str) -> None:
    assert not [m for m in measures_asked(question) if m.exact]


def test_signs_tell_the_best_text_from_those_behind_it() -> None:
    signs = measure_signs("座谈会定在每月几号", "每月召开1次", ["每月15日开会"])
    assert signs["exact_no"] == 1.0
    assert signs["exact_none"] == 0.0


def test_the_sentence_that_asks_is_found_in_a_story() -> None:
    story = "我从外地搬来才半年，楼上天天往下滴水。物业让我找开发商，开发商又没影了。保修期里的房子漏水该谁来修？"
    assert asking_sentence(story) == "保修期里的房子漏水该谁来修？"
    assert asking_sentence("保修期里的房子漏水该谁来修？") == ""
    assert asking_sentence("楼道灯不亮。谁管？") == ""
