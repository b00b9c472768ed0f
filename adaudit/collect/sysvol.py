"""Getting into SYSVOL of the domains: one session a domain, one refusal for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from adaudit.collect.authentication import Credentials
from adaudit.collect.log import CollectionLog
from adaudit.collect.smb import CannotLogIn, LoginRefused, SmbRefused, SmbSession
from adaudit.collect.standing import Standing
from adaudit.collect.sysvol_walk import read_sysvol
from adaudit.errors import AdauditError, ConnectionFailed
from adaudit.ingest.ingest import Ingest

SHARE: Final = "SYSVOL"


class SysvolReader:
    """Reads SYSVOL of one domain after the other with one account; after a refused login nothing is tried any more."""

    def __init__(
        self,
        credentials: Credentials,
        ingest: Ingest,
        log: CollectionLog,
        *,
        standing: Standing | None = None,
        timeout: float = 60.0,
        observe: Callable[[int], None] = lambda _entries: None,
    ) -> None:
        """``standing``: that of the account, when others present it too. ``timeout`` is in seconds, for
        each answer; ``observe`` gets the number of files and folders read so far."""
        self._credentials = credentials
        self._ingest = ingest
        self._log = log
        self._timeout = timeout
        self._observe = observe
        self._standing = standing or Standing()
        self._session: SmbSession | None = None

    def interrupt(self) -> None:
        """End the session, from a signal handler or another thread."""
        if self._session is not None:
            self._session.drop()

    def read(self, host: str, domain_dns: str, domain_dn: str, *, address: str | None = None) -> list[str]:
        """Read SYSVOL of a domain from one of its controllers; returns what ended it early. Coverage tells the rest.

        ``host`` is the name of the controller, ``address`` where to connect when that is not the same.
        """
        if self._standing.refusal is not None:
            self._ingest.sysvol_gap(domain_dn, "denied", "no_session", detail=self._standing.refusal)
            return []
        started = time.monotonic()
        try:
            session = SmbSession(host, SHARE, self._credentials, address=address, timeout=self._timeout)
        except (CannotLogIn, ConnectionFailed, SmbRefused) as error:
            seconds = time.monotonic() - started
            self._log.write("smb", server=host, share=SHARE, operation="connect", seconds=seconds, error=str(error))
            return self._not_opened(domain_dn, error)
        self._log.write("smb", server=host, share=SHARE, operation="connect", seconds=time.monotonic() - started)
        self._session = session
        try:
            return self._read(session, host, domain_dns, domain_dn)
        finally:
            self._session = None
            session.close()

    def _read(self, session: SmbSession, host: str, domain_dns: str, domain_dn: str) -> list[str]:
        started = time.monotonic()
        reading = read_sysvol(session, domain_dns, domain_dn, self._ingest, self._observe)
        self._log.write(
            "smb",
            server=host,
            share=SHARE,
            operation="read",
            path=domain_dns,
            files=reading.entries,
            bytes=reading.bytes,
            seconds=time.monotonic() - started,
        )
        if reading.problem is None:
            return []
        self._log.write("lost", server=host, error=reading.problem)
        return [f"SYSVOL of {domain_dns}: {reading.problem}"]

    def _not_opened(self, domain_dn: str, error: AdauditError) -> list[str]:
        status = "failed"
        if isinstance(error, CannotLogIn):
            status = "not_attempted"
        elif isinstance(error, LoginRefused):
            status, self._standing.refusal = "denied", str(error)
        self._ingest.sysvol_gap(domain_dn, status, "no_session", detail=str(error))
        return [] if status == "not_attempted" else [f"SYSVOL: {error}"]
