"""Why a request is not served, and the body that says so."""

from __future__ import annotations

from typing import Any, Final

from conformance.model.value import Value
from conformance.profiles.twilio import errors

REASONS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Refusal(Value, frozen=True, kw_only=True):
    """Why a request is not served."""

    status: int
    message: str
    code: int | None = None
    """Twilio's number for it; None for the general one of the status."""

    def body(self, *, is_twilio: bool) -> dict[str, Any]:
        """Give the body: Twilio's, or the problem details of RFC 9457."""
        if is_twilio:
            code = errors.code_of(self.status) if self.code is None else self.code
            return errors.body(status=self.status, code=code, message=self.message)
        return {"title": REASONS.get(self.status, ""), "status": self.status, "detail": self.message}


def not_found(path: str) -> Refusal:
    """Refuse a path at which nothing is."""
    return Refusal(status=404, message=f"The requested resource {path} was not found")
