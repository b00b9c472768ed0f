"""Security descriptors in self-relative form (MS-DTYP 2.4.6), read whole or as far as they can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Literal, NamedTuple, TypeAlias

from adaudit.decode.errors import DecodeError
from adaudit.decode.flags import DescriptorControl
from adaudit.decode.guid import format_guid
from adaudit.decode.sid import format_sid, sid_size

DaclState: TypeAlias = Literal["present", "empty", "null", "absent"]

_HEADER = Struct("<BBHIIII")
_ACL_HEADER = Struct("<BBHHH")
_ACE_HEADER = Struct("<BBH")
_MASK = Struct("<I")
_OBJECT_HEAD = Struct("<II")

ALLOW_TYPES = frozenset((0x00, 0x05, 0x09, 0x0B))
DENY_TYPES = frozenset((0x01, 0x06, 0x0A, 0x0C))
CALLBACK_TYPES = frozenset((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10))
OBJECT_TYPES = frozenset((0x05, 0x06, 0x07, 0x08, 0x0B, 0x0C, 0x0F, 0x10))
PLAIN_TYPES = frozenset((0x00, 0x01, 0x02, 0x03, 0x09, 0x0A, 0x0D, 0x0E, 0x11, 0x12, 0x13, 0x14, 0x15))
"""ACE types by layout and effect (MS-DTYP 2.4.4.1): plain ones are a mask and a SID."""

_LONGEST_BODY = 112
"""Header, mask, flags, two GUIDs and the longest SID: what follows is a condition or padding."""

_OBJECT_TYPE_PRESENT = 0x1
_INHERITED_OBJECT_TYPE_PRESENT = 0x2

_guid = lru_cache(maxsize=4096)(format_guid)


class Ace(NamedTuple):
    """One ACE of a DACL.

    ``is_allow`` is None for a type that neither allows nor denies. ``mask`` is unsigned and as read, generic bits
    included. ``object_type`` and ``inherited_object_type`` are None when the ACE is about everything.
    ``trustee`` is empty, and ``mask`` 0, for a type of unknown layout.
    """

    position: int
    type: int
    is_allow: bool | None
    flags: int
    mask: int
    object_type: str | None
    inherited_object_type: str | None
    trustee: str
    has_condition: bool


@dataclass(frozen=True, slots=True)
class SecurityDescriptor:
    """A descriptor as far as it could be read.

    ``dacl_state``: a ``null`` DACL (present, but nowhere) and an ``absent`` one give everyone full access, an
    ``empty`` one gives nobody any. ``error`` says what is malformed and at which offset; None when sound.
    """

    control: int
    owner: str | None
    group: str | None
    dacl_state: DaclState
    aces: tuple[Ace, ...]
    error: str | None


@lru_cache(maxsize=1024)
def parse_descriptor(data: bytes) -> SecurityDescriptor:
    """Read a self-relative descriptor's owner, group and DACL; the SACL is left alone. Never raises.

    A malformed part ends up in ``error``; the sound parts, and the ACEs before a malformed one, are kept.
    """
    if len(data) < _HEADER.size:
        error = f"descriptor header cut short: {len(data)} bytes, not {_HEADER.size}"
        return SecurityDescriptor(0, None, None, "absent", (), error)
    revision, _, control, owner_at, group_at, _, dacl_at = _HEADER.unpack_from(data)
    errors: list[str] = []
    if revision != 1:
        errors.append(f"descriptor revision {revision}, not 1, at offset 0")
    if not control & DescriptorControl.SELF_RELATIVE:
        errors.append("descriptor is not self-relative at offset 2")
    owner = _read_sid(data, owner_at, "owner", errors)
    group = _read_sid(data, group_at, "group", errors)
    state, aces = _read_dacl(data, control, dacl_at, errors)
    return SecurityDescriptor(control, owner, group, state, aces, "; ".join(errors) or None)


def _read_sid(data: bytes, offset: int, what: str, errors: list[str]) -> str | None:
    if offset == 0:
        return None
    try:
        return format_sid(data[offset : offset + sid_size(data, offset)])
    except DecodeError as error:
        errors.append(f"{what}: {error}")
        return None


def _read_dacl(data: bytes, control: int, offset: int, errors: list[str]) -> tuple[DaclState, tuple[Ace, ...]]:
    if not control & DescriptorControl.DACL_PRESENT:
        return "absent", ()
    if offset == 0:
        return "null", ()
    if len(data) < offset + _ACL_HEADER.size:
        errors.append(f"DACL header cut short at offset {offset}")
        return "present", ()
    revision, _, size, count, _ = _ACL_HEADER.unpack_from(data, offset)
    if revision not in (2, 4):
        errors.append(f"DACL revision {revision}, not 2 or 4, at offset {offset}")
    end = offset + size
    if size < _ACL_HEADER.size or end > len(data):
        errors.append(f"DACL of {size} bytes does not fit at offset {offset}")
        end = len(data)
    if count == 0:
        return "empty", ()
    aces, error = _read_aces(data, offset + _ACL_HEADER.size, end, count)
    if error:
        errors.append(error)
    return "present", tuple(aces)


def _read_aces(data: bytes, offset: int, end: int, count: int) -> tuple[list[Ace], str | None]:
    aces: list[Ace] = []
    for position in range(count):
        if end < offset + _ACE_HEADER.size:
            return aces, f"ACE {position} of {count} is beyond the DACL at offset {offset}"
        size = data[offset + 2] | data[offset + 3] << 8
        if size < _ACE_HEADER.size or end < offset + size:
            return aces, f"ACE {position} of {size} bytes does not fit at offset {offset}"
        try:
            body = data[offset : offset + (size if size < _LONGEST_BODY else _LONGEST_BODY)]
            aces.append(Ace(position, *_read_ace(body)))
        except DecodeError as error:
            return aces, f"ACE {position}: {error.message} at offset {offset + (error.offset or 0)}"
        offset += size
    return aces, None


_AceBody: TypeAlias = tuple[int, bool | None, int, int, str | None, str | None, str, bool]


@lru_cache(maxsize=16384)
def _read_ace(data: bytes) -> _AceBody:
    """The fields of an ACE but its position: the same bytes come back in most descriptors of a directory."""
    kind, flags, _ = _ACE_HEADER.unpack_from(data)
    is_allow = True if kind in ALLOW_TYPES else False if kind in DENY_TYPES else None
    object_type = inherited_object_type = None
    if kind in PLAIN_TYPES:
        offset = 8
    elif kind in OBJECT_TYPES:
        if len(data) < 12:
            raise DecodeError("object ACE cut short", 4)
        present = _MASK.unpack_from(data, 8)[0]
        offset = 12
        if present & _OBJECT_TYPE_PRESENT:
            object_type = _read_guid(data, offset)
            offset += 16
        if present & _INHERITED_OBJECT_TYPE_PRESENT:
            inherited_object_type = _read_guid(data, offset)
            offset += 16
    else:
        return kind, None, flags, 0, None, None, "", False
    trustee = format_sid(data[offset : offset + sid_size(data, offset)])
    mask = _MASK.unpack_from(data, 4)[0]
    return kind, is_allow, flags, mask, object_type, inherited_object_type, trustee, kind in CALLBACK_TYPES


def _read_guid(data: bytes, offset: int) -> str:
    if len(data) < offset + 16:
        raise DecodeError("GUID cut short", offset)
    return _guid(data[offset : offset + 16])
