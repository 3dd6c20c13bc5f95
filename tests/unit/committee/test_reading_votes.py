"""The figures of a vote as people say them."""

from fractions import Fraction

import pytest

from committee.amounts import amounts
from committee.reading_votes import Tally, VoteFacts, read_vote
from committee.votes import count_vote

FULL = ((1200, 850, 520), (100000, 70000, 40000))
SAID = [
    ("1200户，参加850户，同意520户，总面积10万平，参加7万，同意4万，选业委会过没过", *FULL),
    ("小区一共一千二百户，十万平米，来了八百五十户七万平，同意的五百二十户四万平，换物业算通过了吗", *FULL),
    ("1200户，10万平；参加850户，7万平；同意520户，4万平", *FULL),
    ("总户数1200，总面积100000，参加表决的850户70000平方米，其中同意520户40000平方米", *FULL),
    ("总共1,200户、100,000㎡，收回850票、7万方，520票赞成、4万方", *FULL),
    ("1200户来了850户同意520算过吗", (1200, 850, 520), (None, None, None)),
    ("850户参加520户同意，一共1200户", (1200, 850, 520), (None, None, None)),
    ("有1000户参加了投票，700户投了赞成票，小区总共1400户", (1400, 1000, 700), (None, None, None)),
    ("1200户中的800户参加投票，其中401户同意", (1200, 800, 401), (None, None, None)),
    ("1200户的小区，800户投票，410户赞成换物业", (1200, 800, 410), (None, None, None)),
    ("选11个委员，总共500户，400户投票，300户同意", (500, 400, 300), (None, None, None)),
    ("3号楼2单元60户，参加45户，同意40户，用维修资金修电梯", (60, 45, 40), (None, None, None)),
    ("1,200户里有801户投票，420户赞成，面积两万三，投了一万八，赞成一万", (1200, 801, 420), (23000, 18000, 10000)),
    ("总共300户3万平，200户参加共2万平，101户同意共10001平", (300, 200, 101), (30000, 20000, 10001)),
    ("总共1200户，400户同意用维修资金，面积10万平同意3万平", (1200, None, 400), (100000, None, 30000)),
    ("我们这300户，面积3.6万平，投票的有210户2.5万平，赞成150户1.9万平", (300, 210, 150), (36000, 25000, 19000)),
    ("业主一共486户，到场330户，举手同意的有170户，能算数吗", (486, 330, 170), (None, None, None)),
    (
        "我们小区总建筑面积8.6万平米，1024户。收回选票700张，对应面积6.1万平米；同意的票455张，面积3.9万",
        (1024, 700, 455),
        (86000, 61000, 39000),
    ),
    ("1000户，700户投票，同意351户，8万平，5.4万平投票，同意2.8万平", (1000, 700, 351), (80000, 54000, 28000)),
    ("总户数：1200户；总面积：100000㎡；参与户数：850户；参与面积：70000㎡；同意户数：520户；同意面积：40000㎡", *FULL),
    ("850户（7万平）参加，520户（4万平）同意，全体1200户（10万平）", *FULL),
    ("850户（共1200户）参加，520户同意", (1200, 850, 520), (None, None, None)),
    (
        "参加业主共计612人，专有部分面积58230.5平方米，赞成412人 面积40011平方米，全体业主900人80000平方米",
        (900, 612, 412),
        (80000, Fraction("58230.5"), 40011),
    ),
    ("1200户只来了600户，全都同意，行不行", (1200, 600, 600), (None, None, None)),
    ("票数够不够：总800，投560，同意281", (800, 560, 281), (None, None, None)),
    ("咱院128户，面积1.1万，开会到了90户8000平，同意48户4100平，修电梯动维修基金", (128, 90, 48), (11000, 8000, 4100)),
    ("没到场的三百户默认同意，来了四百户，三百五同意，总共七百户", (700, 400, 350), (None, None, None)),
    ("每户100平，1200户，参加800户，同意500户", (1200, 800, 500), (None, None, None)),
    ("参加表决的业主有480家，同意的260家，全体720家", (720, 480, 260), (None, None, None)),
]


