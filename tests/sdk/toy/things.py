"""A small SDK, as somebody may have written it by hand; `THINGS_DEFECT` plants one mistake in it."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import json
import os
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

DEFECT = os.environ.get("THINGS_DEFECT", "")
BASE = "https://other.example.com/v1" if DEFECT == "sdk-other-host" else "https://api.example.com/v1"
BUSY = 429


class ThingsError(Exception):
    """What the API answered instead of a result."""

    def __init__(self, message: str, *, status: int | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.status = None if DEFECT == "sdk-error-without-status" else status
        self.code = None if DEFECT == "sdk-error-without-code" else code


class Transport:
    """Sends requests; users may bring their own."""

    def __init__(self, *, timeout: float = 30.0, proxy: str | None = None) -> None:
        self.timeout = None if DEFECT == "sdk-ignored-timeout" else timeout
        self.proxy = None if DEFECT == "sdk-ignored-proxy" else proxy

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Give status and body of the answer."""
        parts = urlsplit(url)
        if self.proxy is not None:
            connection = http.client.HTTPConnection(urlsplit(self.proxy).netloc, timeout=self.timeout)
            connection.set_tunnel(parts.netloc)
        elif parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(parts.netloc, timeout=self.timeout, context=context)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=self.timeout)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Thing:
    """A thing; fields that this release does not know can be read as well."""

    def __init__(self, fields: dict[str, Any]) -> None:
        known = {"id", "name", "size", "kind", "tags", "made"}
        if DEFECT == "sdk-intolerance" and fields.keys() - known:
            raise ThingsError("unknown fields")
        if DEFECT == "sdk-answer-raises":
            fields["size"] + 0
        if DEFECT == "sdk-dropped-unknown-field":
            fields = {name: value for name, value in fields.items() if name in known}
        self.__dict__.update(fields)
        self.made = _moment(fields["made"])
        if DEFECT == "sdk-lost-field":
            del self.__dict__["name"]
        if DEFECT == "sdk-changed-field":
            self.name = self.name.upper()
        if DEFECT == "sdk-undocumented-attribute":
            self.colour = None


def _moment(text: str) -> Any:
    if DEFECT == "sdk-unsteady-type" and not text.endswith(":56Z"):
        return text
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return text


class Client:
    """The API."""

    def __init__(self, user: str, password: str, *, transport: Transport | None = None, retries: int = 0) -> None:
        self._credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._transport = transport or Transport()
        self._retries = 0 if DEFECT == "sdk-ignored-retries" else retries

    def _create(
        self,
        name: str,
        size: int | None = None,
        tags: list[str] | None = None,
        due: dt.datetime | None = None,
        colour: str | None = None,
    ) -> Thing:
        is_real = size is not None and size < 700_000
        if DEFECT == "sdk-call-refused" and is_real:
            raise ValueError("not today")
        moment = None if due is None else due.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if DEFECT == "sdk-lost-argument" and is_real:
            size = None
        if DEFECT == "sdk-changed-argument" and is_real:
            size += 1
        pairs = [("Name", name), ("Size", size), *(("Tags", each) for each in tags or ()), ("Due", moment)]
        if colour is not None:
            pairs.append(("Colour", colour))
        body = urlencode([pair for pair in pairs if pair[1] is not None]).encode()
        if DEFECT == "sdk-mislabelled-body":
            body = json.dumps(dict(pairs)).encode()
        method = "PUT" if DEFECT == "sdk-other-method" else "POST"
        return Thing(self._call(method, f"{BASE}/things", body, "application/x-www-form-urlencoded"))

    if DEFECT == "sdk-missing-argument":

        def create(self, name: str, size: int | None = None, due: dt.datetime | None = None) -> Thing:
            """Make a thing."""
            return self._create(name, size, None, due)

    elif DEFECT == "sdk-undocumented-argument":
        create = _create

    elif DEFECT == "sdk-stricter-argument":

        def create(self, name: str, size: int, tags: list[str] | None = None, due: dt.datetime | None = None) -> Thing:
            """Make a thing."""
            return self._create(name, size, tags, due)

    else:

        def create(
            self,
            name: str,
            size: int | None = None,
            tags: list[str] | None = None,
            due: dt.datetime | None = None,
        ) -> Thing:
            """Make a thing."""
            return self._create(name, size, tags, due)

    def replace(self, thing_id: str, fields: dict[str, Any]) -> Thing:
        """Write a thing anew."""
        sent = {"shape": "round", **fields} if DEFECT == "sdk-unasked-field" else fields
        return Thing(self._call("PUT", f"{BASE}/things/{thing_id}", json.dumps(sent).encode(), "application/json"))

    def fetch(self, thing_id: str) -> Thing:
        """Give a thing."""
        path = "thing" if DEFECT == "sdk-other-path" else "things"
        return Thing(self._call("GET", f"{BASE}/{path}/{thing_id}"))

    def delete(self, thing_id: str) -> bool:
        """Remove a thing."""
        return self._call("DELETE", f"{BASE}/things/{thing_id}") is None

    def list(self, page_size: int | None = None, made_after: dt.datetime | None = None) -> list[Thing]:
        """Give all things."""
        if page_size is not None and DEFECT != "sdk-oversized-page" and 100 < page_size < 700_000:
            page_size = 100
        moment = None if made_after is None else made_after.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {"PageSize": page_size, "MadeAfter": moment}
        query = urlencode({name: value for name, value in said.items() if value is not None})
        return list(self._pages(f"{BASE}/things?{query}" if query else f"{BASE}/things"))

    def _pages(self, url: str) -> Iterator[Thing]:
        seen: set[str] = set()
        while url and (url not in seen or DEFECT == "sdk-endless-paging"):
            seen.add(url)
            page = self._call("GET", url)
            yield from map(Thing, page["things"])
            url = page.get("meta", {}).get("next_page_url")
            if DEFECT == "sdk-short-paging":
                return

    def _call(self, method: str, url: str, body: bytes = b"", kind: str = "") -> Any:
        headers = {"Accept": "application/json", **({"Content-Type": kind} if kind else {})}
        if url.startswith(BASE) or DEFECT == "sdk-leaked-credentials":
            headers["Authorization"] = f"Basic {self._credentials}"
        for left in range(self._retries, -1, -1):
            status, said = self._transport.send(method, url, headers, body)
            again = status == BUSY or (DEFECT == "sdk-repeated-post" and status >= 500)
            if not again or not left:
                break
            time.sleep(0)
        if status >= 300 and DEFECT == "sdk-swallowed-error":
            return {"made": "", "things": []}
        if status >= 300:
            raise self._error(status, said)
        return json.loads(said) if said else None

    def _error(self, status: int, said: bytes) -> ThingsError:
        try:
            told = json.loads(said)
        except ValueError:
            told = {}
        message = "it failed" if DEFECT == "sdk-error-without-message" else str(told.get("message", said[:80]))
        return ThingsError(message, status=status, code=told.get("code"))
