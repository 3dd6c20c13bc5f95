"""What a message denies (不是3号楼, 三楼说错了), so that nothing is read out of it."""

import re

from understanding.numerals import SPOKEN

_NOT_THIS = re.compile(
    r"(?<!是)(?:不是|不叫|并非|而非|(?<![止关拧憋忍挡扛受顶收锁留待按捂])不住|不在|别写|不要写|说成|写成|打成|看成|记成|听成)(?:的|在|我家|"
    r"那个)?([^,。;!?是改应]{1,12}?)(?=[,。;!?是改应]|$)"
)
_TOLD_WRONG = re.compile(rf"[0-9{SPOKEN}][^,。]{{1,8}}(?:说错|写错|打错|报错|弄错|记错)了?(?=,)")


def without_denied(text: str) -> str:
    """A cleaned text, same length, with what it denies blanked by spaces."""
    for pattern in (_NOT_THIS, _TOLD_WRONG):
        text = pattern.sub(lambda match: " " * len(match[0]), text)
    return text
