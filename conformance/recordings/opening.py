"""Files opened for reading: of this machine and, where fsspec has a driver, of any store; compressed ones unpacked."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from conformance.errors import RecordingError

HEAD: Final = 4096
"""Bytes that tell the format of a file."""
BROKEN: Final = (OSError, EOFError, zlib.error)
"""What reading a file may raise: of the store, and of what it is packed with."""
_FETCHED: Final = 1 << 20
"""Bytes that are asked of a store at a time."""
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


def is_remote(path: str) -> bool:
    """Tell whether a path names a store, such as `s3://bucket/key`."""
    return "://" in path


def opened(path: str) -> BinaryIO:
    """Give a file of this machine or of a store.

    Raises:
        OSError: it cannot be opened.
        RecordingError: it names a store, and the driver is missing.

    """
    if not is_remote(path):
        return Path(path).open("rb")
    store, name = _store(path)
    with _driven():
        return io.BufferedReader(_Stored(store.open(name, "rb")), _FETCHED)


def size(path: str) -> int:
    """Give the length of a file in bytes.

    Raises:
        OSError: it cannot be found.

    """
    if not is_remote(path):
        return Path(path).stat().st_size
    store, name = _store(path)
    with _driven():
        return int(store.size(name))


def identity(path: str) -> str:
    """Give what changes when a file does, as far as its store says; empty where it cannot be found."""
    try:
        if is_remote(path):
            store, name = _store(path)
            with _driven():
                return str(store.ukey(name))
        found = Path(path).stat()
    except (OSError, RecordingError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def is_seekable(path: str) -> bool:
    """Tell whether a file can be read from the middle: no pipe, no standard input."""
    return is_remote(path) or Path(path).is_file()


def inside(path: str) -> list[str]:
    """Give the files of a store that a path names: a folder, a pattern or a file.

    Raises:
        RecordingError: there is none, or the driver is missing.

    """
    store, name = _store(path)
    try:
        with _driven():
            found = store.glob(name) if "*" in name else store.find(name)
    except OSError as error:
        raise RecordingError(path=path, what=f"cannot be listed ({reason(error)})", expected="a recording") from error
    if not found:
        raise RecordingError(path=path, what="no such file or folder", expected="a recording")
    return [str(store.unstrip_protocol(each)) for each in sorted(found)]


def _store(path: str) -> tuple[Any, str]:
    try:
        import fsspec  # noqa: PLC0415 - an optional extra

        return cast("tuple[Any, str]", fsspec.core.url_to_fs(path))
    except (ImportError, ValueError) as error:
        expected = "fsspec with a driver for it (`pip install 'conformance[dask]'`, and for s3:// `s3fs`)"
        raise RecordingError(path=path, what=f"cannot be opened ({error})", expected=expected) from error


@contextmanager
def _driven() -> Iterator[None]:
    """Let whatever the driver of a store raises be an error of a file: each has errors of its own.

    Raises:
        OSError: the driver raised something.

    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise OSError(what) from error


class _Stored(io.RawIOBase):
    """A file of a store: drivers have no more of a file than reading and seeking."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _driven():
            found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        with _driven():
            return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def is_packed(head: bytes) -> bool:
    """Tell whether a file that starts with some bytes is compressed."""
    return head.startswith((_GZIP, _ZSTD))


def unpacked(file: BinaryIO, head: bytes, path: str) -> BinaryIO:
    """Give what a file that starts with some bytes holds: a compressed one unpacked, every other one as it is.

    Raises:
        RecordingError: it is compressed with Zstandard, and the library is missing.

    """
    if head.startswith(_GZIP):
        return cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb"))
    if not head.startswith(_ZSTD):
        return file
    try:
        import zstandard  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        expected = "the library that unpacks it (`pip install zstandard`)"
        raise RecordingError(path=path, what="packed with Zstandard", expected=expected) from error
    reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return io.BufferedReader(_Unpacking(reader, zstandard.ZstdError))


class _Unpacking(io.RawIOBase):
    """A compressed file whose damages are those of a file."""

    def __init__(self, reader: Any, damage: type[Exception]) -> None:
        self._reader = reader
        self._damage = damage

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._reader.readinto(buffer))
        except self._damage as error:
            raise OSError(str(error)) from error


def reason(error: Exception) -> str:
    """Give in words what an error says."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
