"""A hotel's bookings in Flask: right as it stands, and wrong in twenty ways that can be switched on one by one.

It serves `openapi.json` beside it. Run it with `python tests/seeded/server.py [DEFECT…]`: it prints its address.
"""

from __future__ import annotations

import base64
import itertools
import re
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, NoReturn

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import MethodNotAllowed

DEFECTS: Final[dict[str, str]] = {
    "zero-byte-crashes": "text with a zero byte ends in a 500, as with a database that refuses it",
    "negative-page-crashes": "a page below 0 ends in a 500",
    "page-size-unbounded": "a page size above the maximum is accepted",
    "guest-not-required": "a booking without a guest is accepted",
    "suite-refused": "a documented kind of room is refused",
    "kind-ignores-case": "a kind of room in capitals is accepted and answered as it came",
    "price-as-text": "the price is a string where breakfast is booked",
    "extras-left-out": "the answer lacks extras where none were asked for",
    "accepted-not-created": "creating answers 202 where a status is given",
    "html-for-404": "what is not there is said in HTML",
    "delete-does-nothing": "a deleted booking is still there",
    "list-misses-last": "the last booking is in no page",
    "notes-not-updated": "an update leaves the notes as they were",
    "delete-without-credentials": "anybody may delete",
    "broken-credentials-crash": "credentials that are no Base64 end in a 500",
    "guest-name-in-ascii": "a guest's name beyond ASCII in the path ends in a 500",
    "guest-too-short-limit": "a guest's name of exactly the greatest length is refused",
    "leap-day-crashes": "a day that does not exist ends in a 500",
    "null-notes-crash": "notes that are null end in a 500",
    "long-stay-pending": "a stay of more than 21 nights gets a status that is not documented",
}

_ID: Final = re.compile(r"bk_[0-9a-f]{12}")
_KINDS: Final = ("single", "double", "suite")
_STATUSES: Final = ("requested", "confirmed", "cancelled")
_EXTRAS: Final = ("breakfast", "parking", "cot", "late-checkout")
_FIELDS: Final = frozenset({"guest", "email", "kind", "status", "arrival", "nights", "notes", "extras", "companions"})
_PASSWORDS: Final = frozenset({"mine", "not-a-real-token"})
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_START: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - written with its own Z


