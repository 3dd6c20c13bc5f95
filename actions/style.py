"""“字大一点”, “说简单点”: how a conversation is answered from now on, in few words (elder) or in full (plain)."""

import re

from actions.answer import Answer, Reply
from actions.draft import draft_record
from actions.turn import Turn

_ASKING = r"(?:请|麻烦|你|您|能不能|能|可以|帮我|给我|把|这|跟我|和我|再)*"
_MORE = r"(?:一?[点些](?:儿)?|一下)"
_END = r"(?:行吗|行不行|好吗|可以吗|吗|呗|吧|嘛|了|啊|呀|，?我?(?:看不清|看不见|听不懂|看不懂))*"
_LARGER = rf"字(?:体|号)?(?:能不能|能|可以|再|给我)*(?:太小|(?:调|放|弄|改|变|写|换)?(?:成|到|得)?大(?:{_MORE}|号|字)?)"
_SHORTER = rf"(?:说|讲|答|回答|回复)?(?:话|得|的|再)*(?:简单|简短|短|明白|通俗|直白){_MORE}(?:说|讲)?"
_SMALLER = rf"字(?:体|号)?(?:再|能|给我)*(?:太大|(?:调|放|弄|改|变|写|换)?(?:成|到|得)?小(?:{_MORE}|号|字)?)"
_LONGER = rf"(?:说|讲|答|回答|回复)?(?:话|得|的|再)*(?:详细|仔细|具体|全){_MORE}(?:说|讲)?"
_ELDER = re.compile(rf"{_ASKING}(?:{_LARGER}|{_SHORTER}){_END}[。！!？?]*")
_PLAIN = re.compile(rf"{_ASKING}(?:{_SMALLER}|{_LONGER}){_END}[。！!？?]*")


def style_said(turn: Turn) -> Answer | None:
    """The message is nothing but the wish for another style: it holds from now on; None otherwise."""
    text = turn.reading.text.strip()
    style = "elder" if _ELDER.fullmatch(text) else "plain" if _PLAIN.fullmatch(text) else None
    if style is None:
        return None
    turn.conversation.style = style
    said = turn.words("style_elder") if style == "elder" else turn.words("style_plain")
    return Answer("smalltalk", (Reply(said),), draft=draft_record(turn, turn.draft))
