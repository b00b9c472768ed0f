"""The security descriptor that a directory gives a new object (MS-ADTS 6.1.3, MS-DTYP 2.5.3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from adaudit.decode.descriptor import parse_descriptor
from adaudit.decode.descriptor_encode import NewAce, encode_descriptor
from adaudit.decode.sddl import from_sddl

_CONTAINER_INHERIT, _NO_PROPAGATE, _INHERIT_ONLY, _INHERITED = 0x02, 0x04, 0x08, 0x10
_DACL_PROTECTED, _AUTO_INHERITED = 0x1000, 0x0400
_CREATOR_OWNER = "S-1-3-0"
_REMEMBERED = 4096
"""Descriptors kept for the next object of the same class, place and rights; those of one object alone come and go."""


@dataclass(frozen=True, eq=False)
class Inheritable:
    """The ACEs of a container that its children receive; one container's are compared with no other's."""

    aces: tuple[NewAce, ...] = ()


class Descriptors:
    """Descriptors of one domain, which is the root of its forest."""

    def __init__(self, domain_sid: str) -> None:
        self._domain_sid = domain_sid
        self.make = lru_cache(_REMEMBERED)(self._make)

    def _make(self, sddl: str, aces: str, owner: str, class_guid: str, above: Inheritable) -> tuple[bytes, Inheritable]:
        """The descriptor of an object, and what it passes on.

        ``sddl``: the default of the class, or what was set instead; ``aces`` are put first; ``owner`` replaces that of
        ``sddl``, by default Domain Admins.
        """
        base = parse_descriptor(from_sddl(sddl or "D:", self._domain_sid))
        first = parse_descriptor(from_sddl(f"O:{owner or 'DA'}D:{aces}", self._domain_sid))
        holder = first.owner if owner or not base.owner else base.owner
        given = [
            NewAce(ace.type, ace.mask, ace.trustee, ace.flags, ace.object_type, ace.inherited_object_type)
            for ace in (*first.aces, *base.aces)
        ]
        dacl = [resolved for ace in given for resolved in _owned(ace, holder or "")]
        if not base.control & _DACL_PROTECTED:
            dacl += [received for ace in above.aces for received in _received(ace, class_guid, holder or "")]
        control = base.control & _DACL_PROTECTED | _AUTO_INHERITED
        raw = encode_descriptor(holder, base.group or holder, dacl, control=control)
        return raw, Inheritable(_passed_on(dacl))


def _passed_on(dacl: Sequence[NewAce]) -> tuple[NewAce, ...]:
    return tuple(ace for ace in dacl if ace.flags & _CONTAINER_INHERIT)


def _owned(ace: NewAce, owner: str) -> list[NewAce]:
    """CREATOR OWNER becomes the owner on the object itself, and remains itself for those below."""
    if ace.trustee != _CREATOR_OWNER or ace.flags & _INHERIT_ONLY:
        return [ace]
    on_object = ace._replace(trustee=owner, flags=ace.flags & ~_CONTAINER_INHERIT)
    return [on_object, ace._replace(flags=ace.flags | _INHERIT_ONLY)] if ace.flags & _CONTAINER_INHERIT else [on_object]


def _received(ace: NewAce, class_guid: str, owner: str) -> list[NewAce]:
    flags = ace.flags & ~(_INHERIT_ONLY | _NO_PROPAGATE) | _INHERITED
    if ace.inherited_object_type not in (None, class_guid):
        return [] if ace.flags & _NO_PROPAGATE else [ace._replace(flags=flags | _INHERIT_ONLY)]
    if ace.flags & _NO_PROPAGATE:
        flags &= ~_CONTAINER_INHERIT
    return _owned(ace._replace(flags=flags), owner)
