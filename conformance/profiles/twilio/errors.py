"""Twilio's error body, and the codes that stand in it (https://www.twilio.com/docs/api/errors)."""

from __future__ import annotations

from typing import Any, Final

UNKNOWN_PARAMETER: Final = 20001
UNAUTHORIZED: Final = 20003
METHOD_NOT_ALLOWED: Final = 20004
PAGE_SIZE_TOO_LARGE: Final = 20007
CONTENT_TYPE: Final = 19056
"""The Content-Type of a request is none that Twilio takes."""
NOT_FOUND: Final = 20404
TOO_MANY_REQUESTS: Final = 20429
INTERNAL_ERROR: Final = 20500

_BY_STATUS: Final = {
    400: UNKNOWN_PARAMETER,
    401: UNAUTHORIZED,
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    429: TOO_MANY_REQUESTS,
    500: INTERNAL_ERROR,
}


def code_of(status: int) -> int:
    """Give the general code of an HTTP status: 20404 for 404."""
    return _BY_STATUS.get(status, 20000 + status)


def body(*, status: int, code: int, message: str) -> dict[str, Any]:
    """Give the body of an error: code, message, where to read more, and the HTTP status once again."""
    found: dict[str, Any] = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    if code == UNAUTHORIZED:
        found["detail"] = "Your AccountSid or AuthToken was incorrect."
    return found


def conflict(path: str) -> int | None:
    """Give the code for what is there already, by the path of its collection; None for the general one."""
    return 21710 if path.endswith(("/PhoneNumbers", "/ShortCodes")) else None
