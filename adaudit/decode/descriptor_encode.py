"""Security descriptors from their parts: what samples and tests make directories of."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack
from typing import NamedTuple

from adaudit.decode.descriptor import OBJECT_TYPES
from adaudit.decode.flags import DescriptorControl
from adaudit.decode.guid import parse_guid
from adaudit.decode.sid import parse_sid

_HEADER_SIZE = 20


class NewAce(NamedTuple):
    """An ACE to write. GUIDs need an object type (0x5, 0x6, …); ``condition`` follows the trustee of a callback ACE."""

    type: int
    mask: int
    trustee: str
    flags: int = 0
    object_type: str | None = None
    inherited_object_type: str | None = None
    condition: bytes = b""


def encode_descriptor(
    owner: str | None,
    group: str | None,
    dacl: Sequence[NewAce] | None,
    *,
    sacl: Sequence[NewAce] | None = None,
    control: int = DescriptorControl.DACL_PRESENT,
) -> bytes:
    """The self-relative bytes of a descriptor (MS-DTYP 2.4.6); owner and group are SIDs in text.

    ``dacl`` None with DACL_PRESENT in ``control`` is a NULL DACL, without it an absent one; SELF_RELATIVE is always
    set, and DACL_PRESENT and SACL_PRESENT whenever there are ACEs or an empty list. Raises DecodeError on a malformed
    SID or GUID.
    """
    control |= DescriptorControl.SELF_RELATIVE
    if dacl is not None:
        control |= DescriptorControl.DACL_PRESENT
    if sacl is not None:
        control |= DescriptorControl.SACL_PRESENT
    parts = (
        parse_sid(owner) if owner else b"",
        parse_sid(group) if group else b"",
        b"" if sacl is None else _encode_acl(sacl),
        b"" if dacl is None else _encode_acl(dacl),
    )
    offsets, end = [], _HEADER_SIZE
    for part in parts:
        offsets.append(end if part else 0)
        end += len(part)
    return pack("<BBHIIII", 1, 0, control, *offsets) + b"".join(parts)


def _encode_acl(aces: Sequence[NewAce]) -> bytes:
    body = b"".join(map(_encode_ace, aces))
    revision = 4 if any(ace.type in OBJECT_TYPES for ace in aces) else 2
    return pack("<BBHHH", revision, 0, 8 + len(body), len(aces), 0) + body


def _encode_ace(ace: NewAce) -> bytes:
    body = pack("<I", ace.mask)
    if ace.type in OBJECT_TYPES:
        guids = (ace.object_type, ace.inherited_object_type)
        body += pack("<I", sum(bit for bit, guid in zip((1, 2), guids, strict=True) if guid))
        body += b"".join(parse_guid(guid) for guid in guids if guid)
    body += parse_sid(ace.trustee) + ace.condition
    body += bytes(-len(body) % 4)
    return pack("<BBH", ace.type, ace.flags, 4 + len(body)) + body
