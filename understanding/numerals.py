"""Numbers as people say them: 二十三, 五零二, 幺二零三, 两百, 12."""

DIGITS = dict(zip("零〇一幺二两三四五六七八九", "0011223456789", strict=True))
SCALES = {"十": 10, "百": 100, "千": 1000}
SPOKEN = "零〇一幺二两三四五六七八九十百千"


def numeral(words: str) -> str | None:
    """The number in ASCII digits ("二十三" → "23", "零三零一" → "0301"); None when the words are no number."""
    if not words:
        return None
    if words.isascii():
        return words if words.isdigit() else None
    if all(word in DIGITS or (word.isascii() and word.isdigit()) for word in words):
        return "".join(DIGITS.get(word, word) for word in words)
    return _scaled(words)


def _scaled(words: str) -> str | None:
    """一千二百零三 → "1203", 二百五 → "250"; None for 十十 and the like."""
    total, digit, smallest = 0, -1, 10_000
    for word in words:
        if word in SCALES:
            scale = SCALES[word]
            if scale >= smallest:
                return None
            total, digit, smallest = total + (1 if digit < 0 else digit) * scale, -1, scale
        elif word in DIGITS:
            if digit > 0:
                return None
            digit = int(DIGITS[word])
        else:
            return None
    if digit < 0:
        return str(total)
    # 二百五 is 250, 二百零五 is 205
    ones = 1 if smallest <= 10 or "零" in words or "〇" in words else smallest // 10
    return str(total + digit * ones)
