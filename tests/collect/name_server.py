"""A name server that says what a test tells it to, on a real socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], Sequence[str]]
"""(name without its final dot, type) → values as in a zone file. A name that is not there does not exist."""


@contextlib.contextmanager
def name_server(records: Records, address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[tuple[str, int]]:
    """Its IP address and port."""
    with answering(lambda query: _answer(query, records), address) as at:
        yield at


@contextlib.contextmanager
def answering(
    answer: Callable[[bytes], bytes], address: tuple[str, int] = ("127.0.0.1", 0)
) -> Iterator[tuple[str, int]]:
    """The same, with whatever bytes ``answer`` gives for those of a question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(0.02)
        is_over = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, answer, is_over))
        thread.start()
        try:
            host, port = listener.getsockname()
            yield host, port
        finally:
            is_over.set()
            thread.join()


def _serve(listener: socket.socket, answer: Callable[[bytes], bytes], is_over: threading.Event) -> None:
    while not is_over.is_set():
        with contextlib.suppress(TimeoutError):
            query, client = listener.recvfrom(4096)
            listener.sendto(answer(query), client)


def _answer(query: bytes, records: Records) -> bytes:
    asked = dns.message.from_wire(query)
    question = asked.question[0]
    name, kind = question.name.to_text(omit_final_dot=True).lower(), question.rdtype
    answer = dns.message.make_response(asked)
    answer.flags |= dns.flags.AA | dns.flags.RA
    values = {dns.rdatatype.from_text(of): values for (known, of), values in records.items() if known == name}
    if kind in values:
        answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, values[kind]))
    elif not values:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer.to_wire(max_size=65535)
