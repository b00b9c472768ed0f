"""What one collection reads, in order: naming contexts, logons, SYSVOL, answers to probes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from adaudit.collect.authentication import Credentials
from adaudit.collect.discovery import NameServer
from adaudit.collect.endpoint import Endpoint, trust
from adaudit.collect.forest import Station
from adaudit.collect.itinerary import Itinerary
from adaudit.collect.journal import Journal, Origin
from adaudit.collect.log import CollectionLog
from adaudit.collect.session import Interrupted, OtherServer, Session
from adaudit.collect.standing import Standing
from adaudit.collect.sweep import Sweep
from adaudit.collect.wanted import Wanted
from adaudit.errors import ConnectionFailed
from adaudit.ingest.forest import dns_name_of
from adaudit.ingest.ingest import Ingest
from adaudit.ingest.names import dn_key
from adaudit.snapshot import ServerInfo

if TYPE_CHECKING:
    from adaudit.collect.probes import PlannedProbe
    from adaudit.collect.sysvol import SysvolReader


class Reading:
    """Reads what is wanted, along an itinerary. ``servers``: the controllers that were read; ``problems``: what
    failed, in the user's terms."""

    def __init__(
        self,
        wanted: Wanted,
        endpoint: Endpoint,
        credentials: Credentials,
        ingest: Ingest,
        journal: Journal,
        log: CollectionLog,
        standing: Standing,
        *,
        earlier: tuple[ServerInfo, ...] | None = None,
    ) -> None:
        """``endpoint``: how servers are trusted, and how patiently waited for; ``earlier``: the servers of the
        collection that this one starts from."""
        self.servers: list[ServerInfo] = []
        self.problems: list[str] = []
        self._wanted = wanted
        self._endpoint = endpoint
        self._credentials = credentials
        self._ingest = ingest
        self._journal = journal
        self._log = log
        self._earlier = earlier
        self._standing = standing
        self._sysvol = self._sysvol_reader() if wanted.sysvol else None
        self._domains: dict[str, Session] = {}
        self._interrupted = False

    def _sysvol_reader(self) -> SysvolReader:
        from adaudit.collect.sysvol import SysvolReader  # needs impacket

        timeout = self._endpoint.timeout
        return SysvolReader(self._credentials, self._ingest, self._log, standing=self._standing, timeout=timeout)

    def interrupt(self) -> None:
        """From a signal handler or another thread; the sessions are interrupted elsewhere."""
        self._interrupted = True
        if self._sysvol is not None:
            self._sysvol.interrupt()

    def run(self, home: Session, itinerary: Itinerary, names: NameServer, sweep: Sweep) -> None:
        """Everything. Raises ConnectionFailed when ``home`` is out of reach, OtherServer, Interrupted; and what the
        confirmation of the probes raises."""
        planned = self._planned(home, itinerary, names)
        ended = None
        try:
            for station in itinerary.stations():
                self._read_contexts(station, sweep, is_home=station.session is home)
            self._check_schema(sweep, home)
            sweep.settle()
            itinerary.ask_for_logons()
            self._read_sysvol()
            self._probe(planned)
        except OtherServer:
            raise
        except ConnectionFailed as error:
            ended = error.message
            itinerary.tell_of_the_rest(ended)
        if not itinerary.result.is_success:
            sweep.tell_refusal(home.root.configuration, itinerary.result)
        sweep.tell(ended, itinerary.told)
        self.problems = [*sweep.problems, *itinerary.problems, *self.problems]

    def _check_schema(self, sweep: Sweep, home: Session) -> None:
        """Which attributes are to be seen depends on the schema. Raises OtherServer."""
        if self._earlier is not None and sweep.schema_changed:
            raise OtherServer("the schema has changed since the earlier collection", place=home.host)

    def _planned(self, home: Session, itinerary: Itinerary, names: NameServer) -> list[PlannedProbe]:
        if self._wanted.probing is None:
            return []
        from adaudit.collect.probes import find_targets, plan

        targets = find_targets(home, itinerary.topology, itinerary.domains, names)
        for reason in targets.untold:
            self._ingest.note("not_attempted", "reference_unseen", table="probes", detail=reason)
        planned = plan(targets.found)
        self._wanted.probing.confirm(planned)
        return planned

    def _read_contexts(self, station: Station, sweep: Sweep, *, is_home: bool) -> None:
        """A controller other than the first that is lost on the way is told of, and the others are read."""
        session, root = station.session, station.root
        if dn_key(root.domain) in map(dn_key, station.contexts):
            self._domains[root.domain] = session
        first_usn = self._begun(station)
        try:
            sweep.read(session, station.contexts, first_usn)
        except (Interrupted, OtherServer):
            raise
        except ConnectionFailed as error:
            if is_home:
                raise
            sweep.give_up(session, str(error))

    def _begun(self, station: Station) -> int | None:
        """The highest USN of the server before anything that is held was read there. Raises OtherServer."""
        root, key = station.root, station.contexts[0]
        now = Origin(
            service=root.service,
            invocation_id=root.invocation_id,
            highest_usn=root.highest_usn,
            token=sha256(" ".join(sorted(root.token)).encode()).hexdigest(),
        )
        known = self._journal.origin(key) or self._earlier_origin(now)
        if known is not None and (difference := now.difference(known)) is not None:
            raise OtherServer(difference, place=station.session.host)
        self._journal.begin(key, known or now)
        self.servers.append(
            ServerInfo(
                host=root.host or station.session.host,
                domain=root.domain,
                invocation_id=now.invocation_id,
                highest_usn=now.highest_usn,
                token=now.token,
            )
        )
        return (known or now).highest_usn

    def _earlier_origin(self, now: Origin) -> Origin | None:
        """That of the earlier collection's server with the same database; None without an earlier collection."""
        if self._earlier is None:
            return None
        for server in self._earlier:
            if server.invocation_id is not None and server.invocation_id == now.invocation_id:
                return now.model_copy(update={"highest_usn": server.highest_usn, "token": server.token})
        raise OtherServer("the earlier collection was read from another server", place=now.service)

    def _read_sysvol(self) -> None:
        for domain, session in self._domains.items():
            if self._sysvol is None:
                self._ingest.sysvol_gap(domain, "not_attempted", "excluded")
                continue
            host = session.root.host or session.host
            self.problems += self._sysvol.read(host, dns_name_of(dn_key(domain)), domain, address=session.address)
            self._end_if_interrupted()

    def _probe(self, planned: Sequence[PlannedProbe]) -> None:
        if self._wanted.probing is None:
            return
        from adaudit.collect.probes import record, run_probes

        certificates = trust(self._endpoint.ca_file)
        timeout = self._wanted.probing.timeout
        standing = self._standing
        for probed in run_probes(planned, self._credentials, trust=certificates, standing=standing, timeout=timeout):
            record(probed, self._ingest, self._log)
            self._end_if_interrupted()

    def _end_if_interrupted(self) -> None:
        if self._interrupted:
            raise Interrupted
