"""Choices that follow from a seed: the same key always draws the same values, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Chosen = TypeVar("Chosen")
_MILLION = 1_000_000


class Draw:
    """A few dozen choices that depend on ``key`` alone, so that object number n needs none of those before it."""

    __slots__ = ("_left",)

    def __init__(self, *key: object) -> None:
        self._left = int.from_bytes(_digest(key, 64), "big")

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` excluded."""
        self._left, chosen = divmod(self._left, bound)
        return chosen

    def between(self, lowest: int, highest: int) -> int:
        """A number from ``lowest`` to ``highest``, both included; ``lowest`` when there is nothing between."""
        return lowest + self.below(max(highest - lowest, 0) + 1)

    def chance(self, probability: float) -> bool:
        return self.below(_MILLION) < probability * _MILLION

    def pick(self, choices: Sequence[Chosen]) -> Chosen:
        return choices[self.below(len(choices))]


def guid_bytes(*key: object) -> bytes:
    """The 16 bytes of a GUID of the random kind (RFC 4122 version 4) that depends on ``key``."""
    value = bytearray(_digest(key, 16))
    value[7] = value[7] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    return bytes(value)


def _digest(key: tuple[object, ...], size: int) -> bytes:
    return blake2b("\0".join(map(str, key)).encode(), digest_size=size).digest()
