"""Writes an iCalendar file (RFC 5545): all-day entries with reminders 7, 3 and 1 days before."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

REMINDERS = ("-P7D", "-P3D", "-P1D")
LINE_OCTETS = 75


@dataclass(frozen=True)
class Entry:
    """One all-day entry; `uid` stays the same when the file is made again, so a calendar replaces it."""

    uid: str
    on: date
    title: str
    text: str


def calendar_text(name: str, entries: list[Entry], now: datetime) -> str:
    """The file's text with CRLF line ends. `now` must be aware (ValueError otherwise)."""
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Linda//committee//ZH", "CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_escaped(name)}"]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(entry.uid)}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{entry.on + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(entry.title)}",
            f"DESCRIPTION:{_escaped(entry.text)}",
            "TRANSP:TRANSPARENT",
        ]
        for reminder in REMINDERS:
            lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escaped(entry.title)}", f"TRIGGER:{reminder}", "END:VALARM"]
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """The line in pieces of at most 75 octets, never inside a character; the later ones begin with a space."""
    pieces, current = [], ""
    for character in line:
        if len((current + character).encode()) > LINE_OCTETS:
            pieces.append(current)
            current = " "
        current += character
    return [*pieces, current]
