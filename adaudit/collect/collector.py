"""A whole collection: what was asked for, from every server that has it, into one snapshot, whatever happens."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from adaudit import __version__
from adaudit.collect.authentication import Credentials
from adaudit.collect.directory import elsewhere, reader_sid
from adaudit.collect.discovery import Location, NameServer, domain_locations, first_to_answer
from adaudit.collect.endpoint import Endpoint
from adaudit.collect.intake import Intake
from adaudit.collect.journal import Journal, Origin, stands_in
from adaudit.collect.log import CollectionLog
from adaudit.collect.scope import EVERYTHING, Scope
from adaudit.collect.session import DEFAULT_PACING, Interrupted, OtherServer, Pacing, Session
from adaudit.collect.sweep import Step, Sweep
from adaudit.errors import ConnectionFailed, IncompleteError, UsageError
from adaudit.ingest import Ingest
from adaudit.schema.requests import REQUESTED_ATTRIBUTES
from adaudit.snapshot import ServerInfo, SourceInfo, open_snapshot

_LONGEST_REASON: Final = 500
_MOST_RESTARTS: Final = 3


@dataclass(frozen=True)
class Outcome:
    """What a collection brought; ``incomplete_reason`` is None when nothing was interrupted, cut or failed."""

    path: Path
    objects: int
    seconds: float
    server: str | None
    account_sid: str | None
    incomplete_reason: str | None


class Collector:
    """Reads what a scope covers, as far as an account may see it."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials,
        *,
        scope: Scope = EVERYTHING,
        pacing: Pacing = DEFAULT_PACING,
        attributes: tuple[str, ...] = REQUESTED_ATTRIBUTES,
        observe: Callable[[Step], None] = lambda _step: None,
        tell: Callable[[str], None] = lambda _message: None,
    ) -> None:
        """``endpoint``: the server to begin with, or the way to any when ``scope`` says to find one. ``observe`` is
        called after each page; ``tell`` with what the user should know meanwhile."""
        self._endpoint = endpoint
        self._credentials = credentials
        self._scope = scope
        self._pacing = pacing
        self._attributes = scope.requested(attributes)
        self._observe = observe
        self._tell = tell
        self._names = NameServer(scope.dns_server)
        self._sessions: list[Session] = []
        self._servers: list[ServerInfo] = []
        self._interrupted = False

    def interrupt(self) -> None:
        """Stop reading, from a signal handler or another thread; what was read is still sealed."""
        self._interrupted = True
        for session in self._sessions:
            session.interrupt()

    def run(self, destination: Path, *, overwrite: bool = False) -> Outcome:
        """Collect into ``destination``, going on where an earlier run with the same request ended.

        A connection lost for good, or ``interrupt``, leaves a snapshot marked incomplete, and beside it the journal
        from which the next run goes on. Raises UsageError when something else is in the way, ConnectionFailed when no
        domain controller takes us in, IncompleteError when the end came before the first object or on a full disk.
        """
        check_output(destination, overwrite=overwrite)
        started = time.monotonic()
        with (
            Journal(destination, self._request(), overwrite=overwrite) as journal,
            CollectionLog(journal.log_path) as log,
        ):
            try:
                for _ in range(_MOST_RESTARTS):
                    try:
                        return self._collect(destination, journal, log, started)
                    except OtherServer as error:
                        self._tell(f"{error}: begun anew")
                        journal.restart()
                return self._collect(destination, journal, log, started)
            except OSError as error:
                raise IncompleteError(f"cannot be written: {error.strerror}", place=str(destination)) from error
            finally:
                for session in self._sessions:
                    session.close()

    def _request(self) -> dict[str, str]:
        return {
            "version": __version__,
            "server": self._scope.domain or self._endpoint.host,
            "account": self._credentials.name,
            "scope": repr(self._scope),
            "attributes": " ".join(self._attributes),
        }

    def _connect(self, location: Location, log: CollectionLog) -> Session:
        if self._interrupted:
            raise Interrupted
        endpoint = replace(self._endpoint, host=location.host, address=location.address)
        session = Session(endpoint, self._credentials, log, self._pacing)
        self._sessions.append(session)
        return session

    def _home(self, log: CollectionLog) -> Session:
        """The first controller: the one that was named, or one of the domain that was."""
        if self._scope.domain is None:
            return self._connect(self._names.located(self._endpoint.host), log)
        tried: list[str] = []
        locations = domain_locations(self._scope.domain, self._names, tried)
        return first_to_answer(
            locations,
            lambda location: self._connect(location, log),
            sought=self._scope.domain,
            tried=tried,
            remedy="name one with --server, or a name server of the domain with --dns-server",
        )

    def _collect(self, destination: Path, journal: Journal, log: CollectionLog, started: float) -> Outcome:
        goes_on = not journal.is_empty
        log.write(
            "start",
            tool=f"adaudit {__version__}",
            client=platform.node(),
            account=self._credentials.name,
            servers=[self._scope.domain or self._endpoint.host],
            resumed=goes_on,
            max_rate=self._pacing.max_rate,
        )
        home = self._home(log)
        root = home.root
        try:
            account_sid = reader_sid(home, root)
        except Interrupted as error:
            raise IncompleteError("interrupted before anything was read") from error
        first_usn = self._first_usn(journal, home)
        source = SourceInfo(
            kind="ldap",
            tool=f"adaudit {__version__}",
            server=root.host,
            account=self._credentials.name,
            account_sid=account_sid,
            scope=repr(self._scope),
        )
        with Ingest(destination, source=source) as ingest:
            intake = Intake(ingest, journal, self._scope)
            if goes_on:
                self._tell("an interrupted collection is taken up again")
                for envelope in journal.replay():
                    intake.replay(envelope)
            sweep = Sweep(ingest, intake, journal, self._attributes, self._observe, goes_on=goes_on)
            ended = self._read(home, ingest, sweep, first_usn)
            sweep.tell(ended)
            reason = "; ".join(sweep.problems)[:_LONGEST_REASON] or None
            log.write("end", objects=ingest.count, seconds=time.monotonic() - started, incomplete_reason=reason)
            if ingest.count == 0:
                raise IncompleteError(f"nothing was read: {reason or 'the directory looks empty to this account'}")
            self._observe(Step(None, 0, 0, ingest.count))
            path = ingest.seal(
                as_of=root.current_time,
                as_of_origin="dc_current_time",
                account=self._credentials.name,
                account_sid=account_sid,
                incomplete_reason=reason,
                log=journal.log_path,
                servers=tuple(self._servers),
            )
        if reason is None:
            journal.finish()
        else:
            journal.sealed(path)
        with open_snapshot(path) as snapshot:
            objects = snapshot.manifest.tables["objects"].rows
        return Outcome(path, objects, time.monotonic() - started, root.host, account_sid, reason)

    def _read(self, home: Session, ingest: Ingest, sweep: Sweep, first_usn: int | None) -> str | None:
        """Everything; what ended it before its end. Raises OtherServer."""
        try:
            self._tell_elsewhere(home, ingest, sweep)
            sweep.read(home, home.root.naming_contexts, first_usn)
            sweep.settle()
        except OtherServer:
            raise
        except ConnectionFailed as error:
            return error.message
        return None

    def _tell_elsewhere(self, home: Session, ingest: Ingest, sweep: Sweep) -> None:
        root = home.root
        partitions, result = elsewhere(home, root)
        for partition in partitions:
            ingest.partition(partition.dn, collected=False)
            reason = "other_domain" if partition.is_domain else "not_in_source"
            ingest.note("not_attempted", reason, dn=partition.dn)
        if not result.is_success:
            sweep.tell_refusal(root.partitions_container, result)

    def _first_usn(self, journal: Journal, session: Session) -> int | None:
        """The highest USN of the server before anything was read of its domain. Raises OtherServer."""
        root = session.root
        origin = Origin(service=root.service, invocation_id=root.invocation_id, highest_usn=root.highest_usn)
        known = journal.origin(root.domain)
        if known is None:
            journal.begin(root.domain, origin)
        elif (known.service, known.invocation_id) != (origin.service, origin.invocation_id):
            raise OtherServer(f"the collection was begun with {known.service}", place=session.host)
        else:
            origin = known
        self._servers.append(
            ServerInfo(
                host=root.host or session.host,
                domain=root.domain,
                invocation_id=root.invocation_id,
                highest_usn=root.highest_usn,
            )
        )
        return origin.highest_usn


def check_output(output: Path, *, overwrite: bool) -> None:
    """Refuse what could not be written at the end of a long reading. Raises UsageError."""
    if not output.parent.is_dir():
        raise UsageError(f"the folder {output.parent} does not exist", place=str(output))
    if output.exists() and not overwrite and not stands_in(output):
        raise UsageError("exists already; give another name, or --overwrite", place=str(output))
