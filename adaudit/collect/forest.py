"""The forest as its configuration describes it, and the way to the naming contexts that one controller lacks.

Credentials go to no other host than those that the forest names: a dNSHostName of its server objects, or an SRV
answer within the DNS name of one of its domains. What answers there says of which domain and forest it is before
anything is read. Global catalogues are not asked: they hold a part of each object only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from adaudit.collect.directory import RootDse, entries, first_value, integer
from adaudit.collect.discovery import Location, NameServer, first_to_answer, host_name, is_within
from adaudit.collect.filters import Equals, Or
from adaudit.collect.messages import Result, Scope, Search, text
from adaudit.collect.session import Interrupted, Session
from adaudit.collect.transport import ConnectionLost
from adaudit.errors import ConnectionFailed
from adaudit.ingest.names import dn_key, is_below, parent_of

_MOST_TRIED: Final = 8
"""Controllers of one naming context that are tried before it is given up."""

_IS_PARTITION: Final = 0x1
_IS_DOMAIN: Final = 0x2
"""Bits of systemFlags of a crossRef: FLAG_CR_NTDS_NC, FLAG_CR_NTDS_DOMAIN (MS-ADTS 2.2.10)."""

_HELD: Final = ("msDS-HasDomainNCs", "msDS-hasMasterNCs", "hasMasterNCs", "msDS-hasFullReplicaNCs")
"""Attributes of NTDS Settings that name what the controller holds in full (MS-ADTS 6.1.1.2.2.1.2.1.1)."""

_REPLICAS: Final = ("msDS-NC-Replica-Locations", "msDS-NC-RO-Replica-Locations")
"""Attributes of the crossRef of an application partition that name the NTDS Settings of its holders."""

_OF_CROSSREF: Final = ("nCName", "systemFlags", "dnsRoot", *_REPLICAS)
_OF_SERVER: Final = ("objectClass", "dNSHostName", "serverReference", *_HELD)
_SERVERS: Final = Or((Equals("objectClass", b"server"), Equals("objectClass", b"nTDSDSA")))
_ATTEMPTS: Final = 3
_REMEDY: Final = "Name a name server that knows the forest with --dns-server, or collect from a controller of its own"


Answer = TypeVar("Answer")


class WrongServer(ConnectionFailed):
    """What answered is not the controller that was sought."""


@dataclass(frozen=True)
class Partition:
    """A naming context of the forest, by its crossRef; ``dns_name`` is empty when it is no DNS name.

    ``replicas``: keys of the NTDS Settings that hold it, told of application partitions only.
    """

    dn: str
    is_domain: bool
    dns_name: str
    replicas: frozenset[str]

    @property
    def key(self) -> str:
        return dn_key(self.dn)


@dataclass(frozen=True)
class Controller:
    """A domain controller by its server object and NTDS Settings; ``contexts``: keys of what it holds in full."""

    dn: str
    host: str | None
    account: str | None
    contexts: frozenset[str]

    @property
    def key(self) -> str:
        return dn_key(self.dn)

    @property
    def settings_key(self) -> str:
        return f"cn=ntds settings,{self.key}"


@dataclass(frozen=True)
class Topology:
    """The naming contexts and controllers of a forest, each in the order of their DN."""

    partitions: tuple[Partition, ...]
    controllers: tuple[Controller, ...]

    def holders(self, partition: Partition) -> tuple[Controller, ...]:
        """The controllers that hold ``partition``: by their NTDS Settings, its crossRef or where their account is."""
        return tuple(
            controller
            for controller in self.controllers
            if partition.key in controller.contexts
            or controller.settings_key in partition.replicas
            or (partition.is_domain and self._domain_of(controller) == partition.key)
        )

    def held(self, root: RootDse) -> tuple[Partition, ...]:
        """What a controller holds in full; a controller is of one domain, whatever else its rootDSE lists."""
        listed = {dn_key(dn) for dn in root.naming_contexts}
        domain = dn_key(root.domain)
        return tuple(p for p in self.partitions if p.key in listed and (not p.is_domain or p.key == domain))

    def is_of_forest(self, host: str) -> bool:
        """The forest names ``host``, or one of its domains has it in its DNS name."""
        return any(host == controller.host for controller in self.controllers) or any(
            is_within(host, partition.dns_name)
            for partition in self.partitions
            if partition.is_domain and partition.dns_name
        )

    def _domain_of(self, controller: Controller) -> str | None:
        account = dn_key(controller.account or "")
        above = [p.key for p in self.partitions if p.is_domain and is_below(account, p.key)]
        return max(above, key=len, default=None)


@dataclass(frozen=True)
class Station:
    """A controller that is bound to, and the naming contexts to read there."""

    session: Session
    root: RootDse
    contexts: tuple[str, ...]


@dataclass(frozen=True)
class Unreached:
    """A naming context of which no controller could be asked."""

    dn: str
    reason: str


def partitions_search(configuration: str) -> Search:
    """The crossRefs of a forest, by the DN of its configuration."""
    return Search(f"CN=Partitions,{configuration}", Scope.ONE_LEVEL, _OF_CROSSREF)


def servers_search(configuration: str) -> Search:
    """Its server objects and their NTDS Settings."""
    return Search(f"CN=Sites,{configuration}", Scope.SUBTREE, _OF_SERVER, filter=_SERVERS)


def read_topology(session: Session) -> tuple[Topology, Result]:
    """The forest as this controller knows it, and how the reading ended: what is missing when it is no success.

    Raises ConnectionFailed when the link was lost for good.
    """
    root = session.root
    refs, result = _read(session, partitions_search(root.configuration))
    found, servers_result = _read(session, servers_search(root.configuration))
    servers = {dn_key(dn): (dn, attributes) for dn, attributes in found if not _is_settings(attributes)}
    controllers = []
    for dn, attributes in found:
        server = servers.get(parent_of(dn_key(dn)))
        if _is_settings(attributes) and server is not None:
            host, account = (first_value(server[1], name) for name in ("dNSHostName", "serverReference"))
            name = host_name(text(host or b""))
            controllers.append(
                Controller(server[0], name, text(account) if account else None, _keys(attributes, _HELD))
            )
    partitions = [_partition(attributes) for _, attributes in refs if _is_partition(attributes)]
    topology = Topology(
        tuple(sorted(partitions, key=lambda each: each.key)), tuple(sorted(controllers, key=lambda each: each.key))
    )
    return topology, servers_result if result.is_success else result


def stations(
    home: Station,
    topology: Topology,
    wants: Callable[[Partition], bool],
    connect: Callable[[Location], Session],
    names: NameServer,
) -> Iterator[Station | Unreached]:
    """The way to each wanted naming context that ``home`` does not hold, domains first; a session is closed when the
    next station is asked for.

    A controller is asked for all of them that it holds and nobody was asked for yet. The sessions that ``connect``
    opens share the standing of the account: once it was refused, it is given to no other controller.
    """
    held = {partition.key for partition in topology.held(home.root)}
    missing = {
        partition.key: partition
        for partition in sorted(topology.partitions, key=lambda p: not p.is_domain)
        if partition.key not in held and wants(partition)
    }
    while missing:
        sought = next(iter(missing.values()))
        try:
            session = _reach(sought, home.root, topology, connect, names)
        except Interrupted:
            raise
        except ConnectionFailed as error:
            yield Unreached(missing.pop(sought.key).dn, str(error))
            continue
        contexts = tuple(missing.pop(each.key).dn for each in topology.held(session.root) if each.key in missing)
        try:
            yield Station(session, session.root, contexts)
        finally:
            session.close()


def check_controller(root: RootDse, home: RootDse) -> None:
    """Raises WrongServer unless ``root`` is that of a controller of the forest of ``home``."""
    place = root.host or ""
    if (dn_key(root.configuration), dn_key(root.root_domain)) != (dn_key(home.configuration), dn_key(home.root_domain)):
        raise WrongServer(f"a controller of another forest, {root.configuration}", place=place)
    if not is_below(dn_key(root.service), f"cn=sites,{dn_key(home.configuration)}"):
        raise WrongServer("no controller of this forest: it does not tell its NTDS Settings", place=place)


def repeated(read: Callable[[], Answer]) -> Answer:
    """The answer of ``read``, which begins again when the link is lost on the way; at the third time it is given up."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except ConnectionLost:
            continue
    return read()


