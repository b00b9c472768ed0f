"""What must be known before a collection: who answers, what it holds, who asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adaudit.collect.messages import Page, Scope, Search, decode_entry, text
from adaudit.decode.errors import DecodeError
from adaudit.decode.guid import format_guid
from adaudit.decode.sid import format_sid
from adaudit.decode.times import generalized_time
from adaudit.errors import ConnectionFailed

ACTIVE_DIRECTORY_OID = b"1.2.840.113556.1.4.800"
"""In supportedCapabilities of every AD DS server (MS-ADTS 3.1.1.3.4.3)."""

_ROOT_DSE = (
    "configurationNamingContext",
    "currentTime",
    "defaultNamingContext",
    "dnsHostName",
    "dsServiceName",
    "highestCommittedUSN",
    "namingContexts",
    "rootDomainNamingContext",
    "supportedCapabilities",
    "tokenGroups",
)
ROOT_DSE = Search("", Scope.BASE, _ROOT_DSE)

_LONGEST_HOST_NAME = 255
_LONGEST_USN = 19


class Asks(Protocol):
    def ask(self, search: Search) -> Page:
        """The answer to a search that needs no pages. Raises ConnectionFailed."""


class Searches(Protocol):
    def search(self, search: Search) -> Iterator[Page]:
        """The pages of the answer. Raises ConnectionFailed."""


@dataclass(frozen=True)
class RootDse:
    """The server's own account of itself; ``current_time`` is naive UTC, None when it is not readable.

    ``domain`` is the DN of the server's own domain, ``service`` that of its NTDS Settings, ``invocation_id`` the
    GUID of its database, by which its update sequence numbers (USN) count. ``token`` holds the SIDs of the
    account that is bound, its own and those of its groups.
    """

    host: str | None
    naming_contexts: tuple[str, ...]
    configuration: str
    domain: str
    root_domain: str
    service: str
    invocation_id: str | None
    highest_usn: int | None
    current_time: datetime | None
    token: tuple[str, ...]

    @property
    def partitions_container(self) -> str:
        return f"CN=Partitions,{self.configuration}"


def database_search(service: str) -> Search:
    """By which GUID the USNs of the controller whose NTDS Settings are ``service`` count."""
    return Search(service, Scope.BASE, ("invocationId",))


def account_search(sid: str) -> Search:
    """Who bears a SID."""
    return Search(f"<SID={sid}>", Scope.BASE, ("objectClass",))


def read_root_dse(server: Asks) -> RootDse:
    """Raises ConnectionFailed when the server is no domain controller."""
    page = server.ask(ROOT_DSE)
    attributes = next((attributes for _, attributes in entries(page)), {})
    if ACTIVE_DIRECTORY_OID not in attributes.get("supportedCapabilities", []):
        raise ConnectionFailed(f"this server is not an Active Directory domain controller ({page.result})")
    contexts = tuple(text(value) for value in attributes.get("namingContexts", []))
    configuration = _first_text(attributes, "configurationNamingContext")
    if not contexts or not configuration:
        raise ConnectionFailed("the server does not tell its naming contexts")
    service = _first_text(attributes, "dsServiceName")
    usn = first_value(attributes, "highestCommittedUSN") or b""
    return RootDse(
        host=_first_text(attributes, "dnsHostName")[:_LONGEST_HOST_NAME] or None,
        naming_contexts=contexts,
        configuration=configuration,
        domain=_first_text(attributes, "defaultNamingContext"),
        root_domain=_first_text(attributes, "rootDomainNamingContext"),
        service=service,
        invocation_id=_invocation_id(server, service) if service else None,
        highest_usn=int(usn) if usn.isdigit() and len(usn) <= _LONGEST_USN else None,
        current_time=generalized_time(first_value(attributes, "currentTime") or b""),
        token=tuple(_sids(attributes.get("tokenGroups", []))),
    )


def _invocation_id(server: Asks, service: str) -> str | None:
    for _, attributes in entries(server.ask(database_search(service))):
        try:
            return format_guid(first_value(attributes, "invocationId") or b"")
        except DecodeError:
            return None
    return None


def reader_sid(server: Asks, root: RootDse) -> str | None:
    """SID of the account that is bound: the one of its token that a user bears; None when no such user is visible."""
    for sid in root.token:
        if sid.startswith("S-1-5-21-"):
            for _, attributes in entries(server.ask(account_search(sid))):
                if b"user" in attributes.get("objectClass", []):
                    return sid
    return None


def entries(page: Page) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """DN and attributes of each entry of a page. Raises MalformedAnswer."""
    return (decode_entry(envelope) for envelope in page.entries)


def first_value(attributes: dict[str, list[bytes]], name: str) -> bytes | None:
    """The first value of an attribute, None when it has none."""
    values = attributes.get(name)
    return values[0] if values else None


def _first_text(attributes: dict[str, list[bytes]], name: str) -> str:
    return text(first_value(attributes, name) or b"")


def integer(value: bytes | None) -> int:
    try:
        return int(value or b"0")
    except ValueError:
        return 0


def _sids(values: list[bytes]) -> Iterator[str]:
    for value in values:
        try:
            yield format_sid(value)
        except DecodeError:
            continue
