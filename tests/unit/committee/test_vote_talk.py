"""A vote told bit by bit: kept between turns, corrected, asked for; silence never counts."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from committee.reading_votes import Tally
from committee.vote_talk import VoteTalk, first_missing, hear, talk_of
from committee.votes import count_vote


def told(*sentences: str) -> VoteTalk:
    talk = VoteTalk(asking="total")
    for sentence in sentences:
        heard = hear(talk, sentence)
        assert heard is not None, sentence
        talk = talk_of(VoteTalk(heard.facts, heard.last, first_missing(heard.facts)).as_record())
    return talk


def test_figures_gather_and_the_last_word_holds() -> None:
    talk = told("1200户", "12万平", "参加850户", "不对是860户", "8万5平", "同意的520户", "同意5万平", "选业委会")
    assert talk.facts.heads == Tally(total=Fraction(1200), took_part=Fraction(860), agreed=Fraction(520))
    assert talk.facts.area == Tally(total=Fraction(120000), took_part=Fraction(85000), agreed=Fraction(50000))
    assert talk.facts.matter is not None and talk.facts.matter.id == "V3" and talk.asking is None
    assert count_vote(talk.facts).passed is True


@pytest.mark.parametrize(
    ("sentences", "heads"),
    [
        (("1200户", "参加850户", "不是850是860"), (1200, 860, None)),
        (("1200户", "参加850户", "错了，应该是840户"), (1200, 840, None)),
        (("1200户", "参加850户", "总户数改成1250"), (1250, 850, None)),
        (("1200户12万平", "850", "同意430户"), (1200, 850, 430)),
        (("1200户", "12万平", "参加850户", "全都同意"), (1200, 850, 850)),
    ],
)
def test_corrections(sentences: tuple[str, ...], heads: tuple[int | None, ...]) -> None:
    found = told(*sentences).facts.heads
    assert tuple(None if v is None else int(v) for v in (found.total, found.took_part, found.agreed)) == heads


@pytest.mark.parametrize("sentence", ["没投票的340户都算同意", "没来的默认同意", "不表态视为同意"])
def test_silence_is_no_vote(sentence: str) -> None:
    before = told("1200户", "12万平", "参加860户8万5平", "同意400户4万平")
    after = hear(before, sentence)
    assert after is not None
    assert (after.facts.heads.agreed, after.facts.heads.took_part) == (400, 860)
    finding = count_vote(after.facts)
    assert finding.passed is False and any("不能算同意" in line for line in finding.lines)


@pytest.mark.parametrize("sentence", ["你好", "物业费多少钱", "换届怎么弄", "能通过吗", "谢谢"])
def test_other_words_tell_nothing(sentence: str) -> None:
    assert hear(told("1200户"), sentence) is None


def test_a_figure_nobody_can_place_is_not_taken() -> None:
    assert hear(VoteTalk(), "860") is None


@given(*[st.integers(min_value=1, max_value=5000)] * 3)
def test_the_record_gives_back_what_was_told(total: int, part: int, agreed: int) -> None:
    talk = told(f"一共{total}户", f"参加{part}户", f"同意{agreed}户")
    assert talk_of(talk.as_record()) == talk
    assert (talk.facts.heads.total, talk.facts.heads.took_part, talk.facts.heads.agreed) == (total, part, agreed)