def _reach(
    sought: Partition,
    home: RootDse,
    topology: Topology,
    connect: Callable[[Location], Session],
    names: NameServer,
) -> Session:
    def connect_checked(location: Location) -> Session:
        session = connect(location)
        try:
            check_controller(session.root, home)
            _check_holds(topology, session.root, sought)
        except WrongServer:
            session.close()
            raise
        return session

    tried: list[str] = []
    locations = (names.located(host) for host in islice(_hosts(sought, topology, names, tried), _MOST_TRIED))
    return first_to_answer(locations, connect_checked, sought=sought.dn, tried=tried, remedy=_REMEDY)


def _check_holds(topology: Topology, root: RootDse, sought: Partition) -> None:
    if sought not in topology.held(root):
        raise WrongServer(f"it does not hold {sought.dn}", place=root.host or "")


def _hosts(sought: Partition, topology: Topology, names: NameServer, tried: list[str]) -> Iterator[str]:
    """Hosts to try: those of the SRV records that the forest knows, then those of its server objects."""
    hosts: tuple[str, ...] = ()
    if sought.is_domain and sought.dns_name:
        try:
            hosts = names.controllers(sought.dns_name)
        except ConnectionFailed as error:
            tried.append(error.message)
    tried += [f"{host}: not tried, the forest does not name it" for host in hosts if not topology.is_of_forest(host)]
    named = (controller.host for controller in topology.holders(sought) if controller.host is not None)
    yield from dict.fromkeys([*(host for host in hosts if topology.is_of_forest(host)), *named])


def _read(session: Session, search: Search) -> tuple[list[tuple[str, dict[str, list[bytes]]]], Result]:
    """All entries of a small answer and how it ended."""

    def read() -> tuple[list[tuple[str, dict[str, list[bytes]]]], Result]:
        pages = list(session.search(search))
        return [entry for page in pages for entry in entries(page)], pages[-1].result

    return repeated(read)


def _is_settings(attributes: Mapping[str, list[bytes]]) -> bool:
    return b"nTDSDSA" in attributes.get("objectClass", [])


def _is_partition(attributes: dict[str, list[bytes]]) -> bool:
    return bool(integer(first_value(attributes, "systemFlags")) & _IS_PARTITION) and "nCName" in attributes


def _partition(attributes: dict[str, list[bytes]]) -> Partition:
    return Partition(
        text(attributes["nCName"][0]),
        bool(integer(first_value(attributes, "systemFlags")) & _IS_DOMAIN),
        host_name(text(first_value(attributes, "dnsRoot") or b"")) or "",
        _keys(attributes, _REPLICAS),
    )


def _keys(attributes: Mapping[str, list[bytes]], names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(dn_key(text(value)) for name in names for value in attributes.get(name, []))
