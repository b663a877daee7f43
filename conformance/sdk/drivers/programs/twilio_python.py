"""Drives the `twilio` package for Python: commands come as NDJSON on standard input, outcomes go to standard output.

It runs in the interpreter that has the package, so it imports nothing but that and the standard library. Only the host
is redirected, through the HTTP client class that the package lets its users write. The protocol: docs/drivers.md.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import json
import os
import platform
import re
import sys
import typing
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final, TextIO
from urllib.parse import urlsplit, urlunsplit

import twilio
from twilio.base.domain import Domain
from twilio.base.instance_context import InstanceContext
from twilio.base.list_resource import ListResource
from twilio.base.page import Page
from twilio.base.version import Version
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

try:
    from twilio.http.async_http_client import AsyncTwilioHttpClient
except ImportError:  # 6.x
    AsyncTwilioHttpClient = None

ACCOUNT: Final = "AC00000000000000000000000000000000"
TOKEN: Final = "not-a-real-token"  # noqa: S105 - that is what it says
SYNC, ASYNC = "sync", "async"
_ALIAS: Final = re.compile(r"get|get_page\w*|\w+_with_http_info(_async)?")
"""Calls that take a URL instead of naming a resource, and calls that only return more than their namesakes."""
_STEP: Final = re.compile(r"(\w+)((?:\([^)]*\))*)")
_GIVEN: Final = re.compile(r"\(([^)]*)\)")
_PARAM: Final = re.compile(r":param (?:([\w.]+) )?(\w+):")
_RECORDS: Final = 200
"""Records that a list or a stream may give; more would be paging without an end."""


# The HTTP clients: what the SDK lets its users replace


def _redirected(url: str, base: str) -> tuple[str, str]:
    """Give a URL on the server and the authority that it had."""
    parts, server = urlsplit(url), urlsplit(base)
    return urlunsplit((server.scheme, server.netloc, parts.path, parts.query, "")), parts.netloc


class Redirected(TwilioHttpClient):  # type: ignore[misc] # the package has no types
    """The SDK's own client, sent to the server."""

    base = ""

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        """Send a request to the server instead of its host, which stays in the `Host` header."""
        target, host = _redirected(url, self.base)
        options["headers"] = {**(options.get("headers") or {}), "Host": host}
        return super().request(method, target, *args, **options)


def _asynchronous() -> Any:
    class RedirectedAsync(AsyncTwilioHttpClient):  # type: ignore[misc] # the package has no types
        """The SDK's own asynchronous client, sent to the server."""

        base = ""

        async def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
            """Send a request to the server instead of its host, which stays in the `Host` header."""
            target, host = _redirected(url, self.base)
            options["headers"] = {**(options.get("headers") or {}), "Host": host}
            return await super().request(method, target, *args, **options)

    return RedirectedAsync


# What the SDK offers


def _own(thing: Any) -> Iterator[tuple[str, Any]]:
    """Give the public attributes of a resource's classes, the package's base classes apart."""
    seen: set[str] = set()
    for cls in type(thing).__mro__:
        if not cls.__module__.startswith("twilio.rest"):
            continue
        for name, value in vars(cls).items():
            if not name.startswith("_") and name not in seen:
                seen.add(name)
                yield name, value


