"""The way to a live server: its URL, the proxies and certificates of the environment, and connections opened."""

from __future__ import annotations

import asyncio
import os
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from conformance.errors import TargetError
from conformance.targets.connection import Broken, Connection
from conformance.targets.target import Reason

_PROXY_PORT: Final = 8080
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class Way:
    """How connections are opened: directly, encrypted, through a proxy."""

    def __init__(self, base: SplitResult, proxy: str | None, name: str) -> None:
        self._base = base
        self._proxy = None if proxy is None else parsed(proxy, is_proxy=True)
        self._port = base.port or (443 if base.scheme == "https" else 80)
        self._ssl = trusted(name) if base.scheme == "https" else None
        plain = self._proxy is not None and self._ssl is None
        self.origin = f"{base.scheme}://{base.netloc}" if plain else ""
        """Before the path of a request: a proxy that forwards plain HTTP wants the whole URL (RFC 9112, 3.2.2)."""
        self.fields = tuple(self._credentials()) if plain else ()
        """Header fields for the proxy."""

    async def open(self, timeout: float) -> Connection:  # noqa: ASYNC109 - the limit belongs to the user's settings
        """Open a connection.

        Raises:
            Broken: nobody is there, or there is no trust.

        """
        try:
            async with asyncio.timeout(timeout):
                return await self._open(timeout)
        except TimeoutError as error:
            raise Broken(Reason.TIMEOUT, f"no connection within {timeout:g} s") from error
        except ssl.SSLError as error:
            raise Broken(Reason.TLS, f"no encrypted connection: {error.reason or error}") from error
        except OSError as error:
            raise Broken(Reason.UNREACHABLE, f"no connection: {error.strerror or error}") from error

    async def _open(self, timeout: float) -> Connection:  # noqa: ASYNC109 - as above
        loop = asyncio.get_running_loop()
        if self._proxy is None:
            _, direct = await loop.create_connection(
                Connection,
                self._base.hostname or "",
                self._port,
                ssl=self._ssl,
                server_hostname=self._base.hostname if self._ssl else None,
            )
            return direct
        transport, connection = await loop.create_connection(
            Connection, self._proxy.hostname or "", self._proxy.port or _PROXY_PORT
        )
        if self._ssl is None:
            return connection
        try:
            return await self._tunnel(transport, connection, timeout)
        except BaseException:
            transport.abort()
            raise

    async def _tunnel(self, transport: asyncio.Transport, connection: Connection, timeout: float) -> Connection:  # noqa: ASYNC109 - as above
        """Ask the proxy for a tunnel and encrypt what goes through it (RFC 9110, 9.3.6)."""
        place = f"{self._base.hostname}:{self._port}"
        lines = [
            f"CONNECT {place} HTTP/1.1",
            f"Host: {place}",
            *(f"{name}: {value}" for name, value in self._credentials()),
        ]
        asked = "\r\n".join([*lines, "", ""]).encode()
        reply = await connection.exchange(asked, is_head=True, timeout=timeout)
        if reply.status != 200:  # noqa: PLR2004 - the tunnel is open
            raise Broken(Reason.UNREACHABLE, f"the proxy refuses: {reply.status} {reply.reason}")
        assert self._ssl is not None  # noqa: S101 - tunnels are for encrypted connections
        inner = Connection()
        loop = asyncio.get_running_loop()
        encrypted = await loop.start_tls(transport, inner, self._ssl, server_hostname=self._base.hostname)
        assert encrypted is not None  # noqa: S101 - asyncio's own transports give one
        inner.connection_made(encrypted)
        return inner

    def _credentials(self) -> Iterator[tuple[str, str]]:
        if self._proxy is not None and self._proxy.username:
            pair = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
            yield "Proxy-Authorization", f"Basic {b64encode(pair.encode()).decode()}"


def parsed(url: str, *, is_proxy: bool = False) -> SplitResult:
    """Take a URL of a server, or of a proxy, apart.

    Raises:
        TargetError: it is none.

    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise TargetError(target=url, what=f"no URL: {error}", hint="write http://host:port") from error
    if is_proxy and parts.hostname:
        return parts
    if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        hint = "give credentials by --auth" if "@" in parts.netloc else "write http://host:port/path"
        raise TargetError(target=url, what="no URL of a server", hint=hint)
    return parts


def proxy_for(scheme: str, authority: str) -> str | None:
    """Give the proxy that the environment names for a server; None where it is called directly."""
    return None if proxy_bypass(authority) else getproxies().get(scheme)


def trusted(url: str) -> ssl.SSLContext:
    """Give the certificates that the environment trusts.

    Raises:
        TargetError: the bundle that it names cannot be read.

    """
    bundle = next((os.environ[name] for name in _BUNDLES if os.environ.get(name)), None)
    if bundle is None:
        return ssl.create_default_context()
    folder = Path(bundle).is_dir()
    try:
        return ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)
    except (OSError, ssl.SSLError) as error:
        raise TargetError(
            target=url,
            what=f"the certificate bundle {bundle} cannot be read: {error}",
            hint=f"check {', '.join(_BUNDLES)}",
        ) from error
