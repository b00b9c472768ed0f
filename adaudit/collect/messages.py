"""LDAP messages (RFC 4511): the three requests that a collection sends and the answers to a search.

ldap3 decodes through a generic ASN.1 library, nine tenths of the cost of a client; the entries of a search
have one shape, read here directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from adaudit.collect import ber
from adaudit.collect.ber import MalformedAnswer, encode, encode_boolean, encode_integer
from adaudit.collect.filters import EVERY_OBJECT, Filter

MAX_MESSAGE = 1 << 28
"""Bytes of the longest message accepted: far above what a directory stores in one object."""

LONGEST_HEAD = 6
"""Bytes from which the length of a message can be told: the tag and a length of up to four bytes."""

PAGED_RESULTS_OID = "1.2.840.113556.1.4.319"
SHOW_DELETED_OID = "1.2.840.113556.1.4.417"
NOTICE_OF_DISCONNECTION_OID = b"1.3.6.1.4.1.1466.20036"

_CONTROLS = 0xA0
_CONTROL_VALUE = ber.OCTET_STRING
_REFERRAL = 0xA3
_RESPONSE_NAME = 0x8A


class Operation(IntEnum):
    """Tags of the protocol operations that a collection sends or receives."""

    UNBIND = 0x42
    ABANDON = 0x50
    SEARCH = 0x63
    ENTRY = 0x64
    DONE = 0x65
    REFERENCE = 0x73
    EXTENDED_RESPONSE = 0x78
    INTERMEDIATE_RESPONSE = 0x79


class ResultCode(IntEnum):
    """Result codes that are told apart here (RFC 4511 section 4.1.9)."""

    SUCCESS = 0
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    ADMIN_LIMIT_EXCEEDED = 11
    NO_SUCH_OBJECT = 32
    INSUFFICIENT_ACCESS_RIGHTS = 50
    UNWILLING_TO_PERFORM = 53
    OTHER = 80


class Scope(IntEnum):
    BASE = 0
    ONE_LEVEL = 1
    SUBTREE = 2


@dataclass(frozen=True)
class Control:
    """A request control, always critical: a server that does not know it must say so."""

    oid: str
    value: bytes | None = None

    def encoded(self) -> bytes:
        value = b"" if self.value is None else encode(ber.OCTET_STRING, self.value)
        return encode(ber.SEQUENCE, encode(ber.OCTET_STRING, self.oid.encode()) + encode_boolean(True) + value)


SHOW_DELETED = Control(SHOW_DELETED_OID)


@dataclass(frozen=True)
class Search:
    """What to ask below ``base``: every object in scope that ``filter`` lets pass, with these attributes."""

    base: str
    scope: Scope
    attributes: tuple[str, ...]
    controls: tuple[Control, ...] = ()
    filter: Filter = EVERY_OBJECT


@dataclass(frozen=True)
class Result:
    """How a search, or one page of it, ended. ``cookie`` is empty on the last page."""

    code: int
    message: str = ""
    referrals: tuple[str, ...] = ()
    cookie: bytes = b""

    @property
    def is_success(self) -> bool:
        return self.code == ResultCode.SUCCESS

    def __str__(self) -> str:
        return f"result code {self.code}" + (f": {self.message}" if self.message else "")


@dataclass
class Page:
    """The answer to one search request; its entries are decoded by ``decode_entry`` when wanted."""

    entries: list[Envelope] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    result: Result = Result(ResultCode.SUCCESS)


class Envelope(NamedTuple):
    """One LDAP message: its id, operation, and where in ``data`` the operation's content and the controls lie."""

    message_id: int
    operation: int
    data: bytes
    start: int
    end: int


