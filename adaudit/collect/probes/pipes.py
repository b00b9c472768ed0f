"""Services that answer behind a pipe: opened with the auditor's account, closed at once, no call made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.collect.probes.account import Account, AccountRefused
from adaudit.collect.probes.line import Line, Unanswered
from adaudit.collect.probes.model import Fact, Means
from adaudit.collect.probes.smb_messages import Status, status_text
from adaudit.collect.probes.smb_session import SmbSession

PIPES: Final = {
    "print_spooler": "spoolss",
    "web_client": "DAV RPC SERVICE",
    "encrypting_file_system": "efsrpc",
    "dfs_management": "netdfs",
    "shadow_copy_agent": "FssagentRpc",
}
"""What listens behind a pipe: services that can be made to log on elsewhere (print spooler, EFS, DFS, VSS agent), and
the client that carries such a logon over HTTP."""

_STATES: Final[dict[int, str]] = {
    Status.SUCCESS: "reachable",
    Status.PIPE_NOT_AVAILABLE: "reachable, every instance busy",
    Status.OBJECT_NAME_NOT_FOUND: "absent",
    Status.ACCESS_DENIED: "refused",
}
_ACCOUNT_REFUSED: Final = frozenset(
    {
        Status.LOGON_FAILURE,
        Status.ACCOUNT_RESTRICTION,
        Status.INVALID_LOGON_HOURS,
        Status.INVALID_WORKSTATION,
        Status.PASSWORD_EXPIRED,
        Status.ACCOUNT_DISABLED,
        Status.ACCOUNT_EXPIRED,
        Status.PASSWORD_MUST_CHANGE,
        Status.ACCOUNT_LOCKED_OUT,
        Status.LOGON_TYPE_NOT_GRANTED,
        Status.NTLM_BLOCKED,
    }
)
_LONGEST_LOGON: Final = 4


def smb_pipes(line: Line, means: Means) -> Iterator[Fact]:
    """Logs on, connects to IPC$, opens and closes each pipe."""
    if means.account is None:
        raise Unanswered("no account")
    session = SmbSession(line)
    log_on(session, means.account, line.host)
    status = session.connect_to_ipc()
    if status != Status.SUCCESS:
        raise Unanswered(f"IPC$ is refused: {status_text(status)}")
    for service, pipe in PIPES.items():
        status = session.open_pipe(pipe)
        if status not in _STATES:
            raise Unanswered(f"pipe {pipe}: {status_text(status)}")
        yield service, _STATES[status]


def log_on(session: SmbSession, account: Account, host: str) -> None:
    """Authenticate, once, and sign from then on. Raises AccountRefused or Unanswered."""
    with account.log_on("cifs", host, signing=True) as exchange:
        token = exchange.step()
        for _ in range(_LONGEST_LOGON):
            status, answer = session.set_up(token)
            if status != Status.MORE_PROCESSING_REQUIRED:
                break
            token = exchange.step(answer)
        if status != Status.SUCCESS:
            kind = AccountRefused if status in _ACCOUNT_REFUSED else Unanswered
            raise kind(f"the logon is refused: {status_text(status)}")
        if session.is_of_nobody:
            raise AccountRefused("the logon is taken for that of a guest")
        session.sign_with(exchange.finish(answer))
