"""A forest of three domains to walk: what Samba has of it, and proxies that supply the rest.

``corp.test``: dc2 (the home, without DNS partitions) and dc1, two real controllers of one domain. ``lyon.test``: a real
controller of another forest, whose answers are changed to say that its configuration is that of corp.test; Samba has
no second domain in a forest. ``brest.test``: known by its crossRef only. A name server tells where they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from adaudit.collect.authentication import Simple
from adaudit.collect.discovery import Location, NameServer
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.log import CollectionLog
from adaudit.collect.session import Session
from adaudit.collect.standing import Standing
from tests.collect.name_server import name_server

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies, Proxy
    from tests.testbed import Directory

LYON_ADDRESS = "127.0.1.12"
NOBODY = "127.0.1.99"
NAME_SERVER_ADDRESS = "127.0.1.53"
STRANGER_ADDRESS = "127.0.1.66"

_ROOT_DOMAIN = re.compile(rb"(rootDomainNamingContext1.\x04.)DC=lyon")


def in_the_forest_of_corp(message: bytes) -> bytes:
    """An answer of lyon.test as its controller would give it in the forest of corp.test: names of equal length."""
    message = message.replace(b"CN=Configuration,DC=lyon,", b"CN=Configuration,DC=corp,")
    return _ROOT_DOMAIN.sub(rb"\1DC=corp", message)


@dataclass
class Forest:
    """``connect`` opens a session as the auditor and tells who was ``asked``; ``proxy`` stands before lyon.test;
    ``moved``: hosts that are not at the address that the name server tells; ``standing``: of the auditor, everywhere.
    """

    home: Directory
    proxy: Proxy
    names: NameServer
    log: CollectionLog
    password: str
    asked: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)

    def connect(self, location: Location) -> Session:
        self.asked.append(location.host)
        address = self.moved.get(location.host, location.address)
        endpoint = Endpoint(location.host, Security.PLAINTEXT, timeout=5, address=address)
        return Session(endpoint, Simple(self.home.auditor.user, self.password), self.log, standing=self.standing)

    def home_session(self) -> Session:
        return self.connect(Location(self.home.host, self.home.ip))

    def refusals(self) -> list[str]:
        """Hosts that were given a password and refused it."""
        events = map(json.loads, self.log.path.read_text(encoding="utf-8").splitlines())
        return [event["server"] for event in events if event["event"] == "bind" and "error" in event]


@contextmanager
def forest_of_three(
    home: Directory, first: Directory, lyon: Directory, proxies: Proxies, folder: Path, *, srv: list[str] | None = None
) -> Iterator[Forest]:
    """``srv``: hosts by which the name server answers for lyon.test, in order."""
    hosts = srv if srv is not None else [lyon.host]
    records = {
        ("_ldap._tcp.dc._msdcs.corp.test", "SRV"): [f"0 100 389 {home.host}.", f"1 100 389 {first.host}."],
        ("_ldap._tcp.dc._msdcs.lyon.test", "SRV"): [f"{place} 100 389 {host}." for place, host in enumerate(hosts)],
        (home.host, "A"): [home.ip],
        (first.host, "A"): [first.ip],
        (lyon.host, "A"): [LYON_ADDRESS],
        ("dc9.lyon.test", "A"): [NOBODY],
        ("stranger.example", "A"): [STRANGER_ADDRESS],
    }
    proxy = proxies(lyon.ip, 389, rewrite=in_the_forest_of_corp, listen=(LYON_ADDRESS, 389))
    with name_server(records, (NAME_SERVER_ADDRESS, 53)), CollectionLog(folder / "log") as log:
        yield Forest(home, proxy, NameServer(NAME_SERVER_ADDRESS), log, home.auditor.password)
