"""Calls to the action server: schema compiled once, failures kept, a bounded wait, connections kept open."""

import asyncio
from typing import Any

import aiohttp
import jsonschema
import rasa.core.actions.action as stock
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

IDLE_S = 2.0  # below the 5 s after which uvicorn closes an idle connection under our hands
_validator = jsonschema.Draft7Validator(stock.RemoteAction.action_response_format_spec())


def validate_action_result(action: Any, result: Any) -> bool:
    """True; raises RasaException with one line (the stock method's error holds the whole schema)."""
    error = jsonschema.exceptions.best_match(_validator.iter_errors(result))
    if error is not None:
        where = "/".join(map(str, error.absolute_path)) or "answer"
        raise RasaException(f"answer of {action.name()} has another form than Rasa's: {where}: {error.message[:200]}")
    return True


def improve_action_calls() -> None:
    """Patches rasa's RemoteAction."""
    if getattr(stock.RemoteAction, "improved", False):
        return
    stock_run = stock.RemoteAction.run

    async def run(action: Any, output_channel: Any, nlg: Any, tracker: Any, domain: Any) -> Any:
        try:
            events = await stock_run(action, output_channel, nlg, tracker, domain)
        except Exception as failure:
            output_channel.failed_action = f"{action.name()}: {type(failure).__name__}: {failure}"
            raise
        output_channel.done_action = action.name()
        return events

    stock.RemoteAction.run = run
    stock.RemoteAction._validate_action_result = validate_action_result
    stock.RemoteAction.improved = True


class ActionEndpoint(EndpointConfig):
    """The action server's address with one HTTP session for all calls."""

    def __init__(self, plain: EndpointConfig, timeout_s: float) -> None:
        super().__init__(plain.url, plain.params, plain.headers, plain.basic_auth, plain.token, plain.token_name, **plain.kwargs)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def request(self, method: str = "post", subpath: str | None = None, **kwargs: Any) -> Any:
        """The answer's JSON; raises rasa's ClientResponseError from status 400 on, aiohttp's errors otherwise."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S)
            self._session = aiohttp.ClientSession(connector=connector, headers=self.headers)
        url, parameters = concat_url(self.url, subpath), self.combine_parameters(kwargs)
        try:
            async with self._session.request(method, url, params=parameters, json=kwargs.get("json"), timeout=self._timeout) as answer:
                if answer.status >= 400:
                    raise ClientResponseError(answer.status, answer.reason, (await answer.content.read()).decode("utf-8", "replace"))
                return await answer.json()
        except asyncio.TimeoutError as late:
            raise aiohttp.ClientConnectionError(f"no answer within {self._timeout.total} s") from late

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
