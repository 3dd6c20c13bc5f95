"""Votes by 民法典 278: the boundary table, exactness against plain fractions, and what is said when figures are missing."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from committee.instruments import FOLDER
from committee.procedure_file import procedure_paths
from committee.reading_votes import Tally, VoteFacts
from committee.vote_talk import VoteTalk, hear
from committee.votes import count_vote, minimum_of_all, read_vote, vote_rule
from committee.voting_rules import Matter, matter_named, voting_rules

ORDINARY = Matter("V3", "（三）", "选举", False)
SPECIAL = Matter("V8", "（八）", "改变用途", True)


def facts(heads: tuple[int, int, int], area: tuple[float | str, ...] | None = None, matter: Matter | None = ORDINARY) -> VoteFacts:
    """Households and area as (total, took part, agreed); the area is that of the households ×100 when not given."""
    sizes = [Fraction(str(value)) for value in area] if area else [Fraction(value) * 100 for value in heads]
    return VoteFacts(matter, Tally(*map(Fraction, heads)), Tally(*sizes))


def reference(values: tuple[Fraction, ...], special: bool) -> bool:
    """The article in the plainest words, written apart from the code under test: cross-multiplied whole numbers."""
    total, part, agreed = values
    if part * 3 < total * 2:
        return False
    return agreed * 4 >= part * 3 if special else agreed * 2 > part


BOUNDARIES = [
    # (total, took part, agreed), special, passed
    ((900, 600, 301), False, True),
    ((900, 600, 300), False, False),  # exactly half is no majority
    ((900, 599, 599), False, False),  # one short of two thirds
    ((900, 600, 450), True, True),  # exactly three quarters
    ((900, 600, 449), True, False),
    ((1000, 667, 334), False, True),
    ((1000, 666, 666), False, False),  # 2/3 of 1000 is 666.67
    ((3, 2, 2), True, True),
    ((3, 2, 1), False, False),
    ((1, 1, 1), True, True),
    ((1200, 850, 520), False, True),
    ((1200, 850, 637), True, False),  # 637.5 needed
    ((1200, 850, 638), True, True),
    ((10, 10, 0), False, False),
]


@pytest.mark.parametrize(("values", "special", "passed"), BOUNDARIES)
def test_boundaries(values: tuple[int, int, int], special: bool, passed: bool) -> None:
    finding = count_vote(facts(values, matter=SPECIAL if special else ORDINARY))
    assert finding.passed is passed
    assert finding.special is special
    assert finding.missing == []


@pytest.mark.parametrize("failing", ["heads", "area"])
def test_both_dimensions_are_needed(failing: str) -> None:
    good, bad = (900, 700, 500), (900, 599, 500)
    given_facts = facts(bad, good) if failing == "heads" else facts(good, bad)
    assert count_vote(given_facts).passed is False


few = st.integers(1, 120).flatmap(
    lambda total: st.integers(0, total).flatmap(lambda part: st.tuples(st.just(total), st.just(part), st.integers(0, part)))
)
figures = st.integers(1, 5000).flatmap(
    lambda total: st.integers(0, total).flatmap(lambda part: st.tuples(st.just(total), st.just(part), st.integers(0, part)))
)
sizes = st.integers(1, 50_000_000).flatmap(
    lambda total: st.integers(0, total).flatmap(lambda part: st.tuples(st.just(total), st.just(part), st.integers(0, part)))
)


@settings(max_examples=600, deadline=None)
@given(heads=figures, area=sizes, special=st.booleans())
def test_exact_for_any_figures(heads: tuple[int, int, int], area: tuple[int, int, int], special: bool) -> None:
    """Area in hundredths of a square metre, so the fractions are real ones."""
    metres = tuple(Fraction(value, 100) for value in area)
    whole = tuple(map(Fraction, heads))
    finding = count_vote(VoteFacts(SPECIAL if special else ORDINARY, Tally(*whole), Tally(*metres)))
    assert finding.passed is (reference(whole, special) and reference(metres, special))


def _random_case(source: random.Random) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...], bool]:
    def near(total: int) -> tuple[Fraction, ...]:
        part = min(total, max(0, (2 * total + 2) // 3 + source.randint(-2, 2) if source.random() < 0.5 else source.randint(0, total)))
        edge = source.choice([part // 2, (3 * part + 3) // 4])
        agreed = min(part, max(0, edge + source.randint(-2, 2) if source.random() < 0.7 else source.randint(0, part)))
        return Fraction(total), Fraction(part), Fraction(agreed)

    return near(source.randint(1, 4000)), near(source.randint(1, 40_000_000)), source.random() < 0.5


def _run(cases: int, seed: int) -> int:
    source = random.Random(seed)
    wrong = 0
    for _ in range(cases):
        heads, area, special = _random_case(source)
        finding = count_vote(VoteFacts(SPECIAL if special else ORDINARY, Tally(*heads), Tally(*area)))
        wrong += finding.passed is not (reference(heads, special) and reference(area, special))
    return wrong


def test_no_wrong_verdict_near_the_limits() -> None:
    assert _run(5_000, seed=278) == 0


@pytest.mark.slow
def test_no_wrong_verdict_in_a_hundred_thousand() -> None:
    wrong = _run(100_000, seed=20210101)
    print(f"100000 votes, {wrong} wrong")
    assert wrong == 0


@settings(max_examples=300, deadline=None)
@given(heads=figures, special=st.booleans(), hidden=st.sampled_from(["total", "took_part", "agreed", "none"]))
def test_a_verdict_with_a_missing_figure_holds_for_every_value_of_it(heads: tuple[int, int, int], special: bool, hidden: str) -> None:
    """Told all but one figure, a verdict may only be given when no possible value of that figure contradicts it."""
    whole = tuple(map(Fraction, heads))
    area = Tally(Fraction(3), Fraction(3), Fraction(3))
    tally = Tally(*(None if name == hidden else value for name, value in zip(("total", "took_part", "agreed"), whole, strict=True)))
    passed = count_vote(VoteFacts(SPECIAL if special else ORDINARY, tally, area)).passed
    if passed is not None:
        assert passed is reference(whole, special)
    if hidden == "none":
        assert passed is not None


@settings(max_examples=300, deadline=None)
@given(heads=few, special=st.booleans())
def test_the_newcomers_said_to_suffice_do_and_one_less_does_not(heads: tuple[int, int, int], special: bool) -> None:
    from committee.tallies import counted, judge

    tally = counted(Tally(*map(Fraction, heads)), "heads")
    needed = judge(tally, special).newcomers
    total, part, agreed = heads
    if reference(tuple(map(Fraction, heads)), special):
        assert needed is None
        return
    enough = [
        more for more in range(total - part + 1) if reference((Fraction(total), Fraction(part + more), Fraction(agreed + more)), special)
    ]
    assert needed == (enough[0] if enough else None)


def test_the_least_of_all_owners() -> None:
    assert minimum_of_all(False) == Fraction(1, 3)
    assert minimum_of_all(True) == Fraction(1, 2)


def test_figures_that_do_not_fit_are_refused() -> None:
    for bad in ((100, 120, 80), (100, 80, 90), (0, 0, 0)):
        finding = count_vote(facts(bad))
        assert finding.passed is None
        assert any("数对不上" in line for line in finding.lines)


def test_silence_is_never_counted() -> None:
    read = read_vote("小区600户，同意300户，没投票的200户算同意，行不行")
    assert read is not None and read.silence_counted
    assert read.heads.agreed == 300 and read.heads.took_part is None
    finding = count_vote(read)
    assert any("不能算同意" in line for line in finding.lines)
    assert any("参与400户" in line for line in finding.lines)
    assert finding.passed is None


def test_households_alone_name_the_missing_area() -> None:
    read = read_vote("1200户来了850户同意520算过吗")
    assert read is not None
    finding = count_vote(read)
    assert finding.passed is None
    assert finding.missing == ["全体业主的面积", "参与表决的面积", "同意的面积"]


def test_a_failing_dimension_settles_it_without_the_other() -> None:
    read = read_vote("1200户，参加700户，同意600户，选业委会")
    assert read is not None
    assert count_vote(read).passed is False
    assert any("还差100户" in line for line in count_vote(read).lines)


def test_an_unknown_matter_stays_open_only_where_it_matters() -> None:
    between = facts((900, 600, 400), matter=None)
    assert count_vote(between).passed is None
    assert count_vote(between).missing == ["表决的是什么事"]
    assert count_vote(facts((900, 600, 500), matter=None)).passed is True
    assert count_vote(facts((900, 600, 100), matter=None)).passed is False


def test_exactly_half_is_explained() -> None:
    assert any("不含一半" in line for line in count_vote(facts((900, 600, 300))).lines)


def test_the_citation_holds_the_rule() -> None:
    finding = count_vote(facts((900, 600, 301)))
    assert finding.citation["plan"] == "law:CC"
    assert finding.citation["clause"] == "第二百七十八条"
    for share in ("三分之二以上", "四分之三以上", "过半数"):
        assert share in finding.citation["quote"]


def test_the_rule_without_figures() -> None:
    finding = vote_rule("占绿地改停车位要多少户同意")
    assert finding.special and finding.matter_id == "V8"
    assert finding.passed is None and len(finding.missing) == 6


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("选业委会过没过", "V3"), ("罢免业委会主任", "V3"), ("业委会换届", "V3"), ("换物业公司", "V4"), ("解聘物业", "V4"),
        ("续聘物业", "V4"), ("动用维修资金修电梯", "V5"), ("续筹维修资金", "V6"), ("大家再交一次维修资金", "V6"), ("改建地下室", "V7"),
        ("楼房推倒重建", "V7"),
        ("绿地改停车场", "V8"), ("电梯里做广告", "V8"), ("修改业主大会议事规则", "V1"), ("通过管理规约", "V2"), ("出售物业用房", "V9"),
        ("今天吃什么", None),
    ],
)  # fmt: skip
def test_the_matter(text: str, matter: str | None) -> None:
    from committee.voting_rules import matter_of

    found = matter_of(text)
    assert (found.id if found else None) == matter


def test_thresholds_are_those_of_the_article() -> None:
    rules = voting_rules()
    assert (rules.participation.share, rules.participation.strict) == (Fraction(2, 3), False)
    assert (rules.ordinary.share, rules.ordinary.strict) == (Fraction(1, 2), True)
    assert (rules.special.share, rules.special.strict) == (Fraction(3, 4), False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("动用维修资金要三分之二同意吗", "使用维修资金现在是一般事项，按民法典过半数算"),
        ("物业管理条例写的双过半还算不算，选业委会", "按民法典第二百七十八条算"),
        ("指导规则里过半数参加，换业委会委员", "同样被民法典第二百七十八条取代"),
    ],
)
def test_an_older_rule_that_is_asked_about_is_explained(text: str, said: str) -> None:
    assert said in "\n".join(vote_rule(text).lines)
    assert said not in "\n".join(vote_rule("改变绿地用途").lines)


def test_the_older_rule_is_explained_with_the_result() -> None:
    facts = read_vote("500户参加340户同意260户，5万平参加3万4同意2万6，动用维修资金")
    assert facts is not None
    finding = count_vote(facts)
    assert finding.passed is True and not finding.special
    assert any("《住宅专项维修资金管理办法》第二十二条" in line for line in finding.lines)


def test_a_question_whether_silence_counts_is_refused_first() -> None:
    lines = vote_rule("没投票的算同意行不行").lines
    assert lines[0].startswith("不行") and "这些票没有计入" not in lines[0]


def test_a_figure_that_decides_nothing_yet_is_repeated() -> None:
    facts = read_vote("参加了八百五十户")
    talk = hear(VoteTalk(asking="total"), "参加了八百五十户")
    told = facts or (talk.facts if talk else None)
    assert told is not None
    assert "户数：记下了，参与850户。" in count_vote(told).lines


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("动用维修资金", "V5"),
        ("我们小区动用维修资金的事", "V5"),
        ("我们想动用维修资金", "V5"),
        ("改变共有部分用途", "V8"),
        ("筹集维修资金的事", "V6"),
        ("改建地下室", "V7"),
        ("换物业", None),
        ("维修资金余额怎么查", None),
        ("维修资金归谁管", None),
        ("换届", None),
        ("电梯坏了要动用维修资金怎么办理手续", None),
        ("", None),
        ("我们", None),
    ],
)
def test_a_message_that_is_the_name_of_a_matter(text: str, matter: str | None) -> None:
    found = matter_named(text)
    assert (found.id if found else None) == matter


def test_the_matter_of_a_procedures_vote() -> None:
    rules = voting_rules()
    assert rules.of_procedures["renewal"] == "V3" and rules.of_procedures["dismiss_company"] == "V4"
    assert set(rules.of_procedures.values()) <= {matter.id for matter in rules.matters}
    assert set(rules.of_procedures) <= {path.stem for path in procedure_paths(FOLDER)}
