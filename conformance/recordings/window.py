"""The part of a long file that is in memory."""

from __future__ import annotations

import io
from typing import BinaryIO, Final, cast

SIZE: Final = 1024 * 1024
"""Bytes that are looked at together."""
_BUFFER: Final = 256 * 1024
_BOM: Final = b"\xef\xbb\xbf"


def buffered(file: BinaryIO, size: int) -> tuple[bytes, io.BufferedReader]:
    """Give the first bytes of a file, up to a size, and the whole file; a pipe that cannot be rewound will do."""
    source = cast("io.BufferedReader", file)
    head = b""
    while len(head) < size and (part := source.read1(size - len(head))):
        head += part
    return head, io.BufferedReader(_Replay(head, source), _BUFFER)


class _Replay(io.RawIOBase):
    """A file of which the first bytes have been read already."""

    def __init__(self, head: bytes, file: io.BufferedReader) -> None:
        self._head = head
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # narrower: what BufferedReader gives
        if not self._head:
            return self._file.readinto1(buffer)
        taken = self._head[: len(buffer)]
        buffer[: len(taken)] = taken
        self._head = self._head[len(taken) :]
        return len(taken)


class Window:
    """A window that moves over a file, and the place reached in it."""

    def __init__(self, file: BinaryIO) -> None:
        """Start at the beginning of a file, after its byte order mark."""
        self._file = file
        self._lines = 1
        self._counted = 0
        self.data = file.read(SIZE).removeprefix(_BOM)
        self.base = 0
        """The place of `data` in the file."""
        self.at = 0
        """The place reached in `data`."""
        self.ended = False
        """Nothing of the file is left to be read."""

    @property
    def line(self) -> int:
        """The line of the place reached, from 1."""
        self._lines += self.data.count(b"\n", self._counted, self.at)
        self._counted = self.at
        return self._lines

    def more(self) -> bool:
        """Read on and forget what lies behind the place reached; False at the end of the file."""
        self._lines, self._counted = self.line, 0
        self.base += self.at
        kept = self.data[self.at :]
        new = self._file.read(max(SIZE, len(kept)))
        self.data, self.at = kept + new, 0
        self.ended = not new
        return not self.ended


def pass_line(file: BinaryIO, line: bytes) -> int:
    """Pass what is left of a line of which only a part was read; give how many bytes that is."""
    passed = 0
    while not line.endswith(b"\n") and (line := file.readline(SIZE)):
        passed += len(line)
    return passed
