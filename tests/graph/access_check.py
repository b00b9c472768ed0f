"""The access check of one account on one object, step by step: the slow and obvious referee (MS-DTYP 2.5.3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

WRITE_DAC, WRITE_OWNER, FULL = 0x40000, 0x80000, 0xF01FF


class Ace(NamedTuple):
    allow: bool
    trustee: int
    mask: int
    object_type: str | None = None


class Wish(NamedTuple):
    """A right asked for: its bit, and the object types of an ACE that stand for what it is about; an ACE without
    object type stands for everything."""

    bit: int
    types: frozenset[str] = frozenset()


def is_granted(wish: Wish, token: Iterable[int], aces: Sequence[Ace]) -> bool:
    """The first ACE of someone in the token that speaks of the right decides."""
    carried = frozenset(token)
    for ace in aces:
        speaks = ace.mask & wish.bit and (ace.object_type is None or ace.object_type in wish.types)
        if speaks and ace.trustee in carried:
            return ace.allow
    return False


def token_of(account: int, memberships: Iterable[tuple[int, int]], always: Iterable[int]) -> set[int]:
    """The account, what it always carries, and every group that holds one of these, at any depth."""
    token = {account, *always}
    pairs = set(memberships)
    while new := {group for member, group in pairs if member in token} - token:
        token |= new
    return token
