"""The fallback intent, used when Rasa is away (docs/labels.md names the intents)."""

import re
from collections.abc import Mapping

from understanding.reading import Reading

_SURE = 0.95
_FILLER = re.compile(
    r"(?:我家?|俺家?|咱们?家?|住|是|在|就|的|那个|这个|电话|手机号?|号码?|联系方式|地址|小区|位置|大概|姓|叫|开始|了|吧|啊|"
    r"呢|呀|嗯|,|。|:|\s|!|-|;|、)+"
)


def only_informs(reading: Reading) -> bool:
    """Whether the message holds nothing but a place, a phone, a time or a name."""
    place = reading.place
    if place.is_empty() and not (reading.phones or reading.times or reading.names):
        return False
    rest = re.sub(r"[0-9零〇一幺二两三四五六七八九十百#\-]+(?:号楼|栋|幢|座|单元|室|号|楼|层|门)?", "", reading.text)
    for words in (place.community, place.spot, *reading.times, *reading.names):
        if words:
            rest = rest.replace(words, "").replace(re.sub(r"[0-9零一二三四五六七八九十]+", "", words), "")
    rest = re.sub(r"[A-Za-z甲乙丙丁东西南北中]?(?:号?楼|栋|幢|座|单元|室|户)", "", rest)
    return not _FILLER.sub("", rest).strip("甲乙丙丁.")


def guess_intent(ranked: Mapping[str, float], reading: Reading) -> tuple[str, float]:
    """Of intents with their probability, best first, the likeliest; an emergency and a bare place, phone or time decide alone."""
    if reading.emergency is not None:
        return "report_emergency", max(reading.emergency.confidence, 0.5)
    label, chance = next(iter(ranked.items()))
    if label != "inform" and only_informs(reading) and label not in {"correct", "ask_human"}:
        return "inform", _SURE
    if label == "report_emergency":
        # The detector, which hears more than one witness, has said no.
        label, chance = next((other, share) for other, share in ranked.items() if other != "report_emergency")
    return label, round(chance, 4)
