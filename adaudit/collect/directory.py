"""What must be known before a collection: who answers, what it holds, who asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from adaudit.collect.connection import ReadOnlyConnection
from adaudit.collect.messages import Page, Result, ResultCode, Scope, Search, decode_entry, text
from adaudit.decode.errors import DecodeError
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
    "namingContexts",
    "rootDomainNamingContext",
    "supportedCapabilities",
    "tokenGroups",
)
_LONGEST_HOST_NAME = 255
_IS_PARTITION = 0x1
_IS_DOMAIN = 0x2
"""Bits of systemFlags of a crossRef: FLAG_CR_NTDS_NC, FLAG_CR_NTDS_DOMAIN (MS-ADTS 2.2.10)."""


@dataclass(frozen=True)
class RootDse:
    """The server's own account of itself; ``current_time`` is naive UTC, None when it is not readable.

    ``domain`` and ``root_domain`` are the DNs of the heads of its domain and of the forest's first one, ``service``
    that of its NTDS Settings; empty when not told. ``token`` holds the SIDs of the account that is bound, its own
    and those of its groups.
    """

    host: str | None
    naming_contexts: tuple[str, ...]
    domain: str
    root_domain: str
    configuration: str
    service: str
    current_time: datetime | None
    token: tuple[str, ...]

    @property
    def partitions_container(self) -> str:
        return f"CN=Partitions,{self.configuration}"


@dataclass(frozen=True)
class ElsewherePartition:
    """A naming context of the forest that this server does not hold."""

    dn: str
    is_domain: bool


def read_root_dse(connection: ReadOnlyConnection) -> RootDse:
    """Raises ConnectionFailed when the server is no domain controller."""
    page = next(connection.search(Search("", Scope.BASE, _ROOT_DSE), page_size=None))
    attributes = next((attributes for _, attributes in entries(page)), {})
    if ACTIVE_DIRECTORY_OID not in attributes.get("supportedCapabilities", []):
        raise ConnectionFailed(f"this server is not an Active Directory domain controller ({page.result})")
    contexts = tuple(text(value) for value in attributes.get("namingContexts", []))
    configuration = first_value(attributes, "configurationNamingContext")
    if not contexts or configuration is None:
        raise ConnectionFailed("the server does not tell its naming contexts")
    host = first_value(attributes, "dnsHostName")
    return RootDse(
        host=text(host)[:_LONGEST_HOST_NAME] if host is not None else None,
        naming_contexts=contexts,
        domain=text(first_value(attributes, "defaultNamingContext") or b""),
        root_domain=text(first_value(attributes, "rootDomainNamingContext") or b""),
        configuration=text(configuration),
        service=text(first_value(attributes, "dsServiceName") or b""),
        current_time=generalized_time(first_value(attributes, "currentTime") or b""),
        token=tuple(_sids(attributes.get("tokenGroups", []))),
    )


def reader_sid(connection: ReadOnlyConnection, root: RootDse) -> str | None:
    """SID of the account that is bound: the one of its token that a user bears; None when no such user is visible."""
    for sid in root.token:
        if sid.startswith("S-1-5-21-"):
            search = Search(f"<SID={sid}>", Scope.BASE, ("objectClass",))
            for _, attributes in entries(next(connection.search(search, page_size=None))):
                if b"user" in attributes.get("objectClass", []):
                    return sid
    return None


def elsewhere(connection: ReadOnlyConnection, root: RootDse) -> tuple[list[ElsewherePartition], Result]:
    """The naming contexts of the forest, by the crossRefs of CN=Partitions, that this server does not hold;
    and how that search ended."""
    held = {dn.casefold() for dn in root.naming_contexts}
    search = Search(root.partitions_container, Scope.ONE_LEVEL, ("nCName", "systemFlags"))
    found = []
    result = Result(ResultCode.SUCCESS)
    for page in connection.search(search):
        result = page.result
        for _, attributes in entries(page):
            name, flags = first_value(attributes, "nCName"), integer(first_value(attributes, "systemFlags"))
            if name is not None and flags & _IS_PARTITION and text(name).casefold() not in held:
                found.append(ElsewherePartition(text(name), is_domain=bool(flags & _IS_DOMAIN)))
    return found, result


def entries(page: Page) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """DN and attributes of each entry of a page. Raises MalformedAnswer."""
    return (decode_entry(envelope) for envelope in page.entries)


def first_value(attributes: dict[str, list[bytes]], name: str) -> bytes | None:
    """The first value of an attribute, None when it has none."""
    values = attributes.get(name)
    return values[0] if values else None


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