def encode_search(message_id: int, search: Search, *, page_size: int | None = None, cookie: bytes = b"") -> bytes:
    """A SearchRequest; with ``page_size`` it bears the paged results control (RFC 2696)."""
    body = b"".join(
        (
            encode(ber.OCTET_STRING, search.base.encode()),
            encode_integer(search.scope, ber.ENUMERATED),
            encode_integer(0, ber.ENUMERATED),  # neverDerefAliases
            encode_integer(0),  # no size limit of ours
            encode_integer(0),  # no time limit of ours
            encode_boolean(False),  # values too, not only the names of attributes
            search.filter.encoded(),
            encode(ber.SEQUENCE, b"".join(encode(ber.OCTET_STRING, name.encode()) for name in search.attributes)),
        )
    )
    controls = list(search.controls)
    if page_size is not None:
        value = encode(ber.SEQUENCE, encode_integer(page_size) + encode(ber.OCTET_STRING, cookie))
        controls.append(Control(PAGED_RESULTS_OID, value))
    return _message(message_id, encode(Operation.SEARCH, body), controls)


def encode_entry(dn: str, attributes: Mapping[str, list[bytes]]) -> bytes:
    """A message with a SearchResultEntry, as ``decode_entry`` reads it."""
    described = b"".join(
        encode(
            ber.SEQUENCE,
            encode(ber.OCTET_STRING, name.encode())
            + encode(ber.SET, b"".join(encode(ber.OCTET_STRING, value) for value in values)),
        )
        for name, values in attributes.items()
    )
    return _message(1, encode(Operation.ENTRY, encode(ber.OCTET_STRING, dn.encode()) + encode(ber.SEQUENCE, described)))


def encode_abandon(message_id: int, abandoned: int) -> bytes:
    """An AbandonRequest for the operation whose message id is ``abandoned``."""
    return _message(message_id, encode_integer(abandoned, Operation.ABANDON))


def encode_unbind(message_id: int) -> bytes:
    """An UnbindRequest."""
    return _message(message_id, encode(Operation.UNBIND, b""))


def _message(message_id: int, operation: bytes, controls: Iterable[Control] = ()) -> bytes:
    encoded = b"".join(control.encoded() for control in controls)
    tail = encode(_CONTROLS, encoded) if encoded else b""
    return encode(ber.SEQUENCE, encode_integer(message_id) + operation + tail)


def message_end(buffer: bytearray) -> int | None:
    """Where the message at the start of ``buffer`` ends; None while that cannot be told.

    Raises MalformedAnswer when no LDAP message begins there, or one longer than MAX_MESSAGE.
    """
    if buffer and buffer[0] != ber.SEQUENCE:
        raise MalformedAnswer(f"byte 0x{buffer[0]:02x} where an LDAP message should begin")
    if len(buffer) < 2:
        return None
    size, at = buffer[1], 2
    if size >= ber.LONG_FORM:
        if len(buffer) < min(at + size - ber.LONG_FORM, LONGEST_HEAD):
            return None
        size, at = ber.long_length(bytes(buffer[:LONGEST_HEAD]), at, size)
    if size > MAX_MESSAGE:
        raise MalformedAnswer(f"message of {size} bytes")
    return at + size


def read_envelope(data: bytes) -> Envelope:
    """The envelope of the whole message ``data``."""
    start, stop = ber.expect(data, 0, len(data), ber.SEQUENCE)
    message_id, at = ber.read_integer(data, start, stop)
    operation, start, end = ber.element(data, at, stop)
    return Envelope(message_id, operation, data, start, end)


def decode_entry(envelope: Envelope) -> tuple[str, dict[str, list[bytes]]]:
    """DN and attributes of a SearchResultEntry; names as the server spells them, options included.

    Raises MalformedAnswer, and nothing else, on bad bytes.
    """
    _, _, data, at, end = envelope
    try:
        dn, at = ber.read_octets(data, at, end)
        at, stop = ber.expect(data, at, end, ber.SEQUENCE)
        attributes: dict[str, list[bytes]] = {}
        while at < stop:
            at = _read_attribute(data, at, stop, attributes)
    except IndexError:
        raise MalformedAnswer("entry cut short") from None
    if stop != end:
        raise MalformedAnswer(f"{end - stop} bytes after the attributes of an entry")
    return text(dn), attributes