def _get(thing: Any, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(thing, name)
        except Exception:  # noqa: BLE001 - a property that raises leads nowhere
            return None


class Walk:
    """Walks the resources of a client."""

    def __init__(self, client: Any) -> None:
        """Keep where to start."""
        self._client = client
        self.broken: list[dict[str, str]] = []
        """Resources that raise when one asks for them."""

    def resources(self) -> Iterator[tuple[str, Any]]:
        """Give every list and context that can be reached, with the path of attributes that leads there."""
        for domain_name, _ in sorted(_own(self._client)):
            domain = _get(self._client, domain_name)
            if isinstance(domain, Domain):
                for version_name, member in sorted(_own(domain)):
                    if isinstance(member, property) and isinstance(_get(domain, version_name), Version):
                        yield from self._below(f"{domain_name}.{version_name}", _get(domain, version_name), frozenset())

    def _below(self, path: str, thing: Any, above: frozenset[type]) -> Iterator[tuple[str, Any]]:
        """Give the resources below a version, a list or a context."""
        if type(thing) in above:
            return
        above |= {type(thing)}
        if isinstance(thing, ListResource) and callable(thing):
            here, context = self._called(path, thing, _names(thing))
            if context is not None:
                yield here, context
                yield from self._below(here, context, above)
        children = list(self._children(path, thing))
        lists = {type(child) for _, child in children if isinstance(child, ListResource)}
        for child_path, child in children:
            is_context = isinstance(child, InstanceContext) and not _is_item(child, lists)
            if is_context or isinstance(child, ListResource):
                yield child_path, child
                yield from self._below(child_path, child, above)

    def _children(self, path: str, thing: Any) -> Iterator[tuple[str, Any]]:
        for name, member in sorted(_own(thing)):
            if isinstance(member, property):
                yield f"{path}.{name}", _get(thing, name)
            elif isinstance(thing, Version) and inspect.isfunction(member):
                for names in _ways(member):
                    yield self._called(f"{path}.{name}", lambda *given, call=member: call(thing, *given), names)

    def _called(self, path: str, call: Callable[..., Any], names: list[str]) -> tuple[str, Any]:
        here = f"{path}({','.join(names)})"
        try:
            return here, call(*names)
        except Exception as error:  # noqa: BLE001 - the package's own mistake, to be told
            self.broken.append({"call": here, "error": f"{type(error).__name__}: {error}"})
            return here, None


def _names(function: Any) -> list[str]:
    return [each.name for each in inspect.signature(function).parameters.values() if each.name != "self"]


def _ways(function: Any) -> Iterator[list[str]]:
    """Give the ways to call an accessor: with what it requires, and with everything."""
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    needed = [each.name for each in parameters if each.default is each.empty]
    yield needed
    if len(needed) < len(parameters):
        yield [each.name for each in parameters]


def _is_item(context: Any, lists: set[type]) -> bool:
    """Tell whether a context is the item of a list beside it: `account` beside `accounts`."""
    name = type(context).__name__.removesuffix("Context")
    return any(each.__name__ == f"{name}List" for each in lists)


def calls(client: Any, kind: str) -> dict[str, Any]:
    """Describe every call of a client."""
    walk = Walk(client)
    found: dict[str, dict[str, Any]] = {}
    for path, resource in walk.resources():
        for name, member in sorted(_own(resource)):
            if (
                not inspect.isfunction(member)
                or _ALIAS.fullmatch(name)
                or name.endswith("_async") is not (kind == ASYNC)
            ):
                continue
            found[f"{path}.{name}"] = {
                "call": f"{path}.{name}",
                "kind": name.removesuffix("_async"),
                "path": [name for given in _GIVEN.findall(path) for name in _split(given)],
                "parameters": _parameters(member),
            }
    return {"calls": list(found.values()), "broken": walk.broken}


def _split(given: str) -> list[str]:
    return [name for name in given.split(",") if name]


def _parameters(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """Describe the parameters of a call: name, whether it is required, type."""
    documented = {name: kind for kind, name in _PARAM.findall(function.__doc__ or "")}
    return [
        {
            "name": each.name,
            "required": each.default is each.empty,
            **_type(_meant(each.annotation, function), documented.get(each.name, "")),
        }
        for each in _signature(function).parameters.values()
        if each.name != "self" and each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}
    ]


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Give a signature with the classes that its annotations name; bodies stand inside of other classes."""
    holders = [each for each in function.__globals__.values() if inspect.isclass(each)]
    bodies = {
        name: each
        for holder in holders
        if holder.__module__ == function.__module__
        for name, each in vars(holder).items()
        if inspect.isclass(each) and hasattr(each, "to_dict")
    }
    try:
        return inspect.signature(function, eval_str=True, locals=bodies)
    except Exception:  # noqa: BLE001 - a name that leads nowhere: the annotation stays text
        return inspect.signature(function)


_TYPES: Final[dict[Any, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dt.datetime: "date-time",
    dt.date: "date",
    dict: "object",
    list: "array",
}
_WORDS: Final = {"bool": "boolean", "datetime": "date-time", "date": "date", "dict": "object", "list": "array"}
"""Older versions have their types in the docstrings only."""


def _meant(annotation: Any, function: Callable[..., Any]) -> Any:
    """Give an annotation with the classes that it names as text."""
    if typing.get_origin(annotation) is typing.Union:
        options = tuple(_meant(each, function) for each in typing.get_args(annotation))
        return typing.Union[options]  # noqa: UP007 - made of values, not written down
    text = annotation.__forward_arg__ if isinstance(annotation, typing.ForwardRef) else annotation
    if not isinstance(text, str):
        return annotation
    found: Any = None
    for name in text.split("."):
        found = function.__globals__.get(name) if found is None else getattr(found, name, None)
    return str if found is None or not hasattr(found, "to_dict") else found


def _type(annotation: Any, word: str) -> dict[str, Any]:
    if annotation is inspect.Parameter.empty:
        return {"type": _WORDS.get(word, "string" if word else "unknown")}
    if annotation is object:
        return {"type": "body", "forms": ["plain", "to_dict"]}
    options = [each for each in typing.get_args(annotation) if each is not object] or [annotation]
    chosen = options[0]
    origin = typing.get_origin(chosen) or chosen
    if origin in _TYPES:
        return {"type": _TYPES[origin]}
    if inspect.isclass(origin) and hasattr(origin, "to_dict"):
        return {"type": "body", "forms": ["model"]}
    return {"type": "string"}


# From commands to calls


class _Body:
    """A body as some calls want it: something with `to_dict`."""

    def __init__(self, fields: Any) -> None:
        self._fields = fields

    def to_dict(self) -> Any:
        """Give the fields."""
        return self._fields


def _native(value: Any, function: Callable[..., Any], name: str) -> Any:
    """Give a value as the language has it."""
    if isinstance(value, list):
        return [_native(each, function, name) for each in value]
    if not isinstance(value, dict):
        return value
    match value.get("$"):
        case "date-time":
            return dt.datetime.fromisoformat(value["value"])
        case "date":
            return dt.date.fromisoformat(value["value"])
        case "body":
            return _body(value["value"], value.get("form", "plain"), function, name)
        case _:
            return {key: _native(each, function, name) for key, each in value.items()}


def _body(fields: Any, form: str, function: Callable[..., Any], name: str) -> Any:
    if form == "to_dict":
        return _Body(fields)
    if form == "model":
        annotation = _meant(_signature(function).parameters[name].annotation, function)
        models = [each for each in (annotation, *typing.get_args(annotation)) if hasattr(each, "to_dict")]
        return models[0](fields)
    return fields


def _resolve(client: Any, call: str, path: list[str]) -> Callable[..., Any]:
    """Follow the path of a call from the client to its method."""
    thing, given = client, iter(path)
    for name, names in _STEP.findall(call):
        thing = _get(thing, name)
        for each in _GIVEN.findall(names):
            thing = thing(*[next(given) for _ in _split(each)])
    method: Callable[..., Any] = thing
    return method


class Driver:
    """Keeps the clients between commands."""

    def __init__(self, base: str) -> None:
        """Keep the address of the server."""
        self._base = base
        self._clients: dict[str, Any] = {}

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the answer to a command."""
        match command["do"]:
            case "describe":
                return self._describe()
            case "calls":
                return calls(Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient()), command["client"])
            case "call":
                return asyncio.run(self._call(command))
            case other:
                return {"error": f"no command {other!r}"}

    def _describe(self) -> dict[str, Any]:
        clients = [SYNC] if AsyncTwilioHttpClient is None else [SYNC, ASYNC]
        return {
            "sdk": "twilio-python",
            "version": twilio.__version__,
            "runtime": f"Python {platform.python_version()}",
            "clients": clients,
        }

    async def _call(self, command: dict[str, Any]) -> dict[str, Any]:
        kind, settings = command["client"], command.get("settings", {})
        client = self._client(kind, settings)
        try:
            function = _resolve(client, command["call"], command["path"])
            arguments = {name: _native(value, function, name) for name, value in command.get("parameters", {}).items()}
            result = function(*command.get("positional", ()), **arguments)
            return {"outcome": "returned", "value": await _taken(result)}
        except Exception as error:  # noqa: BLE001 - what a call raises is what is asked for
            return {"outcome": "raised", "error": _told(error)}
        finally:
            if kind == ASYNC:
                await client.http_client.close()

    def _client(self, kind: str, settings: dict[str, Any]) -> Any:
        """Give a client with these settings; an asynchronous one lives as long as its event loop."""
        key = json.dumps([kind, settings], sort_keys=True)
        if kind == ASYNC or key not in self._clients:
            self._clients[key] = Client(ACCOUNT, TOKEN, http_client=self._http(kind, settings))
        return self._clients[key]

    def _http(self, kind: str, settings: dict[str, Any]) -> Any:
        options: dict[str, Any] = {}
        if "timeout" in settings:
            options["timeout"] = settings["timeout"]
        if "retries" in settings:
            options["max_retries"] = settings["retries"]
        if "proxy" in settings:
            proxy = settings["proxy"]
            options |= {"proxy_url": proxy} if kind == ASYNC else {"proxy": {"http": proxy, "https": proxy}}
        made = _asynchronous()(**options) if kind == ASYNC else Redirected(**options)
        made.base = settings.get("base", self._base)
        return made


