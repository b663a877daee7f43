"""Drives the `things` SDK: commands come as NDJSON on standard input, outcomes go to standard output."""

import datetime as dt
import inspect
import json
import os
import sys
from urllib.parse import urlsplit

import things

TYPES = {"str": "string", "int": "integer", "list[str]": "array", "dt.datetime": "date-time", "dict[str, Any]": "body"}
IN_PATH = "thing_id"  # what leads to a thing is no parameter of the call


def calls():
    """Read the calls off the SDK."""
    for name in ("create", "delete", "fetch", "list", "replace"):
        taken = inspect.signature(getattr(things.Client, name)).parameters.values()
        yield {
            "call": name,
            "kind": "update" if name == "replace" else name,
            "path": [each.name for each in taken if each.name == IN_PATH],
            "parameters": [
                {
                    "name": each.name,
                    "required": each.default is each.empty,
                    "type": TYPES[each.annotation.removesuffix(" | None")],
                }
                for each in taken
                if each.name not in ("self", IN_PATH)
            ],
        }


class Redirected(things.Transport):
    """The SDK's own transport, sent to the server; the Host header keeps the documented host."""

    def __init__(self, base, **options):
        super().__init__(**options)
        self.base = base

    def send(self, method, url, headers, body):
        host = urlsplit(url).netloc
        return super().send(method, self.base + url.partition(host)[2], {**headers, "Host": host}, body)


def native(value):
    if isinstance(value, dict) and value.get("$") == "date-time":
        return dt.datetime.fromisoformat(value["value"])
    if isinstance(value, dict) and value.get("$") == "body":
        return value["value"]
    return value


def written(value):
    if isinstance(value, list):
        return [written(each) for each in value]
    if isinstance(value, dt.datetime):
        return {"$": "date-time", "value": value.isoformat()}
    if isinstance(value, things.Thing):
        return {"$": "object", "class": "Thing", "fields": {name: written(each) for name, each in vars(value).items()}}
    return value


def call(command):
    settings = command["settings"]
    options = {name: settings[name] for name in ("timeout", "proxy") if name in settings}
    transport = Redirected(settings.get("base", os.environ["CONFORMANCE_URL"]), **options)
    client = things.Client("user", "not-a-real-password", transport=transport, retries=settings.get("retries", 0))
    arguments = {name: native(value) for name, value in command["parameters"].items()}
    try:
        result = getattr(client, command["call"])(*command["path"], **arguments)
    except Exception as error:
        own = isinstance(error, things.ThingsError)
        told = {"type": type(error).__name__, "module": type(error).__module__, "own": own, "message": str(error)}
        return {
            "outcome": "raised",
            "error": {**told, "status": getattr(error, "status", None), "code": getattr(error, "code", None)},
        }
    return {"outcome": "returned", "value": written(result)}


def answer(command):
    if command["do"] == "describe":
        return {"sdk": "things", "version": "1.0", "runtime": sys.version.split()[0], "clients": ["sync"]}
    if command["do"] == "calls":
        return {"calls": list(calls()), "broken": []}
    return call(command)


for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps({"id": command["id"], **answer(command)}), flush=True)
