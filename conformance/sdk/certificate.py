"""A certificate for the loopback interface, so that what an SDK does over TLS only can be seen too."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.model.value import Value
from conformance.sdk.protocol import DriverFailed


class Certificate(Value, frozen=True, kw_only=True):
    """A self-signed certificate with its key, as files."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Give what a server needs to speak TLS with it."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file, self.key)
        return made

    @property
    def trust(self) -> Mapping[str, str]:
        """The environment in which `requests`, Python's `ssl` and Node trust it."""
        return dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), str(self.file))


def certificate(folder: Path, hosts: Iterable[str]) -> Certificate:
    """Make a certificate for 127.0.0.1 and some host names in a folder.

    Raises:
        DriverFailed: this machine has no `openssl`, or it fails.

    """
    program = shutil.which("openssl")
    if program is None:
        message = "there is no `openssl` on this machine to make a certificate with"
        raise DriverFailed(message)
    made = Certificate(file=folder / "certificate.pem", key=folder / "key.pem")
    names = ",".join(["IP:127.0.0.1", *(f"DNS:{host}" for host in sorted(set(hosts)))])
    command = [
        program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName={names}", "-keyout", str(made.key),
        "-out", str(made.file),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - every argument is ours
    if done.returncode:
        message = f"`openssl` makes no certificate: {done.stderr.decode('utf-8', 'replace').strip()[-200:]}"
        raise DriverFailed(message)
    return made
