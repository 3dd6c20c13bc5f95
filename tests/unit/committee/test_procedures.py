"""Which procedure is meant, and what a guide says in each region."""

import pytest

from committee.instruments import read_instruments
from committee.procedures import Procedures
from config.refusal import Refused
from config.regions import regions

MEANT = {
    "想成立个业委会不知道从哪下手": "first_formation",
    "咱小区5年了没业委会，街坊想选一个": "first_formation",
    "业委会选出来后去哪儿备案呀": "first_formation",
    "业委会明年三月到期，我们该准备啥": "renewal",
    "旧业委会到期了赖着不换": "renewal",
    "有个委员搬走了，怎么补一个": "by_election_recall",
    "我们想把现在的业委会主任罢免了": "by_election_recall",
    "业主大会得提前几天发通知": "general_meeting",
    "想召集一次临时业主大会": "general_meeting",
    "业委会自己开会需要几个委员到": "committee_meeting",
    "业委会会议的决定要贴出来吗": "committee_meeting",
    "电梯广告和停车费的账怎么向大家公布": "common_revenue_disclosure",
    "动用维修基金走哪些程序": "fund_general",
    "楼顶漏水想用大修基金": "fund_general",
    "电梯突然坏了，应急用维修基金怎么办": "fund_emergency",
    "外墙砖往下掉，能不能紧急动用维修资金": "fund_emergency",
    "我们打算重新聘一家物业": "select_company",
    "怎么换物业": "select_company",
    "怎么把现在的物业炒了": "dismiss_company",
    "物业合同没到期想解聘": "dismiss_company",
    "老物业要撤了，怎么交接": "exit_handover",
    "原来的物业不交资料": "exit_handover",
    "物管会怎么成立": "transitional_body",
    "业委会成立不了，社区能代行吗": "transitional_body",
    "跟物业有纠纷想调解": "dispute",
    "不服业主大会决定想打官司": "dispute",
}
MEANT |= {
    "俺们院儿想整个业委会，头一步找谁": "first_formation",
    "社区说要指导我们选业委会，流程给我说说": "first_formation",
    "我们业委会干满五年了接下来怎么整": "renewal",
    "上一届业委会的账和章不给新的": "renewal",
    "怎么把不称职的业委会委员拿下": "by_election_recall",
    "业主投票用微信群接龙行不行": "general_meeting",
    "开大会投票要提前多久贴通知": "general_meeting",
    "我们业委会七个人，几个人同意才作数": "committee_meeting",
    "物业把广告费吞了，我们想让他公示": "common_revenue_disclosure",
    "单元门坏了能用维修基金吗怎么办手续": "fund_general",
    "消防泵坏了等不及投票，维修资金能先用吗": "fund_emergency",
    "物业合同下个月到期，续不续签谁说了算": "select_company",
    "跟物业提前解约怎么弄": "dismiss_company",
    "前任物业不给图纸钥匙": "exit_handover",
    "街道说先成立物业管理委员会是咋回事": "transitional_body",
    "物业把我告了怎么办": "dispute",
}
NONE = ["今天天气怎么样", "我家水管漏水了", "你好", "物业电话多少", "转人工", "", "？？", "13800000000"]


@pytest.fixture(scope="module")
def procedures() -> Procedures:
    return Procedures.load()


@pytest.mark.parametrize(("text", "wanted"), MEANT.items())
def test_the_procedure_meant(procedures: Procedures, text: str, wanted: str) -> None:
    match = procedures.find(text)
    assert match is not None
    assert match.procedure_id == wanted
    assert match.title == dict(procedures.titles())[wanted]


@pytest.mark.parametrize("text", NONE)
def test_no_procedure_meant(procedures: Procedures, text: str) -> None:
    assert procedures.find(text) is None


def test_every_procedure_is_found_by_its_title(procedures: Procedures) -> None:
    found = {name: match.procedure_id for name, title in procedures.titles() if (match := procedures.find(title))}
    assert found == {name: name for name, _ in procedures.titles()}
    assert len(found) == 13


@pytest.mark.parametrize("region", [None, *regions()])
def test_every_guide_in_every_region_holds_together(procedures: Procedures, region: str | None) -> None:
    plans = set(regions()[region].plans) if region else set()
    instruments = read_instruments()
    for name, title in procedures.titles():
        guide = procedures.guide(name, region)
        assert guide.title == title
        assert [step.number for step in guide.steps] == list(range(1, len(guide.steps) + 1))
        for step in guide.steps:
            assert step.text.startswith(f"{step.title}：") and step.who and step.source_text
            assert step.verified or "待核实" in step.text or "待核实" in step.deadline
            for citation in step.citations:
                plan = citation["plan"].removeprefix("law:")
                assert citation["quote"]
                assert citation["binding"] and (plan in plans or instruments.known[plan].kind == "law")
                assert set(citation) == {"plan", "title", "doc_number", "status", "binding", "clause", "heading", "quote", "url"}
        if any(not step.verified for step in guide.steps):
            assert any("街道（镇）答复为准" in caution for caution in guide.cautions)


def test_one_regions_rules_are_not_told_in_another(procedures: Procedures) -> None:
    donghe = procedures.guide("select_company", "donghe")
    assert any("7个工作日" in step.deadline for step in donghe.steps)
    for other in ("ejinhoro", "minle", None):
        guide = procedures.guide("select_company", other)
        assert not any("7个工作日" in step.deadline + step.text for step in guide.steps)
        assert not any("东河" in step.text for step in guide.steps)
    assert any("招投标平台" in step.text for step in procedures.guide("select_company", "ejinhoro").steps)


def test_an_ended_or_draft_plan_says_so(procedures: Procedures) -> None:
    ended = procedures.guide("transitional_body", "donghe").steps[0]
    assert "期限已过" in ended.source_text
    draft = next(step for step in procedures.guide("common_revenue_disclosure", "minle").steps if "透明账户" in step.text)
    assert "征求意见稿" in draft.source_text
    assert draft.citations[0]["status"] == "draft"


def test_an_unverified_number_is_never_plain(procedures: Procedures) -> None:
    step = next(step for step in procedures.guide("renewal", "donghe").steps if step.title == "移交")
    assert not step.verified
    assert step.citation is None
    assert step.deadline.endswith("（待核实）")
    assert "条" not in step.source_text.replace("条款", "")


def test_voting_steps_follow_the_civil_code(procedures: Procedures) -> None:
    step = next(step for step in procedures.guide("first_formation", "donghe").steps if step.title == "开会投票")
    assert "三分之二以上" in step.text and "过半数" in step.text
    assert step.citation is not None and step.citation["plan"] == "law:CC" and step.citation["clause"] == "第二百七十八条"
    assert any("旧比例已经被取代" in caution for caution in procedures.guide("first_formation", "donghe").cautions)


def test_a_place_where_it_does_not_hold_says_so(procedures: Procedures) -> None:
    assert "只供参考" in procedures.guide("transitional_body", None).cautions[0]
    assert "只供参考" not in procedures.guide("transitional_body", "donghe").cautions[0]


def test_an_unknown_procedure_is_refused_with_the_choices(procedures: Procedures) -> None:
    with pytest.raises(Refused) as refused:
        procedures.guide("dance", "donghe")
    assert "first_formation" in refused.value.remedy
