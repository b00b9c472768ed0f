"""Security descriptors as text, in SDDL (MS-DTYP 2.5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from adaudit.decode.descriptor import CALLBACK_TYPES, OBJECT_TYPES, Ace, SecurityDescriptor
from adaudit.decode.descriptor_encode import NewAce, encode_descriptor
from adaudit.decode.errors import DecodeError
from adaudit.decode.flags import DescriptorControl
from adaudit.decode.guid import parse_guid
from adaudit.decode.sddl_names import (
    ACE_FLAGS,
    ACE_TYPES,
    ALIASES,
    COMPOUND_RIGHTS,
    DOMAIN_RIDS,
    RIGHTS,
    ROOT_DOMAIN_RIDS,
)
from adaudit.decode.sid import format_sid, parse_sid

_DACL_CONTROLS = {
    "P": DescriptorControl.DACL_PROTECTED,
    "AR": DescriptorControl.DACL_AUTO_INHERIT_REQUIRED,
    "AI": DescriptorControl.DACL_AUTO_INHERITED,
}
_SACL_CONTROLS = {
    "P": DescriptorControl.SACL_PROTECTED,
    "AR": DescriptorControl.SACL_AUTO_INHERIT_REQUIRED,
    "AI": DescriptorControl.SACL_AUTO_INHERITED,
}
_NULL_DACL = "NO_ACCESS_CONTROL"

_TYPE_NAMES = {number: name for name, number in ACE_TYPES.items()}
_SID_NAMES = {sid: name for name, sid in ALIASES.items()}
_DOMAIN_NAMES = {rid: name for name, rid in DOMAIN_RIDS.items()}

_SECTION = re.compile(r"\s*([OGDS]):\s*")  # the schema itself has blanks around some
_SID_TOKEN = re.compile(r"S-1-(?:0x[0-9a-f]+|[0-9]+)(?:-[0-9]+)*|[a-z]{2}", re.IGNORECASE | re.ASCII)
_CONTROL_TOKEN = re.compile(rf"{_NULL_DACL}|P|AR|AI")
_ACE_TOKEN = re.compile(r"\(([^()]*)\)")
_NUMBER = re.compile(r"0x[0-9a-f]{1,8}|[0-9]{1,10}", re.IGNORECASE | re.ASCII)


def to_sddl(descriptor: SecurityDescriptor, domain_sid: str | None = None) -> str:
    """Owner, group and DACL as SDDL, for people to read.

    Groups of the domain get their two-letter names when ``domain_sid`` is given. An ACE of a type that SDDL has no
    name for shows its number, and a condition shows as ``(…)``: such text does not go back through ``from_sddl``.
    """

    def name(sid: str) -> str:
        if domain_sid and sid.startswith(f"{domain_sid}-"):
            return _DOMAIN_NAMES.get(int(sid.rpartition("-")[2]), sid)
        return _SID_NAMES.get(sid, sid)

    text = f"O:{name(descriptor.owner)}" if descriptor.owner else ""
    if descriptor.group:
        text += f"G:{name(descriptor.group)}"
    if descriptor.dacl_state == "absent":
        return text
    text += "D:" + "".join(label for label, bit in _DACL_CONTROLS.items() if descriptor.control & bit)
    if descriptor.dacl_state == "null":
        return text + _NULL_DACL
    return text + "".join(_ace_text(ace, name) for ace in descriptor.aces)


def ace_to_sddl(ace: Ace) -> str:
    """One ACE as SDDL between parentheses, its trustee as a SID; what ``to_sddl`` says of odd ACEs holds."""
    return _ace_text(ace, str)


def _ace_text(ace: Ace, name: Callable[[str], str]) -> str:
    fields = (
        _TYPE_NAMES.get(ace.type, f"0x{ace.type:x}"),
        _bits_text(ace.flags, ACE_FLAGS),
        _bits_text(ace.mask, RIGHTS),
        ace.object_type or "",
        ace.inherited_object_type or "",
        name(ace.trustee),
    )
    return f"({';'.join(fields)}{';(…)' if ace.has_condition else ''})"


def _bits_text(value: int, names: Mapping[str, int]) -> str:
    """Two-letter names when they say it all, else the number."""
    if value & ~sum(names.values()):
        return f"0x{value:x}"
    return "".join(label for label, bit in names.items() if value & bit)


def from_sddl(text: str, domain_sid: str | None = None, root_domain_sid: str | None = None) -> bytes:
    """The self-relative bytes of an SDDL text. Raises DecodeError, with the character, on anything it cannot read.

    Names of domain groups need ``domain_sid``; those of forest-wide groups (EA, SA, EK, RO) are taken in
    ``root_domain_sid``, by default the same domain. Conditional expressions and resource attributes are refused.
    """
    return _Parser(text, domain_sid, root_domain_sid or domain_sid).descriptor()


class _Parser:
    def __init__(self, text: str, domain_sid: str | None, root_domain_sid: str | None) -> None:
        self.text = text
        self.offset = 0
        self.domain_sid = domain_sid
        self.root_domain_sid = root_domain_sid

    def descriptor(self) -> bytes:
        sids: dict[str, str] = {}
        acls: dict[str, list[NewAce]] = {}
        control = 0
        while self.offset < len(self.text):
            start = self.offset
            section = self.take(_SECTION, "a section O:, G:, D: or S:")[1]
            if section in sids or section in acls:
                raise DecodeError(f"section {section}: given twice", start)
            if section in "OG":
                sids[section] = self.sid(self.take(_SID_TOKEN, "a SID"))
                continue
            bits, is_null = self.controls(section)
            control |= bits
            if is_null:
                control |= DescriptorControl.DACL_PRESENT
            else:
                acls[section] = self.aces()
        return encode_descriptor(sids.get("O"), sids.get("G"), acls.get("D"), sacl=acls.get("S"), control=control)

    def take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        match = pattern.match(self.text, self.offset)
        if match is None:
            raise DecodeError(f"{what} expected", self.offset)
        self.offset = match.end()
        return match

    def controls(self, section: str) -> tuple[int, bool]:
        names = _DACL_CONTROLS if section == "D" else _SACL_CONTROLS
        bits = 0
        while match := _CONTROL_TOKEN.match(self.text, self.offset):
            if match[0] == _NULL_DACL:
                if section != "D":
                    raise DecodeError("only a DACL can be null", self.offset)
                self.offset = match.end()
                return bits, True
            bits |= names[match[0]]
            self.offset = match.end()
        return bits, False

    def aces(self) -> list[NewAce]:
        aces = []
        while self.text.startswith("(", self.offset):
            aces.append(self.ace(self.take(_ACE_TOKEN, "an ACE without condition")))
        return aces

    def ace(self, match: re.Match[str]) -> NewAce:
        place = match.start()
        fields = [field.strip() for field in match[1].split(";")]
        if len(fields) != 6:
            raise DecodeError(f"ACE of {len(fields)} fields, not 6", place)
        kind = ACE_TYPES.get(fields[0].upper())
        if kind is None or kind in CALLBACK_TYPES or fields[0].upper() == "RA":
            raise DecodeError(f"ACE type {fields[0]!r} not understood", place)
        guids = [field for field in fields[3:5] if field]
        if guids and kind not in OBJECT_TYPES:
            raise DecodeError(f"ACE type {fields[0]!r} takes no GUID", place)
        trustee = _SID_TOKEN.fullmatch(fields[5])
        if trustee is None:
            raise DecodeError(f"trustee {fields[5]!r} is no SID", place)
        try:
            for guid in guids:
                parse_guid(guid)
            mask = _bits(fields[2], {**RIGHTS, **COMPOUND_RIGHTS})
            flags = _bits(fields[1], ACE_FLAGS)
            return NewAce(kind, mask, self.sid(trustee), flags, fields[3] or None, fields[4] or None)
        except DecodeError as error:
            raise DecodeError(error.message, place) from error

    def sid(self, match: re.Match[str]) -> str:
        name = match[0].upper()
        if name in ALIASES:
            return ALIASES[name]
        for rids, domain in ((DOMAIN_RIDS, self.domain_sid), (ROOT_DOMAIN_RIDS, self.root_domain_sid)):
            if name in rids:
                if domain is None:
                    raise DecodeError(f"{name} stands for nobody without a domain SID", match.start())
                return f"{domain}-{rids[name]}"
        try:
            return format_sid(parse_sid(match[0]))
        except DecodeError as error:
            raise DecodeError(f"{match[0]!r} is no SID", match.start()) from error


def _bits(text: str, names: Mapping[str, int]) -> int:
    if not text:
        return 0
    if _NUMBER.fullmatch(text):
        value = int(text, 16) if text[:2] in ("0x", "0X") else int(text)
        if value >= 2**32:
            raise DecodeError(f"{text} is above 32 bits")
        return value
    value = 0
    for start in range(0, len(text), 2):
        bit = names.get(text[start : start + 2].upper())
        if bit is None:
            raise DecodeError(f"{text[start : start + 2]!r} names no bit")
        value |= bit
    return value
