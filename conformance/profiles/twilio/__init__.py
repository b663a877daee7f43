"""Twilio: SIDs, formats, date styles, paging and error envelopes."""

from __future__ import annotations

from conformance.model.operation import Api, Server

DATE_TIME_2010 = "date-time-rfc-2822"
"""api.twilio.com/2010-04-01 sends RFC 2822 dates; every other host sends ISO 8601."""


def applies(api: Api) -> bool:
    """Tell whether a description is Twilio's: one of its servers is."""
    return any(is_twilio(server) for server in api.servers)


def is_twilio(server: Server) -> bool:
    """Tell whether a server is one of Twilio's."""
    return server.host == "twilio.com" or server.host.endswith(".twilio.com")


def is_2010(server: Server) -> bool:
    """Tell whether a server is the 2010-04-01 API, which has RFC 2822 dates and flat paging envelopes."""
    return server.host == "api.twilio.com" and server.base_path == "/2010-04-01"
