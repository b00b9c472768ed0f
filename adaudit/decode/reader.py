"""Little-endian structures read front to back, each read checked against what is left."""

from __future__ import annotations

from adaudit.decode.errors import DecodeError


class Reader:
    """A place in some bytes; every read moves it on and raises DecodeError, with the offset, when bytes are missing."""

    def __init__(self, data: bytes, offset: int = 0, end: int | None = None) -> None:
        self.data = data
        self.offset = offset
        self.end = len(data) if end is None else end

    @property
    def left(self) -> int:
        return self.end - self.offset

    def take(self, size: int, what: str) -> bytes:
        if size > self.left:
            raise DecodeError(f"{what} cut short: {size} bytes wanted, {self.left} left", self.offset)
        start = self.offset
        self.offset += size
        return self.data[start : self.offset]

    def part(self, size: int, what: str) -> Reader:
        """A reader of the next ``size`` bytes alone; its offsets stay those of the whole."""
        start = self.offset
        self.take(size, what)
        return Reader(self.data, start, self.offset)

    def number(self, size: int, what: str) -> int:
        """An unsigned little-endian number of ``size`` bytes."""
        return int.from_bytes(self.take(size, what), "little")

    def counted(self, what: str) -> bytes:
        """Bytes preceded by their length in four bytes."""
        return self.take(self.number(4, f"length of {what}"), what)
