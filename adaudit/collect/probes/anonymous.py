"""What a server gives to those who name no account: LDAP beyond the rootDSE, and a null session of SMB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.collect.messages import Result, Scope
from adaudit.collect.probes.ldap_line import LdapLine
from adaudit.collect.probes.line import Line, Unanswered
from adaudit.collect.probes.model import Fact, Means, fact
from adaudit.collect.probes.ntlm_messages import authenticate_as_nobody, negotiate
from adaudit.collect.probes.smb_messages import Status, is_accepted, status_text
from adaudit.collect.probes.smb_session import SmbSession

_NO_ATTRIBUTES: Final = "1.1"
_REFUSALS: Final = frozenset({0, 1, 7, 8, 13, 32, 48, 49, 50, 53})
"""Results of RFC 4511 that say no, or show nothing: operationsError is what AD answers to who is not bound."""

OPEN_TO_NOBODY: Final = ("lsarpc", "samr", "netlogon")
"""Pipes that a null session is tried on: through them it could list accounts and groups."""


def ldap_anonymous(line: Line, _means: Means) -> Iterator[Fact]:
    """Binds as nobody, reads the rootDSE, then asks for the name of one object of the domain."""
    ldap = LdapLine(line)
    bound = ldap.bind_anonymously()
    yield from _ldap_outcome("bind", "bind_accepted", bound.is_success, bound)
    if not bound.is_success:
        return
    entries, result = ldap.search(b"", Scope.BASE, "defaultNamingContext", size_limit=1)
    base = next((values[0] for _, attributes in entries for values in attributes.values() if values), None)
    yield from _ldap_outcome("root_dse", "reads_root_dse", base is not None, result)
    if base is None:
        return
    entries, result = ldap.search(base, Scope.SUBTREE, _NO_ATTRIBUTES, size_limit=1)
    yield from _ldap_outcome("search", "reads_directory", bool(entries), result)


def smb_null_session(line: Line, _means: Means) -> Iterator[Fact]:
    """Logs on as nobody, connects to IPC$, opens and closes pipes."""
    session = SmbSession(line)
    status, _ = session.set_up(negotiate())
    if status == Status.MORE_PROCESSING_REQUIRED:
        status, _ = session.set_up(authenticate_as_nobody())
    yield from _smb_outcome("session", status)
    if not is_accepted(status):
        return
    status = session.connect_to_ipc()
    yield from _smb_outcome("ipc", status)
    if not is_accepted(status):
        return
    for pipe in OPEN_TO_NOBODY:
        yield from _smb_outcome(f"pipe_{pipe}", session.open_pipe(pipe))


def _ldap_outcome(step: str, name: str, is_given: bool, result: Result) -> Iterator[Fact]:
    """What was given, or that it was refused; Unanswered for a result that is neither."""
    if not is_given and result.code not in _REFUSALS:
        raise Unanswered(f"{step}: {result}")
    yield fact(name, is_given)
    if not is_given:
        yield f"{step}_result", str(result)


def _smb_outcome(step: str, status: int) -> Iterator[Fact]:
    yield fact(f"{step}_accepted", is_accepted(status))
    if not is_accepted(status):
        yield f"{step}_status", status_text(status)
