"""Values that ldbsearch prints as text where a directory holds bytes: GUIDs, SIDs and descriptors in SDDL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adaudit.decode.errors import DecodeError
from adaudit.decode.guid import parse_guid
from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid

_GUID_TEXT_BYTES: Final = 36
_GUIDS: Final = (
    "objectGUID",
    "schemaIDGUID",
    "attributeSecurityGUID",
    "invocationId",
    "msDS-OptionalFeatureGUID",
    "parentGUID",
    "netbootGUID",
)
_SIDS: Final = ("objectSid", "sIDHistory", "securityIdentifier", "mS-DS-CreatorSID")
_DESCRIPTORS: Final = ("nTSecurityDescriptor", "msDS-AllowedToActOnBehalfOfOtherIdentity", "msDS-GroupMSAMembership")


class LdbValues:
    """Turns the text of ldbsearch back into bytes; each distinct descriptor is read once."""

    def __init__(self) -> None:
        self._descriptors: dict[tuple[bytes, str | None, str | None], bytes] = {}

    def restore(self, attributes: dict[str, list[bytes]], domain_sid: str | None, root_sid: str | None) -> None:
        """Replace text by bytes where it is text. What cannot be read stays, for the ingest to report.

        ``domain_sid`` and ``root_sid`` are what SDDL's names of domain and forest groups stand for.
        """
        for names, is_text, decode in (
            (_GUIDS, _is_guid_text, parse_guid),
            (_SIDS, _is_sid_text, parse_sid),
        ):
            for name in names:
                if name in attributes:
                    attributes[name] = [_restored(value, is_text, decode) for value in attributes[name]]
        for name in _DESCRIPTORS:
            if name in attributes:
                attributes[name] = [self._descriptor(value, domain_sid, root_sid) for value in attributes[name]]

    def _descriptor(self, value: bytes, domain_sid: str | None, root_sid: str | None) -> bytes:
        key = (value, domain_sid, root_sid)
        if key not in self._descriptors:
            self._descriptors[key] = _restored(
                value, _is_sddl, lambda text: from_sddl(text, domain_sid=domain_sid, root_domain_sid=root_sid)
            )
        return self._descriptors[key]


def has_text_values(attributes: dict[str, list[bytes]]) -> bool:
    """The entry was printed by ldbsearch: its objectGUID is text."""
    guids = attributes.get("objectGUID")
    return guids is not None and _is_guid_text(guids[0])


def _is_guid_text(value: bytes) -> bool:
    return len(value) == _GUID_TEXT_BYTES


def _is_sid_text(value: bytes) -> bool:
    return value.startswith(b"S-1-")


def _is_sddl(value: bytes) -> bool:
    return value[1:2] == b":"


def _restored(value: bytes, is_text: Callable[[bytes], bool], decode: Callable[[str], bytes]) -> bytes:
    if not is_text(value):
        return value
    try:
        return decode(value.decode("ascii"))
    except (DecodeError, UnicodeDecodeError):
        return value
