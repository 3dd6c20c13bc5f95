"""The two faces of every Open311 answer: JSON as it is, or XML with the names the standard gives."""

import re
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, tostring  # only writes; nothing foreign is ever parsed

from fastapi import Response
from fastapi.responses import JSONResponse

Format = Literal["json", "xml"]
# What XML 1.0 cannot carry even escaped.
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _fill(element: Element, name: str, value: Any) -> None:
    """Put `value` below `element`; the things in a list are named by the list's singular."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _fill(SubElement(element, key), key, inner)
    elif isinstance(value, list):
        single = name.removesuffix("s")
        for inner in value:
            _fill(SubElement(element, single), single, inner)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _UNSPEAKABLE.sub("", str(value))


def as_xml(root: str, single: str, value: Any) -> bytes:
    """The document `<root>`; a list's things are `<single>`, a record's fields stand directly below the root."""
    top = Element(root)
    if isinstance(value, list):
        for inner in value:
            _fill(SubElement(top, single), single, inner)
    else:
        _fill(top, root, value)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(top, encoding="unicode").encode()


def answer(value: Any, root: str, single: str, how: Format, status: int = 200) -> Response:
    """One answer in the wanted format."""
    if how == "xml":
        return Response(as_xml(root, single, value), status, media_type="text/xml; charset=utf-8")
    return JSONResponse(value, status)
