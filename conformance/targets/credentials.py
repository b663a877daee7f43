"""Credentials that the user keeps outside the command line."""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping
from pathlib import Path

from conformance.errors import SettingsError
from conformance.targets.safety import is_twilio_host


def find(host: str, environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Give user and password for a host; None where there are none.

    `CONFORMANCE_AUTH` (`user:password`) is for whatever target is named; `TWILIO_ACCOUNT_SID` with
    `TWILIO_AUTH_TOKEN`, or `TWILIO_API_KEY` with `TWILIO_API_SECRET`, go to Twilio's hosts only; then the netrc file
    (`NETRC`, or `~/.netrc`) is asked, its `default` entry left out.

    Raises:
        SettingsError: `CONFORMANCE_AUTH` has no colon, or the netrc file is broken.

    """
    given = environment.get("CONFORMANCE_AUTH")
    if given:
        user, colon, password = given.partition(":")
        if not colon:
            raise SettingsError(where="CONFORMANCE_AUTH", what="no colon in it", hint="write user:password")
        return user, password
    if is_twilio_host(host):
        for names in (("TWILIO_API_KEY", "TWILIO_API_SECRET"), ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")):
            user, password = (environment.get(name, "") for name in names)
            if user and password:
                return user, password
    return _from_netrc(host, environment)


def _from_netrc(host: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    place = Path(environment["NETRC"]) if environment.get("NETRC") else Path("~/.netrc").expanduser()
    try:
        entry = netrc.netrc(place).hosts.get(host)
    except FileNotFoundError:
        return None
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        raise SettingsError(where=str(place), what=f"it cannot be read: {error}", hint="mend it") from error
    if entry is None:
        return None
    user, _, password = entry
    return (user, password or "") if user else None