@pytest.mark.parametrize(("text", "heads", "area"), SAID)
def test_figures(text: str, heads: tuple[int | None, ...], area: tuple[int | None, ...]) -> None:
    read = read_vote(text)
    assert read is not None
    assert (read.heads.total, read.heads.took_part, read.heads.agreed) == heads
    assert (read.area.total, read.area.took_part, read.area.agreed) == area


@pytest.mark.parametrize(
    "text",
    [
        "选业委会要多少户同意",
        "我家500平",
        "3号楼2单元502漏水",
        "13800000000",
        "",
        "你好",
        "业主大会提前15天通知",
        "我们小区1200户",
        "明天下午3点来5个人",
        "一家有三套房算几票",
        "名下两间铺面投几票，同意几票",
        "我们几个委员不同意，主任一个人就把合同签了",
    ],
)
def test_no_vote(text: str) -> None:
    assert read_vote(text) is None


def test_against_and_abstained() -> None:
    read = read_vote("总户数1200，参加850户，同意520户，反对300户，弃权30户")
    assert read is not None
    assert read.heads == Tally(*map(Fraction, (1200, 850, 520, 300, 30)))


def test_shares() -> None:
    read = read_vote("面积参加了72%，同意的占80%，户数参加70%同意75%，改造绿地做停车场行吗")
    assert read is not None
    assert (read.area.took_part_share, read.area.agreed_share) == (Fraction(18, 25), Fraction(4, 5))
    assert (read.heads.took_part_share, read.heads.agreed_share) == (Fraction(7, 10), Fraction(3, 4))


def test_shares_of_nobody_knows_what() -> None:
    read = read_vote("参加率72%，同意率60%，能过吗")
    assert read is not None
    assert read.loose_shares and read.heads.is_empty() and read.area.is_empty()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("850户", 850), ("1,200户", 1200), ("一千二百户", 1200), ("两万三平", 23000), ("7万5平", 75000), ("七万二千平", 72000),
        ("4万5千平", 45000), ("4万2千5平", 42500), ("5千户", 5000), ("1千2百户", 1200),
        ("10.5万平", 105000), ("3亩", 2000), ("两百零五户", 205), ("百分之六十", Fraction(3, 5)),
        ("三分之二", Fraction(2, 3)), ("2/3", Fraction(2, 3)),
        ("66.7%", Fraction(667, 1000)), ("一半", Fraction(1, 2)),
    ],
)  # fmt: skip
def test_one_number(text: str, value: Fraction) -> None:
    assert [amount.value for amount in amounts(text)] == [value]


@pytest.mark.parametrize("text", ["一共", "3号楼", "2单元", "5楼", "11个委员", "15天", "第三次", "2026年5月1日", "统一", "一起"])
def test_not_a_count(text: str) -> None:
    assert amounts(text) == []


def test_shares_of_both() -> None:
    read = read_vote("同意的占三分之二，参加的占四分之三，户数和面积都是，能不能改绿地")
    assert read is not None
    for tally in (read.heads, read.area):
        assert (tally.took_part_share, tally.agreed_share) == (Fraction(3, 4), Fraction(2, 3))


def test_two_figures_for_one_thing_are_not_guessed() -> None:
    read = read_vote("二期300户，三期400户，参加500户，同意300户")
    assert read is not None and read.unclear
    finding = count_vote(read)
    assert finding.passed is None and finding.missing


@pytest.mark.parametrize("text", ["大概850户参加", "850多户参加", "参加的有850户左右"])
def test_about(text: str) -> None:
    read = read_vote(text)
    assert read is not None and read.approximate


@pytest.mark.parametrize(
    "text", ["没投票的视同同意，同意300户", "不表态就算赞成，来了200户", "300户弃权算同意，同意200户", "未参与表决的按多数票算，参加500户"]
)
def test_counted_silence_is_heard(text: str) -> None:
    read = read_vote(text)
    assert read is not None and read.silence_counted


def test_spoiled_ballots_are_left_out() -> None:
    read = read_vote("总共500户，参加400户，同意250户，废票30张")
    assert isinstance(read, VoteFacts)
    assert read.spoiled
    assert (read.heads.agreed, read.heads.abstained) == (250, None)
