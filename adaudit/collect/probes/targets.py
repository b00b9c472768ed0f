"""Whom to probe: the controllers and certification authorities that the directory names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from adaudit.collect.directory import entries, first_value
from adaudit.collect.discovery import NameServer, host_name, is_address
from adaudit.collect.filters import Equals
from adaudit.collect.forest import Partition, Topology, repeated
from adaudit.collect.messages import Page, ResultCode, Scope, Search, text
from adaudit.collect.probes.model import Target, TargetKind
from adaudit.collect.probes.web_enrolment import enrolment_urls
from adaudit.collect.session import Session
from adaudit.ingest.names import dn_key

_AUTHORITIES: Final = "CN=Enrollment Services,CN=Public Key Services,CN=Services"
_OF_AUTHORITY: Final = ("cn", "dNSHostName", "msPKI-Enrollment-Servers")


@dataclass(frozen=True)
class Targets:
    """Whom to ``plan`` probes of. ``untold``: of whom the directory does not tell enough for that, and why."""

    found: tuple[Target, ...]
    untold: tuple[str, ...]


def find_targets(home: Session, topology: Topology, domains: Iterable[Partition], names: NameServer) -> Targets:
    """``home``, which is asked, the other controllers of ``domains`` and the hosts of the authorities of the forest.

    ``names`` says where hosts are. Raises ConnectionFailed.
    """
    untold: list[str] = []
    controllers = _controllers(home, topology, domains, names, untold)
    found = [_home(home, names), *controllers, *_authorities(home, names, untold)]
    return Targets(tuple(dict.fromkeys(found)), tuple(untold))


def _home(home: Session, names: NameServer) -> Target:
    """By the name that its certificate bears: the one it was reached by, or its own when that was an address."""
    if is_address(home.host):
        return Target(host_name(home.root.host or "") or home.host, address=home.host)
    return Target(home.host, address=names.located(home.host).address)


def _controllers(
    home: Session, topology: Topology, domains: Iterable[Partition], names: NameServer, untold: list[str]
) -> Iterator[Target]:
    for controller in (each for domain in domains for each in topology.holders(domain)):
        if controller.settings_key == dn_key(home.root.service):
            continue
        if controller.host is None:
            untold.append(f"{controller.dn}: the directory does not tell its host name")
        else:
            yield Target(controller.host, address=names.located(controller.host).address)


def authorities_search(configuration: str) -> Search:
    """The certification authorities of a forest, by the DN of its configuration."""
    base = f"{_AUTHORITIES},{configuration}"
    return Search(base, Scope.ONE_LEVEL, _OF_AUTHORITY, filter=Equals("objectClass", b"pKIEnrollmentService"))


def _authorities(home: Session, names: NameServer, untold: list[str]) -> Iterator[Target]:
    search = authorities_search(home.root.configuration)
    pages: list[Page] = repeated(lambda: list(home.search(search)))
    for dn, attributes in (entry for page in pages for entry in entries(page)):
        host = host_name(text(first_value(attributes, "dNSHostName") or b""))
        if host is None:
            untold.append(f"{dn}: the directory does not tell its host name")
            continue
        name = first_value(attributes, "cn")
        published = (text(value) for value in attributes.get("msPKI-Enrollment-Servers", []))
        yield Target(
            host,
            TargetKind.WEB_ENROLMENT,
            names.located(host).address,
            (text(name),) if name is not None else (),
            enrolment_urls(published),
        )
    if pages[-1].result.code not in (ResultCode.SUCCESS, ResultCode.NO_SUCH_OBJECT):
        untold.append(f"{search.base}: {pages[-1].result}")
