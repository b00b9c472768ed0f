"""A directory that answers from a recording, grown to any size: the server side of ``growth.py``.

A recording is one collection of a small domain of the testbed, without encryption. Its accounts, groups and
computers are repeated under other names, GUIDs and RIDs, each generation referring to itself.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from adaudit.collect import ber
from adaudit.collect.messages import PAGED_RESULTS_OID, Envelope, Operation, decode_entry, message_end

LOOPBACK: Final = "127.0.0.1"
MAX_GENERATIONS: Final = 1000
"""As many as three digits of a name tell apart."""

_BIND_REQUEST, _BIND_RESPONSE = 0x60, 0x61
_CONTROLS: Final = 0xA0
_NAME: Final = re.compile("(Agent n° |agent|Agent |GRP-|POSTE-|poste-)000".encode())
_RIDS_OF_A_GENERATION: Final = 10_000


class Message(NamedTuple):
    """An LDAP message in three parts; ``operation`` is its whole element."""

    number: int
    tag: int
    operation: bytes
    controls: bytes


@dataclass
class Answers:
    """What was answered to one search: entries and references, and how it ended."""

    elements: list[bytes] = field(default_factory=list)
    done: bytes = b""


class Recording:
    """The answers to every search that a client sent, by what was asked, paging aside."""

    def __init__(self) -> None:
        self.answers: dict[bytes, Answers] = {}
        self._asked: dict[int, bytes] = {}

    def sent(self, message: Message) -> None:
        if message.tag == Operation.SEARCH:
            self._asked[message.number], _, _ = _question(message)

    def answered(self, message: Message) -> None:
        key = self._asked.get(message.number)
        if key is None:
            return
        answers = self.answers.setdefault(key, Answers())
        if message.tag == Operation.DONE:
            answers.done = message.operation
        else:
            answers.elements.append(message.operation)


def record(host: str, port: int) -> tuple[int, Recording]:
    """A port of this machine that leads to ``host``, and what will have been said over it."""
    listener = socket.create_server((LOOPBACK, 0))
    recording = Recording()

    def forward(source: socket.socket, target: socket.socket, sent: bool) -> None:
        buffer = bytearray()
        with suppress(OSError):
            while said := source.recv(1 << 16):
                buffer += said
                for message in _messages(buffer):
                    (recording.sent if sent else recording.answered)(message)
                target.sendall(said)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            server = socket.create_connection((host, port))
            for source, target, sent in ((client, server, True), (server, client, False)):
                threading.Thread(target=forward, args=(source, target, sent), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1], recording


class _Template(NamedTuple):
    operation: bytes
    guid: bytes


class _Directory:
    """The recorded answers, with ``generations`` copies of each template after them."""

    def __init__(self, recording: Recording, domain_sid: bytes, generations: int) -> None:
        self.answers = recording.answers
        self._generations = generations
        self._sid = re.compile(re.escape(domain_sid) + b"(.{4})", re.DOTALL)
        self._templates = {
            key: [template for element in answers.elements if (template := _template(element))]
            for key, answers in recording.answers.items()
        }

    def page(self, key: bytes, first: int, size: int) -> tuple[Iterator[bytes], int | None]:
        """The elements from ``first`` on, and where the next page begins; None after the last."""
        recorded, templates = self.answers[key].elements, self._templates[key]
        total = len(recorded) + len(templates) * self._generations
        stop = min(total, first + size)

        def elements() -> Iterator[bytes]:
            for position in range(first, stop):
                if position < len(recorded):
                    yield recorded[position]
                else:
                    generation, which = divmod(position - len(recorded), len(templates))
                    yield self._grown(templates[which], generation + 1)

        return elements(), stop if stop < total else None

    def _grown(self, template: _Template, generation: int) -> bytes:
        def renumbered(found: re.Match[bytes]) -> bytes:
            rid = int.from_bytes(found[1], "little")
            own = rid + generation * _RIDS_OF_A_GENERATION if rid > 1103 else rid
            return found[0][:-4] + struct.pack("<I", own)

        operation = template.operation.replace(template.guid, struct.pack("<I", generation) + template.guid[4:])
        operation = _NAME.sub(lambda found: found[1] + b"%03d" % generation, operation)
        return self._sid.sub(renumbered, operation)


def replay(recording: Recording, domain_sid: bytes, generations: int) -> socket.socket:
    """A listening socket behind which the grown directory answers; close it to end. ``domain_sid``: as it is stored."""
    directory = _Directory(recording, domain_sid, generations)
    listener = socket.create_server((LOOPBACK, 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=_serve, args=(client, directory), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def _serve(client: socket.socket, directory: _Directory) -> None:
    buffer = bytearray()
    with suppress(OSError):
        while said := client.recv(1 << 16):
            buffer += said
            for message in _messages(buffer):
                if message.tag == _BIND_REQUEST:
                    result = ber.encode(ber.ENUMERATED, b"\0") + 2 * ber.encode(ber.OCTET_STRING, b"")
                    client.sendall(_framed(message.number, ber.encode(_BIND_RESPONSE, result)))
                elif message.tag == Operation.SEARCH:
                    _answer(client, directory, message)


def _answer(client: socket.socket, directory: _Directory, message: Message) -> None:
    key, size, cookie = _question(message)
    answers = directory.answers.get(key)
    if answers is None:
        raise SystemExit(f"a search that was not recorded: {message.operation!r}")
    elements, following = directory.page(key, int(cookie or b"0"), size)
    client.sendall(b"".join(_framed(message.number, element) for element in elements))
    following_cookie = b"" if following is None else b"%d" % following
    value = ber.encode(ber.SEQUENCE, ber.encode_integer(0) + ber.encode(ber.OCTET_STRING, following_cookie))
    paging = ber.encode(ber.OCTET_STRING, PAGED_RESULTS_OID.encode()) + ber.encode(ber.OCTET_STRING, value)
    client.sendall(_framed(message.number, answers.done, ber.encode(_CONTROLS, ber.encode(ber.SEQUENCE, paging))))


def _messages(buffer: bytearray) -> Iterator[Message]:
    """The whole messages at the head of ``buffer``, which keeps the rest."""
    while (end := message_end(buffer)) is not None and len(buffer) >= end:
        data = bytes(buffer[:end])
        del buffer[:end]
        start, stop = ber.expect(data, 0, end, ber.SEQUENCE)
        number, at = ber.read_integer(data, start, stop)
        tag, _, after = ber.element(data, at, stop)
        yield Message(number, tag, data[at:after], data[after:stop])


def _framed(number: int, operation: bytes, controls: bytes = b"") -> bytes:
    return ber.encode(ber.SEQUENCE, ber.encode_integer(number) + operation + controls)


def _question(message: Message) -> tuple[bytes, int, bytes]:
    """What is asked, paging aside; how many objects a page may have; the cookie."""
    key, size, cookie = message.operation, 1 << 62, b""
    if message.controls:
        at, end = ber.expect(message.controls, 0, len(message.controls), _CONTROLS)
        while at < end:
            start, after = ber.expect(message.controls, at, end, ber.SEQUENCE)
            oid, value_at = ber.read_octets(message.controls, start, after)
            if oid == PAGED_RESULTS_OID.encode():
                _, _, value_at = ber.element(message.controls, value_at, after)  # its criticality
                value, _ = ber.read_octets(message.controls, value_at, after)
                inner, inner_end = ber.expect(value, 0, len(value), ber.SEQUENCE)
                size, inner = ber.read_integer(value, inner, inner_end)
                cookie, _ = ber.read_octets(value, inner, inner_end)
            else:
                key += message.controls[at:after]
            at = after
    return key, size, cookie


def _template(element: bytes) -> _Template | None:
    """The element, when it is an object that is repeated."""
    tag, start, end = ber.element(element, 0, len(element))
    if tag != Operation.ENTRY:
        return None
    dn, attributes = decode_entry(Envelope(0, tag, element, start, end))
    guid = attributes.get("objectGUID")
    return _Template(element, guid[0]) if guid and _NAME.search(dn.encode()) else None
