"""The same thing said in other words is found and joined; what only sounds alike, lies elsewhere or long ago is not."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.categories import categories
from config.refusal import Refused
from knowledge.encoder import load_encoder
from storage.models import ConversationRow, MessageRow, TicketEventRow, TicketRow
from tests.randomness import without_random
from tickets.change_ticket import Change, change_ticket
from tickets.duplicates import find_alike
from tickets.followers import count_followers, join, joined_record, joined_tickets, leave_all
from tickets.ladder import sweep
from tickets.likeness import features
from tickets.matters import matters
from tickets.measure_likeness import _pairs, figures, measure, read_pairs
from tickets.repeats import link_repeats, repeats_of
from tickets.resident import withdraw
from tickets.ticket import ticket_record
from understanding.reading import Place

FOLDER = Path(__file__).parent
# b was written to mislead, c and h as residents report
HELD_OUT = {"held_out_pairs_b": (0.74, 0.64), "held_out_pairs_c": (0.94, 0.67), "held_out_pairs_h": (0.71, 0.42)}
ENCODER = Path(__file__).resolve().parents[3] / "var" / "encoder"
STAIRS = Place(community="和平小区", building="3", unit="2")


def news(session, conversation):
    query = session.query(MessageRow).filter(MessageRow.conversation_id == conversation.id, MessageRow.author == "notice")
    return [message.body["text"] for message in query.order_by(MessageRow.id)]


@pytest.mark.parametrize(
    ("file", "with_encoder", "precision", "recall"),
    [
        ("duplicate_pairs.yml", True, 0.97, 0.8),
        ("duplicate_pairs.yml", False, 0.97, 0.84),
        ("validation_pairs.yml", True, 0.97, 0.56),
        ("validation_pairs.yml", False, 0.96, 0.58),
        ("validation_pairs_a.yml", True, 0.9, 0.55),
        ("validation_pairs_d.yml", True, 0.94, 0.8),
        ("validation_pairs_d.yml", False, 0.88, 0.54),
    ],
)
def test_the_development_pairs(file, with_encoder, precision, recall, capsys):
    found = measure(read_pairs(FOLDER / file), _encoder(with_encoder))
    with capsys.disabled():
        print(f"\nduplicates, {file}, encoder {with_encoder}: {figures(found, pairs=False)}")
    assert found.precision >= precision
    assert found.recall >= recall


@pytest.mark.parametrize("path", sorted(FOLDER.glob("held_out_pairs_*.yml")), ids=lambda path: path.stem)
def test_pairs_nobody_tuned_on_do_not_get_worse(path, capsys):
    """The exam: figures only, no pair is shown. The floor is what was reached; the aim is 0.95 and 0.85."""
    count, precision, recall = _exam(path)
    with capsys.disabled():
        print(f"\nduplicates, {path.stem}, {count} pairs: precision {precision:.3f}, recall {recall:.3f}")
    assert count >= 200
    assert precision >= HELD_OUT[path.stem][0], "see the printed figure; the pairs are not shown"
    assert recall >= HELD_OUT[path.stem][1], "see the printed figure; the pairs are not shown"


def _exam(path):
    """(pairs, precision, recall): numbers alone reach the test, so that no report of pytest can show a pair."""
    pairs = read_pairs(path)
    found = measure(pairs, _encoder(wanted=True))
    return len(pairs), found.precision, found.recall


@pytest.mark.parametrize("with_encoder", [True, False])
@pytest.mark.parametrize(("category", "said"), [("lighting", "楼道灯不亮"), ("elevator", "电梯停了"), ("heating", "我们单元暖气都不热")])
def test_the_same_words_of_the_same_door_are_one_thing(category, said, with_encoder):
    """Learnt from hard pairs alone, like words speak against; residents do say the same thing in the same words."""
    entry = {"same": True, "hours": 3, "a": [category, "3-2-", said], "b": [category, "3-2-501", said]}
    found = measure(list(_pairs([entry])), _encoder(with_encoder))
    assert (found.right, found.missed) == (1, ())


def test_pairs_and_their_measure_are_never_printed():
    pairs = read_pairs(FOLDER / "duplicate_pairs.yml")
    found = measure(pairs, None)
    shown = repr(pairs) + repr(found) + str(found)
    assert found.missed
    assert not [pair for pair in pairs if pair.a.report.text in shown or pair.b.report.text in shown]


def _encoder(wanted):
    encoder = load_encoder(ENCODER) if wanted else None
    if wanted and encoder is None:
        pytest.skip("the sentence encoder is not installed (linda prepare)")
    return encoder


@pytest.mark.parametrize(
    ("one", "other", "another"),
    [
        (("elevator", "5-1-301", "电梯停了"), ("elevator", "5-1-1802", "我家十八楼，电梯不走了"), False),
        (("indoor_repair", "5-1-301", "3单元301厨房水龙头漏"), ("indoor_repair", "5-1-501", "厨房水龙头漏"), True),
        (("indoor_repair", "5-1-301", "厨房水龙头漏"), ("indoor_repair", "5-1-301", "卫生间水龙头漏"), True),
        (("water_supply", "7-1-301", "家里没水"), ("water_supply", "7-2-502", "七号楼整栋停水"), False),
        (("electricity", "7-1-301", "就我家没电，邻居都有"), ("electricity", "7-1-502", "停电了"), True),
        (("fire_lane", "3-1-501", "对门楼道放鞋柜"), ("fire_lane", "3-1-201", "二楼楼道放纸箱"), True),
        (("nuisance", "5-2-701", "楼上拖椅子"), ("nuisance", "5-2-301", "楼上拖椅子"), True),
        (("lighting", "-", "负一楼车库灯不亮"), ("lighting", "-", "地库B2灯不亮"), True),
        (("lighting", "3-2", "一楼到三楼灯不亮"), ("lighting", "3-2", "二楼楼道灯不亮"), False),
        (("lighting", "-", "三号楼二单元楼道没灯"), ("lighting", "3-2", "楼道没灯"), False),
    ],
)
def test_what_is_missing_is_compatible_and_what_contradicts_is_not(one, other, another):
    pair = [{"same": True, "hours": 1, "a": list(one), "b": list(other)}]
    found = next(iter(_pairs(pair)))
    assert (features(found.a, found.b, None) is None) == another


@pytest.mark.parametrize("words", ["电梯已经修好了", "不是停水", "来水了，不用派人"])
def test_what_says_that_it_is_over_joins_nothing(words):
    found = next(iter(_pairs([{"same": False, "hours": 1, "a": ["elevator", "5-1", "电梯停了"], "b": ["elevator", "5-1", words]}])))
    assert features(found.a, found.b, None) is None


def test_the_matters_are_of_known_categories_and_have_words():
    for category, ones in matters().items():
        assert category in categories()
        assert all(matter.phrases for matter in ones)


def test_the_same_thing_in_other_words_is_found(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, category="lighting", place=STAIRS, description="二单元楼道灯不亮了")
        new = build.new(build.conversation(session).id, category="lighting", place=STAIRS, description="我们楼梯间黑灯瞎火的，看不见路")
        found = find_alike(session, new, None, now + timedelta(hours=5))
        assert found is not None
        assert (found.ticket.number, found.own, found.met) == (row.number, False, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"place": Place(community="和平小区", building="5", unit="2")},
        {"place": Place(community="幸福小区", building="3", unit="2")},
        {"place": Place(building="3", unit="2")},
        {"category": "elevator", "description": "电梯停了"},
        {"kind": "emergency", "category": "electric_hazard", "description": "楼道灯线断了带电"},
        {"region": "ejinhoro"},
    ],
)
def test_another_place_or_thing_is_not(database, build, now, other):
    with database.write() as session:
        build.ticket(session, now, category="lighting", place=STAIRS, description="二单元楼道灯不亮了")
        fields = {"category": "lighting", "place": STAIRS, "description": "楼道灯不亮"} | other
        assert find_alike(session, build.new(None, **fields), None, now + timedelta(hours=5)) is None


def test_what_is_over_or_long_ago_is_reported_anew(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, category="lighting", place=STAIRS, description="二单元楼道灯不亮了")
        new = build.new(None, category="lighting", place=STAIRS, description="楼道灯不亮")
        assert find_alike(session, new, None, now + timedelta(days=1)) is not None
        assert find_alike(session, new, None, now + timedelta(days=60)) is None
        withdraw(session, row, now=now)
        assert find_alike(session, new, None, now + timedelta(days=1)) is None


def test_who_joins_is_counted_once_and_hears_every_later_change(database, build, now, said):
    with database.write() as session:
        row = build.ticket(session, now, category="lighting", place=STAIRS, property_form="quasi", description="楼道灯不亮")
        neighbour, stranger = build.conversation(session), build.conversation(session)
        join(session, row, neighbour.id, None, "我家3号楼2单元301，电话13812345678，也看不见", now)
        join(session, row, neighbour.id, None, "再说一遍", now)
        join(session, row, stranger.id, None, "", now)
        assert count_followers(session, row) == 2
        assert find_alike(session, build.new(None, category="lighting", place=STAIRS, description="楼道灯不亮"), None, now).met == 3
        change_ticket(session, row, Change("accepted", "王师傅", state="accepted"), now)
        assert len(news(session, neighbour)) == len(news(session, stranger)) == len(said(session, row)) == 1
        assert "您也遇到的那件事" in news(session, neighbour)[0]
        assert "已受理" in news(session, neighbour)[0]
    sweep(database, now + timedelta(hours=12))
    with database.write() as session:
        assert "已经报到" in news(session, neighbour)[-1]
        again = session.get(TicketRow, row.id)
        change_ticket(session, again, Change("resolved", "王师傅", "换了灯泡", state="resolved"), now + timedelta(hours=13))
        assert news(session, neighbour)[-1].endswith("说明：换了灯泡")
        assert len(news(session, stranger)) == 3


def test_nobody_learns_who_joined_or_who_reported(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now, place=Place(community="和平小区", building="3", unit="2", room="502", spot="厨房"))
        neighbour = build.conversation(session)
        join(session, row, neighbour.id, None, "我家3号楼2单元301，我叫李建国，电话13812345678", now)
        for audience in ("resident", "company", "queue"):
            shown = str(ticket_record(session, row, audience=audience))
            assert "301" not in without_random(shown)
            assert "李建国" not in shown
        office = str(ticket_record(session, row, audience="office"))
        assert "13812345678" not in office
        seen = joined_record(session, row)
        assert "502" not in without_random(seen)
        assert seen["description"] == ""
        assert seen["number"] == row.number
        assert [one.number for one in joined_tickets(session, neighbour.id)] == [row.number]


def test_joining_what_is_ones_own_or_over_is_refused(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        with pytest.raises(Refused) as own:
            join(session, row, row.conversation_id, None, "", now)
        withdraw(session, row, now=now)
        with pytest.raises(Refused) as over:
            join(session, row, build.conversation(session).id, None, "", now)
        assert (own.value.code, over.value.code) == ("own", "over")


def test_an_erased_conversation_hears_nothing_more_and_is_forgotten(database, build, now):
    with database.write() as session:
        row = build.ticket(session, now)
        neighbour = build.conversation(session)
        join(session, row, neighbour.id, None, "", now)
        session.get(ConversationRow, neighbour.id).erased_at = now
        change_ticket(session, row, Change("accepted", "王师傅", state="accepted"), now)
        assert news(session, neighbour) == []
        leave_all(session, neighbour.id)
        assert count_followers(session, row) == 0
        events = [e.event for e in session.query(TicketEventRow).filter(TicketEventRow.ticket_id == row.id)]
        assert "also_met" in events


def test_what_one_person_reports_again_is_linked(database, build, now):
    with database.write() as session:
        talk, other = build.conversation(session), build.conversation(session)
        fields = {"category": "lighting", "place": STAIRS}
        first = build.ticket(session, now, conversation_id=talk.id, description="楼道灯不亮", **fields)
        withdraw(session, first, now=now)
        build.ticket(session, now, conversation_id=talk.id, category="elevator", place=STAIRS, description="电梯停了")
        build.ticket(session, now, conversation_id=other.id, description="楼道灯不亮", **fields)
        again = build.ticket(session, now + timedelta(days=90), conversation_id=talk.id, description="楼梯间的灯又黑了", **fields)
        assert link_repeats(session, again, None, now + timedelta(days=90)) == []
        assert [one.number for one in repeats_of(session, again)] == [first.number]
