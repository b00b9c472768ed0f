"""What does not replicate: the logons that each domain controller alone knows of, asked of every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from adaudit.collect.directory import entries
from adaudit.collect.discovery import Location, NameServer
from adaudit.collect.filters import Equals
from adaudit.collect.forest import Controller, Partition, Topology, WrongServer, check_controller, repeated
from adaudit.collect.messages import Result, ResultCode, Scope, Search
from adaudit.collect.session import Interrupted, Session
from adaudit.errors import ConnectionFailed
from adaudit.ingest.ingest import Ingest
from adaudit.ingest.names import dn_key

_ACCOUNTS: Final = Equals("objectClass", b"user")


def logons_search(domain: str, attributes: tuple[str, ...]) -> Search:
    """The accounts of a domain."""
    return Search(domain, Scope.SUBTREE, attributes, filter=_ACCOUNTS)


class LogonReading:
    """Asks the controllers of a forest into ``ingest``, each over its own connection, one after the other.

    ``attributes``: objectGUID and those of LOGON_ATTRIBUTES that are wanted. ``home`` is used where it leads.
    ``problems``: what could not be read, in the user's terms; each is also told in ``coverage``.
    """

    def __init__(
        self,
        home: Session,
        topology: Topology,
        connect: Callable[[Location], Session],
        names: NameServer,
        ingest: Ingest,
        attributes: tuple[str, ...],
    ) -> None:
        self.problems: list[str] = []
        self._home = home
        self._topology = topology
        self._connect = connect
        self._names = names
        self._ingest = ingest
        self._attributes = attributes

    def run(self, domains: Iterable[Partition]) -> None:
        """Read the accounts of these domains on each of their controllers that the directory names.

        A controller that cannot be asked is told and the others are asked. Raises Interrupted.
        """
        for domain in domains:
            controllers = self._topology.holders(domain)
            if not controllers:
                self._tell(domain.dn, "unreachable", f"{domain.dn}: the configuration names no controller of it")
            for controller in controllers:
                try:
                    result = self._read(domain, controller)
                except Interrupted:
                    raise
                except ConnectionFailed as error:
                    self._tell(controller.account or domain.dn, "unreachable", f"{_name(controller)}: {error}")
                else:
                    if not result.is_success:
                        self._tell(controller.account or domain.dn, "server_error", f"{_name(controller)}: {result}")

    def _read(self, domain: Partition, controller: Controller) -> Result:
        if dn_key(self._home.root.service) == controller.settings_key:
            return self._ask(self._home, domain, controller)
        if controller.host is None:
            raise ConnectionFailed("the directory does not tell its host name")
        with self._connect(self._names.located(controller.host)) as session:
            check_controller(session.root, self._home.root)
            if dn_key(session.root.service) != controller.settings_key:
                raise WrongServer(f"another controller answers: {session.root.service}", place=controller.host)
            return self._ask(session, domain, controller)

    def _ask(self, session: Session, domain: Partition, controller: Controller) -> Result:
        search = logons_search(domain.dn, self._attributes)
        server = controller.host or session.host

        def read() -> Result:
            result = Result(ResultCode.SUCCESS)
            for page in session.search(search):
                for dn, attributes in entries(page):
                    self._ingest.logon(server, dn, attributes)
                result = page.result
            return result

        return repeated(read)

    def _tell(self, dn: str, reason: str, detail: str) -> None:
        self._ingest.note("failed", reason, table="logons", dn=dn, detail=detail)
        self.problems.append(f"logons were not read, {detail}")


def _name(controller: Controller) -> str:
    return controller.host or controller.dn
