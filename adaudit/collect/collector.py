"""A whole collection: every naming context of one server into one snapshot, whatever happens on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adaudit import __version__
from adaudit.collect.connection import ReadOnlyConnection
from adaudit.collect.directory import read_root_dse, reader_sid
from adaudit.collect.sweep import Step, Sweep
from adaudit.errors import ConnectionFailed, IncompleteError
from adaudit.ingest import Ingest
from adaudit.schema.requests import REQUESTED_ATTRIBUTES
from adaudit.snapshot import SourceInfo

_LONGEST_REASON: Final = 500


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
    """Reads everything that a bound connection may see."""

    def __init__(
        self,
        connection: ReadOnlyConnection,
        *,
        account: str,
        observe: Callable[[Step], None] = lambda _step: None,
        attributes: tuple[str, ...] = REQUESTED_ATTRIBUTES,
    ) -> None:
        """``account`` is the name it was bound with; ``observe`` is called after each page."""
        self._connection = connection
        self._account = account
        self._observe = observe
        self._attributes = attributes
        self._interrupted = False

    def interrupt(self) -> None:
        """Stop reading, from a signal handler or another thread; what was read is still sealed."""
        self._interrupted = True
        self._connection.drop()

    def run(self, destination: Path) -> Outcome:
        """Collect into ``destination``.

        A connection lost on the way, or ``interrupt``, leaves a snapshot marked incomplete. Raises ConnectionFailed
        when the server is no domain controller, IncompleteError when the end came before the first object.
        """
        started = time.monotonic()
        try:
            root = read_root_dse(self._connection)
            account_sid = reader_sid(self._connection, root)
        except ConnectionFailed as error:
            if self._interrupted:
                raise IncompleteError("interrupted before anything was read") from error
            raise
        source = SourceInfo(
            kind="ldap",
            tool=f"adaudit {__version__}",
            server=root.host,
            account=self._account,
            account_sid=account_sid,
        )
        with Ingest(destination, source=source) as ingest:
            sweep = Sweep(self._connection, root, ingest, self._attributes, self._observe)
            try:
                sweep.run()
            except ConnectionFailed as error:
                sweep.tell_of_the_rest("interrupted by the user" if self._interrupted else error.message)
            reason = "; ".join(sweep.problems)[:_LONGEST_REASON] or None
            if ingest.count == 0:
                raise IncompleteError(f"nothing was read: {reason or 'the directory looks empty to this account'}")
            self._observe(Step(None, 0, 0, ingest.count))
            path = ingest.seal(
                as_of=root.current_time,
                as_of_origin="dc_current_time",
                account=self._account,
                account_sid=account_sid,
                incomplete_reason=reason,
            )
            return Outcome(path, ingest.count, time.monotonic() - started, root.host, account_sid, reason)
