"""The few LDAP requests of the probes (RFC 4511), one at a time over a line."""

from __future__ import annotations

import itertools
from typing import Final, NamedTuple

from adaudit.collect import ber
from adaudit.collect.messages import (
    Envelope,
    Operation,
    Result,
    Scope,
    decode_entry,
    decode_result,
    message_end,
    read_envelope,
)
from adaudit.collect.probes.line import Line, Unanswered

START_TLS_OID: Final = b"1.3.6.1.4.1.1466.20037"
SASL_BIND_IN_PROGRESS: Final = 14

_BIND: Final = 0x60
_BIND_RESPONSE: Final = 0x61
_EXTENDED: Final = 0x77
_SIMPLE: Final = 0x80
_SASL: Final = 0xA3
_REQUEST_NAME: Final = 0x80
_SERVER_CREDENTIALS: Final = 0x87
_ANY_OBJECT: Final = ber.encode(0x87, b"objectClass")
_MOST_ENTRIES: Final = 100

Entry = tuple[str, dict[str, list[bytes]]]


class BindAnswer(NamedTuple):
    """How a bind ended, or goes on with ``token`` when its code is SASL_BIND_IN_PROGRESS."""

    result: Result
    token: bytes


class LdapLine:
    """Each method sends one request and returns its answer; raises Unanswered or MalformedAnswer."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ids = itertools.count(1)

    def bind_anonymously(self) -> Result:
        return self._bind(ber.encode(_SIMPLE, b"")).result

    def bind_spnego(self, token: bytes) -> BindAnswer:
        """One step of a SASL bind (MS-ADTS 5.1.1.1.2) whose mechanism is GSS-SPNEGO."""
        mechanism = ber.encode(ber.OCTET_STRING, b"GSS-SPNEGO")
        return self._bind(ber.encode(_SASL, mechanism + ber.encode(ber.OCTET_STRING, token)))

    def start_tls(self) -> Result:
        """Ask for TLS; the handshake is to follow."""
        return decode_result(self._ask(ber.encode(_EXTENDED, ber.encode(_REQUEST_NAME, START_TLS_OID))))

    def search(self, base: bytes, scope: Scope, attribute: str, *, size_limit: int) -> tuple[list[Entry], Result]:
        """At most ``size_limit`` objects with one attribute."""
        body = b"".join(
            (
                ber.encode(ber.OCTET_STRING, base),
                ber.encode_integer(scope, ber.ENUMERATED),
                ber.encode_integer(0, ber.ENUMERATED),  # neverDerefAliases
                ber.encode_integer(size_limit),
                ber.encode_integer(0),  # no time limit but that of the line
                ber.encode_boolean(False),
                _ANY_OBJECT,
                ber.encode(ber.SEQUENCE, ber.encode(ber.OCTET_STRING, attribute.encode())),
            )
        )
        envelope = self._ask(ber.encode(Operation.SEARCH, body))
        entries: list[Entry] = []
        for _ in range(_MOST_ENTRIES):
            if envelope.operation == Operation.DONE:
                return entries, decode_result(envelope)
            if envelope.operation == Operation.ENTRY:
                entries.append(decode_entry(envelope))
            envelope = self._receive(envelope.message_id)
        raise Unanswered(f"more than {_MOST_ENTRIES} messages in answer to a search for {size_limit} objects")

    def _bind(self, authentication: bytes) -> BindAnswer:
        version, nobody = ber.encode_integer(3), ber.encode(ber.OCTET_STRING, b"")
        envelope = self._ask(ber.encode(_BIND, version + nobody + authentication))
        if envelope.operation != _BIND_RESPONSE:
            raise Unanswered(f"operation 0x{envelope.operation:02x} in answer to a bind")
        return BindAnswer(decode_result(envelope), _server_credentials(envelope))

    def _ask(self, operation: bytes) -> Envelope:
        message_id = next(self._ids)
        self._line.send(ber.encode(ber.SEQUENCE, ber.encode_integer(message_id) + operation))
        return self._receive(message_id)

    def _receive(self, message_id: int) -> Envelope:
        message = bytearray(self._line.receive(2))
        while (end := message_end(message)) is None:
            message += self._line.receive(1)
        message += self._line.receive(end - len(message))
        envelope = read_envelope(bytes(message))
        if envelope.message_id != message_id:
            raise Unanswered(f"message {envelope.message_id} where the answer to {message_id} should be")
        return envelope


def _server_credentials(envelope: Envelope) -> bytes:
    at = envelope.start
    while at < envelope.end:
        tag, start, at = ber.element(envelope.data, at, envelope.end)
        if tag == _SERVER_CREDENTIALS:
            return envelope.data[start:at]
    return b""
