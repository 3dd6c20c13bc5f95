"""The articles of law that steps and votes quote: /laws/<id> shows those at hand word for word, each with its anchor."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from committee.instruments import read_instruments
from config.refusal import Refused

TEMPLATES = Path(__file__).resolve().parent.parent / "committee" / "templates"


def law_pages_router() -> APIRouter:
    """Routes below /laws. Only the articles this product quotes are at hand; the page says so."""
    router = APIRouter(prefix="/laws", include_in_schema=False)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    template = environment.get_template("law.html")

    @router.get("/{law}")
    def page(law: str) -> HTMLResponse:
        instruments = read_instruments()
        known = instruments.known.get(law)
        articles = instruments.articles.get(law, {})
        if known is None or known.kind != "law" or not articles:
            there = "、".join(name for name in instruments.articles if instruments.known[name].kind == "law")
            raise Refused("没有这部法律文件的条文", f"可看：{there}", status=404, code="no_law")
        shown = [(clause, text.splitlines()) for clause, text in articles.items()]
        return HTMLResponse(template.render(law=known, articles=shown), headers={"Cache-Control": "no-cache"})

    return router