class Refused(Exception):
    """The request is wrong."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


def _refuse(why: str, status: int = 400) -> NoReturn:
    raise Refused(why, status)


def create_app(*defects: str) -> Flask:
    """Make the application, wrong in the ways that are named."""
    unknown = set(defects) - DEFECTS.keys()
    if unknown:
        raise ValueError(unknown)
    return _Hotel(frozenset(defects)).app


class _Hotel:
    def __init__(self, defects: frozenset[str]) -> None:
        self._has = defects.__contains__
        self._bookings: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self.app = Flask("bookings")
        self.app.before_request(self._authenticate)
        self.app.register_error_handler(Refused, self._refused)
        self.app.register_error_handler(404, lambda _: self._refused(Refused("no such place", 404)))
        self.app.register_error_handler(405, self._not_in_this_way)
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("/v1/bookings", "GET", self._list),
            ("/v1/bookings", "POST", self._create),
            ("/v1/bookings/<path:booking_id>", "GET", self._fetch),
            ("/v1/bookings/<path:booking_id>", "PUT", self._update),
            ("/v1/bookings/<path:booking_id>", "DELETE", self._delete),
            ("/v1/guests/<path:name>", "GET", self._guest),
        ]
        for rule, method, view in routes:
            self.app.add_url_rule(rule, f"{method} {rule}", view, methods=[method], strict_slashes=False)

    def _authenticate(self) -> None:
        if request.method == "DELETE" and self._has("delete-without-credentials"):
            return
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or not encoded:
            _refuse("credentials are missing", 401)
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            if self._has("broken-credentials-crash"):
                raise
            _refuse("credentials are broken", 401)
        if not user or password not in _PASSWORDS:
            _refuse("credentials are wrong", 401)

    def _refused(self, refusal: Refused) -> tuple[Response, int]:
        if refusal.status == 404 and self._has("html-for-404"):
            return Response("<h1>Not Found</h1>", mimetype="text/html"), 404
        return jsonify(error=refusal.why), refusal.status

    def _not_in_this_way(self, error: MethodNotAllowed) -> Response:
        response = jsonify(error="not in this way")
        response.status_code = 405
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response

    def _list(self) -> Response:
        page = self._number("page", 0, 10_000, default=0)
        size = self._number("page_size", 1, 100, default=20)
        found = list(self._bookings.values())
        status = request.args.get("status")
        if status is not None:
            wanted = self._member(status, _STATUSES, "status")
            found = [booking for booking in found if booking["status"] == wanted]
        since = request.args.get("since")
        if since is not None:
            first = self._day(since, "since")
            found = [booking for booking in found if booking["arrival"] >= first]
        guest = request.args.get("guest")
        if guest is not None:
            name = self._text(guest, "guest", most=60)
            found = [booking for booking in found if booking["guest"] == name]
        if self._has("list-misses-last"):
            found = found[:-1]
        following = f"/v1/bookings?page={page + 1}&page_size={size}" if (page + 1) * size < len(found) else None
        return jsonify(bookings=found[page * size : (page + 1) * size], next=following)

    def _create(self) -> tuple[Response, int]:
        fields = self._read()
        booking_id = f"bk_{next(self._numbers):012x}"
        created = _START + timedelta(minutes=len(self._bookings))
        self._bookings[booking_id] = {"id": booking_id, "created": f"{created.isoformat()}Z", **fields}
        accepted = self._has("accepted-not-created") and "status" in (request.get_json() or {})
        return self._shown(self._bookings[booking_id]), 202 if accepted else 201

    def _fetch(self, booking_id: str) -> Response:
        return self._shown(self._known(booking_id))

    def _update(self, booking_id: str) -> Response:
        booking = self._known(booking_id)
        fields = self._read()
        if self._has("notes-not-updated"):
            fields["notes"] = booking["notes"]
        booking.update(fields)
        return self._shown(booking)

    def _delete(self, booking_id: str) -> tuple[str, int]:
        self._known(booking_id)
        if not self._has("delete-does-nothing"):
            del self._bookings[booking_id]
        return "", 204

    def _guest(self, name: str) -> Response:
        if self._has("guest-name-in-ascii"):
            name.encode("ascii")
        known = self._text(name, "name", least=1, most=60)
        count = sum(booking["guest"] == known for booking in self._bookings.values())
        if not count:
            _refuse("no such guest", 404)
        return jsonify(name=known, bookings=count)

    def _known(self, booking_id: str) -> dict[str, Any]:
        if not _ID.fullmatch(booking_id):
            _refuse("that is no booking's id")
        if booking_id not in self._bookings:
            _refuse("no such booking", 404)
        return self._bookings[booking_id]

    def _shown(self, booking: dict[str, Any]) -> Response:
        shown = dict(booking)
        if self._has("price-as-text") and "breakfast" in shown["extras"]:
            shown["price"] = str(shown["price"])
        if self._has("extras-left-out") and not shown["extras"]:
            del shown["extras"]
        if self._has("long-stay-pending") and shown["nights"] > 21:
            shown["status"] = "pending"
        return jsonify(shown)

    def _read(self) -> dict[str, Any]:
        if request.mimetype != "application/json":
            _refuse("JSON is wanted", 415)
        try:
            body = request.get_json(silent=True)
        except RecursionError:
            _refuse("the body is nested too deeply")
        if not isinstance(body, dict) or body.keys() - _FIELDS:
            _refuse("an object with the documented fields is wanted")
        extras = self._extras(body.get("extras", []))
        nights = self._whole(body.get("nights"), "nights", 1, 28)
        return {
            "guest": self._guest_of(body),
            "email": self._email(body["email"]) if "email" in body else None,
            "kind": self._kind(body.get("kind")),
            "status": self._member(body.get("status", "requested"), _STATUSES, "status"),
            "arrival": self._day(body.get("arrival"), "arrival"),
            "nights": nights,
            "notes": self._notes(body),
            "extras": extras,
            "companions": self._companions(body.get("companions", [])),
            "price": nights * 80.0 + 12.5 * len(extras),
        }

    def _guest_of(self, body: dict[str, Any]) -> str:
        if "guest" not in body and self._has("guest-not-required"):
            return "somebody"
        most = 59 if self._has("guest-too-short-limit") else 60
        return self._text(body.get("guest"), "guest", least=1, most=most)

    def _kind(self, value: Any) -> str:
        if self._has("suite-refused") and value == "suite":
            _refuse("suites are full")
        if self._has("kind-ignores-case") and isinstance(value, str) and value.lower() in _KINDS:
            return value
        return self._member(value, _KINDS, "kind")

    def _notes(self, body: dict[str, Any]) -> str | None:
        value = body.get("notes")
        if "notes" in body and value is None and self._has("null-notes-crash"):
            message = "strip"
            raise AttributeError(message)
        return None if value is None else self._text(value, "notes", most=200)

    def _text(self, value: Any, name: str, *, least: int = 0, most: int) -> str:
        if not isinstance(value, str) or not least <= len(value) <= most:
            _refuse(f"{name} has to be text of {least} to {most} characters")
        if "\0" in value:
            if self._has("zero-byte-crashes"):
                message = "embedded null byte"
                raise ValueError(message)
            _refuse(f"{name} may not have zero bytes")
        return value

    def _email(self, value: Any) -> str:
        if not isinstance(value, str) or not _EMAIL.fullmatch(value):
            _refuse("that is no e-mail address")
        return value

    def _day(self, value: Any, name: str) -> str:
        if not isinstance(value, str) or not _DATE.fullmatch(value) or not value.isascii():
            _refuse(f"{name} has to be a date")
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            if self._has("leap-day-crashes"):
                raise
            _refuse(f"{name} is a day that does not exist")

    def _extras(self, value: Any) -> list[str]:
        if not isinstance(value, list) or len(value) > 5:
            _refuse("extras have to be a list of at most 5")
        found = [self._member(item, _EXTRAS, "extras") for item in value]
        if len(set(found)) < len(found):
            _refuse("extras have to be different")
        return found

    def _companions(self, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list) or len(value) > 4:
            _refuse("companions have to be a list of at most 4")
        for item in value:
            if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
                _refuse("companions have names")
            if "age" in item:
                self._whole(item["age"], "age", 0, 130)
        return value

    def _member(self, value: Any, allowed: tuple[str, ...], name: str) -> str:
        if value not in allowed or not isinstance(value, str):
            _refuse(f"{name} has to be one of {', '.join(allowed)}")
        return value

    def _whole(self, value: Any, name: str, low: int, high: int) -> int:
        integral = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not integral or not low <= value <= high:
            _refuse(f"{name} has to be a whole number from {low} to {high}")
        return int(value)

    def _number(self, name: str, low: int, high: int, *, default: int) -> int:
        text = request.args.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
            _refuse(f"{name} has to be a whole number")
        value = int(text) if len(text) < 20 else high + 1
        if name == "page_size" and value > high and self._has("page-size-unbounded"):
            return value
        if name == "page" and value < low and self._has("negative-page-crashes"):
            raise IndexError(name)
        if not low <= value <= high:
            _refuse(f"{name} has to be from {low} to {high}")
        return value


if __name__ == "__main__":
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, create_app(*sys.argv[1:]), threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201 - whoever starts it reads it
    server.serve_forever()
