"""One cause, many reports: everybody affected is told once, at the beginning and at the end, and nobody elsewhere."""

from datetime import timedelta

import pytest

from config.refusal import Refused
from storage.models import IncidentHearerRow, MessageRow
from tickets.followers import join
from tickets.incidents import Opening, end_incident, linked_tickets, open_incident, suggest_incidents
from understanding.reading import Place


def heard(session, conversation_id):
    query = session.query(MessageRow).filter(MessageRow.conversation_id == conversation_id, MessageRow.author == "notice")
    return [message.body["text"] for message in query.order_by(MessageRow.id)]


def water(build, session, now, building="3", text="家里停水了", **fields):
    place = Place(community="和平小区", building=building)
    return build.ticket(session, now, category="water_supply", place=place, description=text, **fields)


def opening(**fields):
    values = {"kind": "water", "region": "donghe", "community": "和平小区", "buildings": (), "text": "主管爆裂，正在抢修"}
    return Opening(**(values | fields))


def test_one_notice_to_all_affected_and_new_reporters_told_at_once(database, build, now):
    with database.write() as session:
        clerk = build.operator(session)
        rows = [water(build, session, now, building=str(n)) for n in range(1, 5)]
        neighbour = build.conversation(session)
        join(session, rows[0], neighbour.id, None, "", now)
        lives = build.conversation(session, region="donghe", place={"community": "和平小区", "building": "9"})
        elsewhere = build.conversation(session, region="donghe", place={"community": "幸福小区", "building": "9"})
        leak = water(build, session, now, text="楼道水管漏水")
        incident = open_incident(session, opening(expected_at=now + timedelta(hours=5)), clerk, now)
        assert [one.number for one in linked_tickets(session, incident)] == [one.number for one in rows]
        for told in (*(row.conversation_id for row in rows), neighbour.id, lives.id):
            assert len(heard(session, told)) == 1
            assert "停水通知：和平小区全小区，主管爆裂" in heard(session, told)[0]
            assert "11月20日 14:30 前恢复" in heard(session, told)[0]
        assert heard(session, elsewhere.id) == heard(session, leak.conversation_id) == []
        late = water(build, session, now + timedelta(hours=1), building="12", text="12号楼也没水")
        assert len(heard(session, late.conversation_id)) == 1
        again = water(build, session, now + timedelta(hours=2), conversation_id=late.conversation_id, text="还没水")
        assert len(heard(session, again.conversation_id)) == 1
        assert len(linked_tickets(session, incident)) == 6


def test_the_end_is_told_once_and_resolves_what_was_linked(database, build, now):
    with database.write() as session:
        clerk, row = build.operator(session), water(build, session, now)
        incident = open_incident(session, opening(), clerk, now)
        with pytest.raises(Refused):
            end_incident(session, incident, " ", clerk, now)
        end_incident(session, incident, "换了主管阀门，供水已恢复", clerk, now + timedelta(hours=3))
        assert row.state == "resolved"
        assert len(heard(session, row.conversation_id)) == 2
        assert "换了主管阀门" in heard(session, row.conversation_id)[-1]
        with pytest.raises(Refused) as over:
            end_incident(session, incident, "再来一次", clerk, now)
        assert over.value.code == "over"
        assert session.query(IncidentHearerRow).filter(IncidentHearerRow.over_told_at.is_(None)).count() == 0
        new = water(build, session, now + timedelta(hours=9))
        assert heard(session, new.conversation_id) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "earthquake"}, "incident"),
        ({"region": "atlantis"}, "incident"),
        ({"text": " "}, "reason_missing"),
        ({"kind": "elevator"}, "incident"),
        ({"buildings": ("3",)}, "incident_open"),
    ],
)
def test_what_no_incident_can_be_is_refused(database, build, now, wrong, code):
    with database.write() as session:
        clerk = build.operator(session)
        open_incident(session, opening(), clerk, now)
        with pytest.raises(Refused) as refused:
            open_incident(session, opening(**wrong), clerk, now)
        assert refused.value.code == code


def test_a_lift_is_that_of_its_building(database, build, now):
    with database.write() as session:
        clerk = build.operator(session)
        open_incident(session, opening(kind="elevator", buildings=("5",), text="等待配件"), clerk, now)
        there = build.ticket(session, now, category="elevator", place=Place(community="和平小区", building="5"), description="电梯停了")
        other = build.ticket(session, now, category="elevator", place=Place(community="和平小区", building="6"), description="电梯停了")
        unsaid = build.ticket(session, now, category="elevator", place=Place(community="和平小区"), description="电梯停了")
        assert len(heard(session, there.conversation_id)) == 1
        assert heard(session, other.conversation_id) == heard(session, unsaid.conversation_id) == []


def test_many_voices_suggest_an_incident(database, build, now):
    with database.write() as session:
        rows = [water(build, session, now, building=str(n)) for n in range(1, 4)]
        assert suggest_incidents(session, now) == []
        for _ in range(2):
            join(session, rows[0], build.conversation(session).id, None, "", now)
        found = suggest_incidents(session, now + timedelta(hours=1))
        assert [(one.kind, one.community, one.voices, one.buildings) for one in found] == [("water", "和平小区", 5, ("1", "2", "3"))]
        assert suggest_incidents(session, now + timedelta(days=2)) == []
        open_incident(session, opening(), build.operator(session), now)
        assert suggest_incidents(session, now + timedelta(hours=1)) == []
