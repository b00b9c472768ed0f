"""What a server gives to those who name no account: LDAP beyond the rootDSE, and a null session of SMB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.collect.messages import ResultCode, Scope
from adaudit.collect.probes.ldap_line import LdapLine
from adaudit.collect.probes.line import Line
from adaudit.collect.probes.model import Fact, Means, fact
from adaudit.collect.probes.ntlm_messages import authenticate_as_nobody, negotiate
from adaudit.collect.probes.smb_messages import Status, status_text
from adaudit.collect.probes.smb_session import SmbSession

_NO_ATTRIBUTES: Final = "1.1"
OPEN_TO_NOBODY: Final = ("lsarpc", "samr", "netlogon")
"""Pipes that a null session is tried on: through them it could list accounts and groups."""


def ldap_anonymous(line: Line, _means: Means) -> Iterator[Fact]:
    """Binds as nobody, reads the rootDSE, then asks for the name of one object of the domain."""
    ldap = LdapLine(line)
    bound = ldap.bind_anonymously()
    yield fact("bind_accepted", bound.is_success)
    if not bound.is_success:
        yield "bind_result", str(bound)
        return
    entries, result = ldap.search(b"", Scope.BASE, "defaultNamingContext", size_limit=1)
    base = next((values[0] for _, attributes in entries for values in attributes.values() if values), None)
    yield fact("reads_root_dse", base is not None)
    if base is None:
        yield "root_dse_result", str(result)
        return
    entries, result = ldap.search(base, Scope.SUBTREE, _NO_ATTRIBUTES, size_limit=1)
    yield fact("reads_directory", bool(entries))
    if result.code not in (ResultCode.SUCCESS, ResultCode.SIZE_LIMIT_EXCEEDED):
        yield "search_result", str(result)


def smb_null_session(line: Line, _means: Means) -> Iterator[Fact]:
    """Logs on as nobody, connects to IPC$, opens and closes pipes."""
    session = SmbSession(line)
    status, _ = session.set_up(negotiate())
    if status == Status.MORE_PROCESSING_REQUIRED:
        status, _ = session.set_up(authenticate_as_nobody())
    yield from _outcome("session", status)
    if status != Status.SUCCESS:
        return
    status = session.connect_to_ipc()
    yield from _outcome("ipc", status)
    if status != Status.SUCCESS:
        return
    for pipe in OPEN_TO_NOBODY:
        yield from _outcome(f"pipe_{pipe}", session.open_pipe(pipe))


def _outcome(name: str, status: int) -> Iterator[Fact]:
    yield fact(f"{name}_accepted", status == Status.SUCCESS)
    if status != Status.SUCCESS:
        yield f"{name}_status", status_text(status)