async def _taken(result: Any) -> Any:
    """Give what a call returns, waited for and read to its end, as JSON."""
    if inspect.isawaitable(result):
        result = await result
    if inspect.isasyncgen(result):
        result = [each async for each in _first(result)]
    elif inspect.isgenerator(result) or isinstance(result, Page):
        result = [each for each, _ in zip(result, range(_RECORDS), strict=False)]
    return written(result)


async def _first(records: Any) -> Any:
    count = 0
    async for each in records:
        yield each
        count += 1
        if count >= _RECORDS:
            return


# From results to outcomes


def written(value: Any, depth: int = 0) -> Any:
    """Give a value as JSON; what JSON has no word for becomes an object with `$`."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else {"$": "number", "value": str(value)}  # noqa: PLR0124 - not a number
    if isinstance(value, Decimal):
        return {"$": "decimal", "value": str(value)}
    if isinstance(value, dt.datetime):
        return {"$": "date-time", "value": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$": "date", "value": value.isoformat()}
    if depth > 20:  # noqa: PLR2004 - no answer is that deep
        return {"$": "deep"}
    if isinstance(value, list | tuple):
        return [written(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {str(name): written(each, depth + 1) for name, each in value.items()}
    return {
        "$": "object",
        "class": type(value).__name__,
        "fields": {name: written(each, depth + 1) for name, each in _attributes(value).items()},
    }


def _attributes(value: Any) -> dict[str, Any]:
    """Give the public attributes of an object, properties included; what leads to other resources is none."""
    found = {name: each for name, each in vars(value).items() if not name.startswith("_")}
    for name, member in _own(value):
        if isinstance(member, property) and name not in found:
            each = _get(value, name)
            if not isinstance(each, ListResource | InstanceContext):
                found[name] = each
    return found


def _told(error: BaseException) -> dict[str, Any]:
    """Describe an exception."""
    module = type(error).__module__
    message = getattr(error, "msg", None)
    return {
        "type": type(error).__name__,
        "module": module,
        "own": module.startswith("twilio."),
        "status": _integer(getattr(error, "status", None)),
        "code": _integer(getattr(error, "code", None)),
        "message": str(message if message is not None else error)[:500],
    }


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def main(commands: TextIO, outcomes: TextIO, base: str) -> None:
    """Answer commands until there are no more."""
    driver = Driver(base)
    for line in commands:
        command = json.loads(line)
        try:
            answer = driver.answer(command)
        except Exception as error:  # noqa: BLE001 - a driver says what went wrong and goes on
            answer = {"error": f"{type(error).__name__}: {error}"}
        outcomes.write(json.dumps({"id": command["id"], **answer}) + "\n")
        outcomes.flush()


if __name__ == "__main__":
    protocol, sys.stdout = sys.stdout, sys.stderr
    main(sys.stdin, protocol, os.environ["CONFORMANCE_URL"])
