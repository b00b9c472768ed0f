"""Which controller is asked for what; what is left out is told as it is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from adaudit.collect.discovery import Location, NameServer
from adaudit.collect.forest import Partition, Station, Unreached, read_topology, stations
from adaudit.collect.logons import LogonReading
from adaudit.collect.messages import Result
from adaudit.collect.scope import Scope
from adaudit.collect.session import Session
from adaudit.errors import UsageError
from adaudit.ingest.ingest import Ingest
from adaudit.ingest.names import dn_key
from adaudit.schema.requests import LOGON_ATTRIBUTES

_NOT_HELD: Final = {True: "other_domain", False: "not_in_source"}
"""Reasons of ``coverage``, for domains and for application partitions."""


class Itinerary:
    """The way through what ``scope`` covers, beginning at ``home``.

    ``problems``: what could not be reached, in the user's terms. ``told``: keys of the naming contexts that are left
    out for a reason told in ``coverage``. ``result``: how the reading of the forest's configuration ended.
    """

    def __init__(
        self,
        home: Session,
        scope: Scope,
        connect: Callable[[Location], Session],
        names: NameServer,
        ingest: Ingest,
    ) -> None:
        """Read the configuration of the forest. Raises ConnectionFailed, and UsageError for a naming context that was
        chosen and that the forest, or this controller alone, does not have."""
        self.problems: list[str] = []
        self.told: set[str] = set()
        self.result: Result
        self._home = home
        self._scope = scope
        self._connect = connect
        self._names = names
        self._ingest = ingest
        self.topology, self.result = read_topology(home)
        held = {partition.key for partition in self.topology.held(home.root)}
        elsewhere = [partition for partition in self.topology.partitions if partition.key not in held]
        elsewhere_keys = {partition.key for partition in elsewhere}
        here = [dn for dn in home.root.naming_contexts if dn_key(dn) not in elsewhere_keys]
        self._here = tuple(dn for dn in here if scope.wants(dn, is_domain=dn_key(dn) == dn_key(home.root.domain)))
        self._elsewhere = {each.key: each for each in elsewhere if scope.wants(each.dn, is_domain=each.is_domain)}
        self._check([*here, *(partition.dn for partition in elsewhere)])
        for dn in (*here, *(partition.dn for partition in elsewhere)):
            if dn not in self._here and dn_key(dn) not in self._elsewhere:
                self._leave(dn, "not_attempted", "excluded")
        for name in scope.excluded:
            ingest.note_attribute("not_attempted", "excluded", name, detail=f"--exclude {name}")
        if not scope.forest:
            for partition in self._elsewhere.values():
                self._leave(partition.dn, "not_attempted", _NOT_HELD[partition.is_domain])
            self._elsewhere.clear()

    def stations(self) -> Iterator[Station]:
        """``home``, then a controller for what it does not hold; what cannot be reached is told. Raises Interrupted."""
        home = Station(self._home, self._home.root, self._here)
        if self._here:
            yield home
        if not self._elsewhere:
            return
        for found in stations(home, self.topology, self._is_wanted, self._connect, self._names):
            if isinstance(found, Unreached):
                self._leave(found.dn, "failed", "unreachable", found.reason)
                self.problems.append(found.reason)
                del self._elsewhere[dn_key(found.dn)]
            else:
                for dn in found.contexts:
                    del self._elsewhere[dn_key(dn)]
                yield found

    @property
    def domains(self) -> list[Partition]:
        """Those that are read, or were to be."""
        return [each for each in self.topology.partitions if each.is_domain and each.key not in self.told]

    def ask_for_logons(self) -> None:
        """Every controller of the domains that were read, when that was asked for. Raises Interrupted."""
        attributes = self._scope.requested(LOGON_ATTRIBUTES)
        if not (self._scope.all_controllers and attributes):
            return
        reading = LogonReading(
            self._home, self.topology, self._connect, self._names, self._ingest, ("objectGUID", *attributes)
        )
        reading.run(self.domains)
        self.problems += reading.problems

    def tell_of_the_rest(self, reason: str) -> None:
        """Note what an end before the end left out."""
        for partition in self._elsewhere.values():
            self._leave(partition.dn, "failed", "interrupted", reason)
        if self._scope.all_controllers:
            self._ingest.note("failed", "interrupted", table="logons", detail=reason)

    def _is_wanted(self, partition: Partition) -> bool:
        return partition.key in self._elsewhere

    def _check(self, known: list[str]) -> None:
        for chosen in self._scope.partitions:
            if "=" in chosen and dn_key(chosen) not in map(dn_key, known):
                raise UsageError(f"the forest has no such naming context; it has {'; '.join(known)}", place=chosen)
        if not self._here and not (self._scope.forest and self._elsewhere):
            raise UsageError("this controller holds nothing of what was chosen: add --forest, or name another one")

    def _leave(self, dn: str, status: str, reason: str, detail: str | None = None) -> None:
        self.told.add(dn_key(dn))
        self._ingest.partition(dn, collected=False)
        self._ingest.note(status, reason, dn=dn, detail=detail)
