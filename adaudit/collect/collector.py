"""A whole collection: what was asked for, from every server that has it, into one snapshot, whatever happens."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from adaudit import __version__
from adaudit.collect.authentication import Credentials
from adaudit.collect.directory import reader_sid
from adaudit.collect.discovery import Location, NameServer, domain_locations, first_to_answer
from adaudit.collect.endpoint import Endpoint
from adaudit.collect.intake import Intake
from adaudit.collect.itinerary import Itinerary
from adaudit.collect.journal import Journal, stands_in
from adaudit.collect.log import CollectionLog
from adaudit.collect.passes import Contexts
from adaudit.collect.reading import Reading
from adaudit.collect.session import Interrupted, OtherServer, Session
from adaudit.collect.standing import Standing
from adaudit.collect.sweep import Step, Sweep
from adaudit.collect.wanted import DEFAULT_PACING, Pacing, Wanted
from adaudit.errors import IncompleteError, UsageError
from adaudit.ingest.ingest import Ingest
from adaudit.schema.requests import HEAD_ATTRIBUTES, REQUESTED_ATTRIBUTES
from adaudit.snapshot import Snapshot, SourceInfo, open_snapshot

_TOOL: Final = f"adaudit {__version__}"
_LONGEST_REASON: Final = 500
_MOST_RESTARTS: Final = 3
_REMEDY: Final = "name one with --server, or a name server of the domain with --dns-server"

EVERYTHING_HERE: Final = Wanted()


@dataclass(frozen=True)
class Outcome:
    """What a collection brought. ``gaps``: rows of coverage by status; ``incomplete_reason`` is None when nothing was
    interrupted, cut or failed."""

    path: Path
    objects: int
    gaps: Counter[str]
    seconds: float
    server: str | None
    account_sid: str | None
    incomplete_reason: str | None


class Collector:
    """Reads what is wanted, as far as an account may see it."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials,
        wanted: Wanted = EVERYTHING_HERE,
        *,
        since: Path | None = None,
        pacing: Pacing = DEFAULT_PACING,
        attributes: tuple[str, ...] = REQUESTED_ATTRIBUTES,
        observe: Callable[[Step], None] = lambda _step: None,
        tell: Callable[[str], None] = lambda _message: None,
    ) -> None:
        """``endpoint``: the server to begin with, or the way to whichever is found when the scope names a domain.

        ``since``: a snapshot of an earlier collection, from which only what has changed is read, where that is sound.
        ``observe`` is called after each page; ``tell`` with what the user should know meanwhile.
        """
        self._endpoint = endpoint
        self._credentials = credentials
        self._wanted = wanted
        self._since = since
        self._pacing = pacing
        self._attributes = wanted.scope.requested(attributes)
        self._observe = observe
        self._tell = tell
        self._names = NameServer(wanted.scope.dns_server)
        self._server = wanted.scope.domain or endpoint.host
        self._standing = Standing()
        self._sessions: list[Session] = []
        self._reading: Reading | None = None
        self._interrupted = False

    def interrupt(self) -> None:
        """Stop reading, from a signal handler or another thread; what was read is still sealed."""
        self._interrupted = True
        for session in self._sessions:
            session.interrupt()
        if self._reading is not None:
            self._reading.interrupt()

    def run(self, destination: Path, *, overwrite: bool = False) -> Outcome:
        """Collect into ``destination``, going on where an earlier run with the same request ended.

        A connection lost for good, or ``interrupt``, leaves a snapshot marked incomplete, and beside it the journal
        from which the next run goes on. Raises UsageError when something else is in the way, ConnectionFailed when no
        domain controller takes us in, IncompleteError when the end came before the first object or on a full disk.
        """
        check_output(destination, overwrite=overwrite, since=self._since)
        started = time.monotonic()
        with ExitStack() as opened:
            earlier = None if self._since is None else opened.enter_context(open_snapshot(self._since))
            journal = opened.enter_context(Journal(destination, self._request(earlier), overwrite=overwrite))
            log = opened.enter_context(CollectionLog(journal.log_path))
            if earlier is not None and (unfit := self._unfit(earlier)) is not None:
                self._tell(f"{earlier.path}: {unfit}: everything is read")
                earlier = None
            opened.callback(self._close_sessions)
            try:
                return self._collect_comparably(destination, journal, log, started, earlier)
            except Interrupted as error:
                raise IncompleteError("interrupted before anything was read") from error
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else str(error)
                raise IncompleteError(f"cannot be written: {reason}", place=str(destination)) from error

    def _close_sessions(self) -> None:
        for session in self._sessions:
            session.close()

    def _collect_comparably(
        self, destination: Path, journal: Journal, log: CollectionLog, started: float, earlier: Snapshot | None
    ) -> Outcome:
        """What was read before is let go when it does not compare with what the server gives now."""
        restarts = 0
        while True:
            try:
                return self._collect(destination, journal, log, started, None if journal.is_restarted else earlier)
            except OtherServer as error:
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise
                self._tell(f"{error}: everything is read, from the beginning")
                journal.restart()

    def _unfit(self, earlier: Snapshot) -> str | None:
        """Why nothing can be taken over from an earlier collection; None when it can, as far as it alone tells."""
        manifest = earlier.manifest
        before = manifest.source
        if before.kind != "ldap" or not manifest.complete:
            return "it is no complete collection"
        if before.tool != _TOOL:
            return f"it was made by {before.tool}"
        if (before.account, before.scope) != (self._credentials.name, repr(self._wanted.scope)):
            return "it was made by another account or with another scope"
        return None

    def _request(self, earlier: Snapshot | None) -> dict[str, str]:
        """What must not change for a collection to be gone on with."""
        return {
            "version": __version__,
            "server": self._server,
            "account": self._credentials.name,
            "scope": repr(self._wanted.scope),
            "attributes": " ".join(self._attributes),
            "since": "" if earlier is None else earlier.sha256,
        }

    def _connect(self, location: Location, log: CollectionLog) -> Session:
        if self._interrupted:
            raise Interrupted
        endpoint = replace(self._endpoint, host=location.host, address=location.address)
        session = Session(endpoint, self._credentials, log, self._pacing, standing=self._standing)
        self._sessions.append(session)
        if self._interrupted:  # while it was being opened
            raise Interrupted
        return session

    def _home(self, connect: Callable[[Location], Session]) -> Session:
        """The first controller: the one that was named, or one of the domain that was."""
        domain = self._wanted.scope.domain
        if domain is None:
            return connect(self._names.located(self._endpoint.host))
        tried: list[str] = []
        locations = domain_locations(domain, self._names, tried)
        return first_to_answer(locations, connect, sought=domain, tried=tried, remedy=_REMEDY)

    def _collect(
        self, destination: Path, journal: Journal, log: CollectionLog, started: float, earlier: Snapshot | None
    ) -> Outcome:
        goes_on = not journal.is_empty
        log.write(
            "start",
            tool=_TOOL,
            client=platform.node(),
            account=self._credentials.name,
            servers=[self._server],
            resumed=goes_on,
            since=None if earlier is None else earlier.sha256,
            max_rate=self._pacing.max_rate,
        )
        connect = partial(self._connect, log=log)
        home = self._home(connect)
        account_sid = reader_sid(home, home.root)
        source = SourceInfo(
            kind="ldap",
            tool=_TOOL,
            server=home.root.host,
            account=self._credentials.name,
            account_sid=account_sid,
            scope=repr(self._wanted.scope),
            since=None if earlier is None else earlier.sha256,
        )
        with Ingest(destination, source=source) as ingest:
            intake = Intake(ingest, journal, self._wanted.scope)
            if earlier is not None:
                ingest.load(earlier)
            if goes_on:
                self._tell("going on with the collection that was interrupted")
                for envelope in journal.replay():
                    intake.replay(envelope)
            servers = None if earlier is None else earlier.manifest.source.servers
            reading = self._reading = Reading(
                self._wanted, self._endpoint, self._credentials, ingest, journal, log, self._standing, earlier=servers
            )
            itinerary = Itinerary(home, self._wanted.scope, connect, self._names, ingest)
            contexts = Contexts((*home.root.naming_contexts, *(each.dn for each in itinerary.topology.partitions)))
            holds = goes_on or earlier is not None
            of_heads = self._wanted.scope.requested(HEAD_ATTRIBUTES)
            sweep = Sweep(ingest, intake, journal, contexts, self._attributes, of_heads, self._observe, goes_on=holds)
            reading.run(home, itinerary, self._names, sweep)
            reason = told_briefly(reading.problems)
            log.write("end", objects=ingest.count, seconds=time.monotonic() - started, incomplete_reason=reason)
            if ingest.count == 0:
                raise IncompleteError(f"nothing was read: {reason or 'the directory looks empty to this account'}")
            self._observe(Step(None, 0, 0, ingest.count))
            path = ingest.seal(
                as_of=home.root.current_time,
                as_of_origin="dc_current_time",
                account=self._credentials.name,
                account_sid=account_sid,
                incomplete_reason=reason,
                log=log.path,
                servers=tuple(reading.servers),
            )
        if reason is None:
            journal.finish()
        else:
            journal.sealed(path)
        with open_snapshot(path) as snapshot:
            objects = snapshot.manifest.tables["objects"].rows
            gaps = Counter(snapshot.table("coverage", ["status"])["status"].to_pylist())
        return Outcome(path, objects, gaps, time.monotonic() - started, home.root.host, account_sid, reason)


def told_briefly(problems: list[str]) -> str | None:
    """Why a collection is incomplete: the first reasons, as many as fit; the others are counted."""
    told = ""
    for number, problem in enumerate(problems):
        if told and len(told) + len(problem) > _LONGEST_REASON:
            return f"{told}; and {len(problems) - number} more"
        told = f"{told}; {problem}" if told else _cut(problem)
    return told or None


def _cut(problem: str) -> str:
    return problem if len(problem) <= _LONGEST_REASON else f"{problem[: _LONGEST_REASON - 1]}…"


def check_output(output: Path, *, overwrite: bool, since: Path | None = None) -> None:
    """Refuse what could not be written at the end of a long reading, or would replace the earlier collection by what
    may be an incomplete one. Raises UsageError."""
    if not output.parent.is_dir():
        raise UsageError(f"the folder {output.parent} does not exist", place=str(output))
    if output.exists() and not overwrite and not stands_in(output):
        raise UsageError("exists already; give another name, or --overwrite", place=str(output))
    if since is not None and output.exists() and since.exists() and output.samefile(since):
        raise UsageError("is the earlier collection: give the new one another name", place=str(output))
