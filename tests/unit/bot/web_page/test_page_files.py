"""The page's own files agree with each other and stay inside the strict policy."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[4] / "bot" / "web_page" / "static"
MODULES = sorted(STATIC.glob("*.js"))
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in MODULES}
DANGEROUS = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function")
NAMESPACES = {"http://www.w3.org/2000/svg"}


def test_no_file_names_a_foreign_address() -> None:
    found = {
        (path.name, address)
        for path in STATIC.iterdir()
        for address in re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9./-]+", path.read_text(encoding="utf-8"))
        if address not in NAMESPACES
    }
    assert found == set()


def test_no_inline_script_or_style() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == []
    for name, source in SOURCES.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function", source
        ), name


def test_every_word_used_is_there_and_the_reverse() -> None:
    said = set(re.findall(r"^  (\w+):", SOURCES["words.js"], re.MULTILINE))
    used = {word for name, source in SOURCES.items() if name != "words.js" for word in re.findall(r"\bWORDS\.(\w+)", source)}
    assert used - said == set()
    assert said - used == set()


def test_every_icon_used_is_drawn() -> None:
    drawn = set(re.findall(r"^  '?([\w-]+)'?: 'M", SOURCES["icons.js"], re.MULTILINE))
    used = {icon for source in SOURCES.values() for icon in re.findall(r"\b(?:type|icon): '([a-z-]+)'", source)}
    kinds = {"button", "file", "text", "typing", "radio", "polite"}  # other meanings of `type`
    assert used - drawn - kinds == set()


def test_everything_the_html_loads_exists() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="/static/([^"]+)"', html)
    own = [name for name in named if not name.startswith("vendor/")]
    assert own
    assert [name for name in own if not (STATIC / name).is_file()] == []


@pytest.mark.parametrize("name", SOURCES)
def test_imports_stay_inside_the_page(name: str) -> None:
    for target in re.findall(r"from '([^']+)'", SOURCES[name]):
        assert (STATIC / target).is_file(), f"{name} imports {target}"


@pytest.mark.parametrize("name", SOURCES)
def test_no_syntax_that_older_phones_refuse(name: str) -> None:
    """A look-behind in a regular expression is a syntax error before iOS 16.4 and takes the whole page down."""
    assert "(?<=" not in SOURCES[name]
    assert "(?<!" not in SOURCES[name]