def _read_attribute(data: bytes, at: int, stop: int, attributes: dict[str, list[bytes]]) -> int:
    """Add the PartialAttribute at ``at`` to ``attributes``; returns where it ends.

    Sixty values an entry pass here: lengths are read in place, and slices that overshoot are caught by the
    comparison of each element's end with its parent's.
    """
    if data[at] != ber.SEQUENCE:
        raise MalformedAnswer(f"tag 0x{data[at]:02x} where an attribute should begin, at byte {at}")
    size = data[at + 1]
    at += 2
    if size >= 0x80:
        size, at = ber.long_length(data, at, size)
    end = at + size
    size = data[at + 1]
    if data[at] != ber.OCTET_STRING or size >= 0x80 or end > stop:
        raise MalformedAnswer(f"attribute without a proper name at byte {at}")
    at += 2 + size
    name = _attribute_name(data[at - size : at])
    if data[at] != ber.SET:
        raise MalformedAnswer(f"attribute without values at byte {at}")
    size = data[at + 1]
    at += 2
    if size >= 0x80:
        size, at = ber.long_length(data, at, size)
    if at + size != end:
        raise MalformedAnswer(f"values do not end with their attribute at byte {at}")
    values = _read_values(data, at, end)
    if name in attributes:
        attributes[name] += values
    else:
        attributes[name] = values
    return end


def _read_values(data: bytes, at: int, end: int) -> list[bytes]:
    values = []
    while at < end:
        if data[at] != 0x04:
            raise MalformedAnswer(f"tag 0x{data[at]:02x} where a value should begin, at byte {at}")
        size = data[at + 1]
        at += 2
        if size >= 0x80:
            size, at = ber.long_length(data, at, size)
        stop = at + size
        values.append(data[at:stop])
        at = stop
    if at != end:
        raise MalformedAnswer(f"values overrun their attribute at byte {end}")
    return values


@lru_cache(maxsize=8192)
def _attribute_name(raw: bytes) -> str:
    return text(raw)


def decode_reference(envelope: Envelope) -> list[str]:
    """The URLs of a SearchResultReference."""
    return _read_texts(envelope.data, envelope.start, envelope.end)


def decode_result(envelope: Envelope) -> Result:
    """The LDAPResult at the head of SearchResultDone or of an extended response, with the cookie for the next page."""
    data, at, end = envelope.data, envelope.start, envelope.end
    code, at = ber.read_integer(data, at, end, ber.ENUMERATED)
    _, at = ber.read_octets(data, at, end)
    message, at = ber.read_octets(data, at, end)
    referrals: list[str] = []
    if at < end and data[at] == _REFERRAL:
        start, at = ber.expect(data, at, end, _REFERRAL)
        referrals = _read_texts(data, start, at)
    return Result(code, text(message).strip("\0 \n"), tuple(referrals), _cookie(envelope))


def disconnection_notice(envelope: Envelope) -> str | None:
    """The server's parting words when ``envelope`` is a notice of disconnection (RFC 4511 section 4.4.1), else None."""
    if envelope.operation != Operation.EXTENDED_RESPONSE:
        return None
    data, at = envelope.data, envelope.start
    while at < envelope.end:
        tag, start, at = ber.element(data, at, envelope.end)
        if tag == _RESPONSE_NAME and data[start:at] == NOTICE_OF_DISCONNECTION_OID:
            return str(decode_result(envelope))
    return None


def _cookie(envelope: Envelope) -> bytes:
    data, stop = envelope.data, len(envelope.data)
    if envelope.end == stop:
        return b""
    at, stop = ber.expect(data, envelope.end, stop, _CONTROLS)
    while at < stop:
        start, at = ber.expect(data, at, stop, ber.SEQUENCE)
        oid, start = ber.read_octets(data, start, at)
        if oid != PAGED_RESULTS_OID.encode():
            continue
        tag, inner, end = ber.element(data, start, at)
        if tag != _CONTROL_VALUE:
            _, inner, end = ber.element(data, end, at)
        inner, end = ber.expect(data, inner, end, ber.SEQUENCE)
        _, inner = ber.read_integer(data, inner, end)
        return ber.read_octets(data, inner, end)[0]
    return b""


def _read_texts(data: bytes, at: int, end: int) -> list[str]:
    texts = []
    while at < end:
        raw, at = ber.read_octets(data, at, end)
        texts.append(text(raw))
    return texts


def text(raw: bytes) -> str:
    """A DN, name or message; bytes that are not UTF-8 come out as \\x escapes."""
    return raw.decode("utf-8", "backslashreplace")
