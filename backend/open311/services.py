"""Our categories as Open311 services, and the fields a report of each may carry."""

from typing import Any

from config.categories import Category, categories
from config.words import Words

PLACE_FIELDS = ("community", "building", "unit", "room", "spot")


def service_of(code: str) -> Category | None:
    """The category a service_code names; None when there is none."""
    return categories().get(code)


def service_list() -> list[dict[str, Any]]:
    """GET services: every category, emergencies with the words what to do first."""
    words = Words()
    return [
        {
            "service_code": category.id,
            "service_name": category.title,
            "description": category.first_line or "、".join(category.examples) or category.title,
            "metadata": True,
            "type": "realtime",
            "keywords": ",".join(category.examples),
            "group": words(f"open311_group_{category.kind}"),
        }
        for category in categories().values()
    ]


def service_definition(category: Category) -> dict[str, Any]:
    """GET services/<code>: the place in our parts; each may be left out when the address says it."""
    words = Words()
    return {
        "service_code": category.id,
        "attributes": [
            {
                "variable": True,
                "code": field,
                "datatype": "string",
                "required": False,
                "datatype_description": "",
                "order": order,
                "description": words(f"open311_{field}"),
            }
            for order, field in enumerate(PLACE_FIELDS, start=1)
        ],
    }
