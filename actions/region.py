"""Which region a message names: to settle an unknown one, or to change it."""

import re

from actions.turn import Turn
from config.regions import Region

CHANGE_REGION = re.compile(r"换(个|一下)?(地区|旗县|区县|城市|地方)|改(个|一下)?地区|选错(了)?(地区|区)")
MOVING = re.compile(
    r"换(个|一下)?(地区|旗县|区县|城市|地方)|改(个|一下)?地区|选错(了)?(地区|区)|我们?家?|其实|现在|搬到?|住|在|是|的|了|人|[,，。\s]"
)


def hear_region(turn: Turn) -> None:
    """A region named in the message settles an unknown region."""
    if turn.conversation.region:
        return
    for region in turn.parts.regions.values():
        if region.selectable and any(name in turn.reading.text for name in (region.name, *region.short_names)):
            turn.conversation.region = region.id
            return


def wants_other_region(turn: Turn) -> bool:
    """Whether the message asks for another region and names none (换地区)."""
    return not MOVING.sub("", turn.reading.text) and bool(CHANGE_REGION.search(turn.reading.text))


def region_alone(turn: Turn) -> Region | None:
    """The region whose name is all the message says, or None."""
    bare = MOVING.sub("", turn.reading.text)
    return next((r for r in turn.parts.regions.values() if r.selectable and bare in {r.name, *r.short_names}), None)
