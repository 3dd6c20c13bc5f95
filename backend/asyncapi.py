"""Describes the queue to machines: AsyncAPI 3.0 at /asyncapi.json, and the schemas it uses."""

from typing import Any

from fastapi import APIRouter, Request

from backend.schemas import TICKET, UPDATE, URN, schemas
from config.refusal import Refused
from storage.outbox import TYPES

VERSION = "1.0.0"


def _component(name: str) -> str:
    return f"#/components/schemas/{name}"


def _inside(value: Any) -> Any:
    """A schema as a component of the document: no identity of its own, references by place instead of URN."""
    if isinstance(value, list):
        return [_inside(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _inside(inner) for key, inner in value.items() if key not in {"$schema", "$id"}}
    if isinstance(plain.get("$ref"), str):
        plain["$ref"] = _component(plain["$ref"].removeprefix(URN))
    return plain


def _messages() -> dict[str, Any]:
    events = {
        name: {"name": name, "title": name, "contentType": "application/cloudevents+json", "payload": {"$ref": _component(name)}}
        for name in TYPES
    }
    update = {"name": UPDATE, "title": UPDATE, "contentType": "application/json", "payload": {"$ref": _component(UPDATE)}}
    return {**events, UPDATE: update}


def _channels() -> dict[str, Any]:
    def listed(*names: str) -> dict[str, Any]:
        return {name: {"$ref": f"#/components/messages/{name}"} for name in names}

    return {
        "tickets": {
            "address": "/api/v1/queue/leases",
            "title": "Ticket events by pull",
            "description": "POST {max, lease_s} leases events, POST {lease}/ack or /nack settles them. At least once, in order per ticket.",
            "messages": listed(*TYPES),
        },
        "updates": {
            "address": "/api/v1/tickets/{number}/updates",
            "title": "Updates of a ticket",
            "parameters": {"number": {"description": "The ticket's number, the subject of its events"}},
            "messages": listed(UPDATE),
        },
    }


def asyncapi_document(host: str, protocol: str) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of the deployment that answers at `host` by `protocol` (http or https)."""

    def every(channel: str, *names: str) -> list[dict[str, str]]:
        return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]

    return {
        "asyncapi": "3.0.0",
        "id": "urn:linda:queue",
        "info": {
            "title": "邻答 Linda queue",
            "version": VERSION,
            "description": "Ticket events for other systems, and their updates back.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"linda": {"host": host, "protocol": protocol, "security": [{"$ref": "#/components/securitySchemes/key"}]}},
        "channels": _channels(),
        "operations": {
            "sendTicketEvent": {
                "action": "send",
                "channel": {"$ref": "#/channels/tickets"},
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
                "messages": every("tickets", *TYPES),
            },
            "receiveUpdate": {
                "action": "receive",
                "channel": {"$ref": "#/channels/updates"},
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
                "messages": every("updates", UPDATE),
            },
        },
        "components": {
            "messages": _messages(),
            "schemas": {name: _inside(schema) for name, schema in schemas().items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "API key made in the console"}},
        },
    }


def asyncapi_router() -> APIRouter:
    """Routes /asyncapi.json and /schemas/<name>.json; open to everyone, they hold no data."""
    router = APIRouter(tags=["queue"])

    @router.get("/asyncapi.json")
    def document(request: Request) -> dict[str, Any]:
        return asyncapi_document(request.url.netloc, request.url.scheme)

    @router.get("/schemas/{name}.json")
    def schema(name: str) -> dict[str, Any]:
        found = schemas().get(name)
        if found is None:
            raise Refused("没有这个结构说明", f"可选：{TICKET}、{UPDATE}、{'、'.join(TYPES)}", status=404, code="no_schema")
        return found

    return router
