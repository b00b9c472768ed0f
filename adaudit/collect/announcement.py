"""What a collection would ask, told before anything is connected to, out of the searches and probes that it uses.

Words in angle brackets stand for what only the server can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adaudit.collect.catch_up import batch_search
from adaudit.collect.census import census_search
from adaudit.collect.connection import PAGE_SIZE
from adaudit.collect.directory import ROOT_DSE, account_search, database_search
from adaudit.collect.endpoint import DEFAULT_PORTS, Endpoint
from adaudit.collect.forest import partitions_search, servers_search
from adaudit.collect.log import Asked, asked
from adaudit.collect.logons import logons_search
from adaudit.collect.messages import Scope as SearchScope
from adaudit.collect.messages import Search
from adaudit.collect.passes import controls_for, visibility
from adaudit.collect.probes import Target, TargetKind, plan
from adaudit.collect.probes.targets import authorities_search
from adaudit.collect.ranges import Cut, range_search
from adaudit.collect.scope import Scope
from adaudit.collect.smb import PORT as SMB_PORT
from adaudit.collect.sysvol import SHARE
from adaudit.collect.wanted import Pacing
from adaudit.schema.requests import HEAD_ATTRIBUTES, LOGON_ATTRIBUTES, REQUESTED_ATTRIBUTES

NAMING_CONTEXT: Final = "<naming context>"
DELETED_OBJECTS: Final = "<deleted objects of the naming context>"

NEVER: Final = (
    "adds, changes, renames or deletes anything",
    "gives a password a second time after a refusal, or tries another one",
    "keeps the value of a secret that it may read: that it is there is noted, the value is dropped",
    "follows a referral, or gives the account to a server that the forest does not name",
    "asks for more than one search at a time",
)
"""What no collection does, in words that follow "it never"."""


@dataclass(frozen=True)
class Question:
    """A search: ``why``, ``when`` it is asked, and how."""

    why: str
    when: str
    asked: Asked


@dataclass(frozen=True)
class Announcement:
    """Everything that a collection would ask.

    ``server`` and ``port`` over LDAP; ``others``: who else would be asked, in words. ``max_rate``: objects per
    second, None for as fast as they come. ``shares`` are read over SMB, ``names`` asked of a name server. ``probes``:
    server, port, name and what is sent.
    """

    server: str
    port: int
    security: str
    account: str
    method: str
    others: tuple[str, ...]
    max_rate: float | None
    retry_for: float
    timeout: float
    questions: tuple[Question, ...]
    shares: tuple[str, ...]
    names: tuple[str, ...]
    probes: tuple[tuple[str, int, str, str], ...]
    never: tuple[str, ...] = NEVER


def announce(
    endpoint: Endpoint,
    account: str,
    method: str,
    *,
    scope: Scope,
    pacing: Pacing,
    sysvol: bool,
    probes: bool,
) -> Announcement:
    """What ``adaudit collect`` would ask; nothing is sent, nothing is looked up. ``method`` as ``--auth`` calls it."""
    server = endpoint.host if scope.domain is None else f"<controller of {scope.domain}>"
    return Announcement(
        server=server,
        port=endpoint.port or DEFAULT_PORTS[endpoint.security],
        security=endpoint.security.value,
        account=account,
        method=method,
        others=tuple(_others(scope, method)),
        max_rate=pacing.max_rate,
        retry_for=pacing.retry_for,
        timeout=endpoint.timeout,
        questions=tuple(_questions(scope, pacing, probes=probes)),
        shares=tuple(_shares(server, scope)) if sysvol else (),
        names=tuple(_names(scope)),
        probes=tuple(_probes(server, scope)) if probes else (),
    )


def _questions(scope: Scope, pacing: Pacing, *, probes: bool) -> Iterator[Question]:
    def question(why: str, when: str, search: Search, *, in_pages: bool = True) -> Question:
        return Question(why, when, asked(search, pacing.page_size(PAGE_SIZE) if in_pages else None))

    configuration, attributes = "<configuration>", scope.requested(REQUESTED_ATTRIBUTES)
    existing, deleted = controls_for(is_deleted=False), controls_for(is_deleted=True)
    connected = "once for each connection"
    yield question("which server answers, what it holds, what time it is", connected, ROOT_DSE, in_pages=False)
    yield question("which database it has", connected, database_search("<NTDS Settings>"), in_pages=False)
    yield question("who the account is", "once", account_search("<SID of the account>"), in_pages=False)
    yield question("the naming contexts of the forest", "once", partitions_search(configuration))
    yield question("the controllers of the forest", "once", servers_search(configuration))
    if probes:
        yield question("the certification authorities", "once", authorities_search(configuration))
    whole = f"once for {_contexts(scope)}"
    yield question("every object", whole, Search(NAMING_CONTEXT, SearchScope.SUBTREE, attributes, existing))
    if of_heads := scope.requested(HEAD_ATTRIBUTES):
        head = Search(NAMING_CONTEXT, SearchScope.BASE, (*attributes, *of_heads), existing)
        yield question("the head of a naming context, with the date of its last backup", whole, head)
    whole = "once for each of those that has such a container"
    yield question("deleted objects", whole, Search(DELETED_OBJECTS, SearchScope.SUBTREE, attributes, deleted))
    if scope.all_controllers:
        logons = logons_search("<domain>", ("objectGUID", *scope.requested(LOGON_ATTRIBUTES)))
        yield question("logons that do not replicate", "once for each controller of each domain", logons)
    more = range_search("<object>", Cut("<attribute>", 1500), existing)
    yield question("the rest of a long attribute", "for each object whose values do not fit", more, in_pages=False)
    again = "only after a lost link, a limit of the server, an interruption, or with --since"
    listing = census_search(NAMING_CONTEXT, visibility(is_deleted=False))
    yield question("what exists (in ranges of uSNCreated where the server sets a limit)", again, listing)
    batch = batch_search(NAMING_CONTEXT, [b"<objectGUID>"], attributes, existing)
    yield question("what is missing or changed, some hundred objects at a time", again, batch)


def _contexts(scope: Scope) -> str:
    where = "the forest" if scope.forest else "the rootDSE"
    if scope.partitions:
        return f"each naming context of {where} that is chosen by --partition {', '.join(scope.partitions)}"
    return f"every naming context of {where}"


def _others(scope: Scope, method: str) -> Iterator[str]:
    if method == "kerberos":
        yield "a KDC of the account's realm (port 88), for its tickets"
    if scope.forest:
        yield "one controller of each other domain or partition of the forest"
    if scope.all_controllers:
        yield "every controller of the domains that are read, for its logons"


def _shares(server: str, scope: Scope) -> Iterator[str]:
    yield rf"\\{server}\{SHARE} (port {SMB_PORT}): every folder listed, every file read once, owners and rights"
    if scope.forest:
        yield rf"\\<controller of each other domain>\{SHARE} (port {SMB_PORT}): the same"


def _names(scope: Scope) -> Iterator[str]:
    if scope.domain is not None:
        yield f"SRV _ldap._tcp.dc._msdcs.{scope.domain}"
    if scope.forest:
        yield "SRV _ldap._tcp.dc._msdcs.<domain>, for each other domain of the forest"
    yield "the addresses of the servers named here"


def _probes(server: str, scope: Scope) -> Iterator[tuple[str, int, str, str]]:
    targets = [Target(server)]
    if scope.forest or scope.all_controllers:
        targets.append(Target("<each other controller>"))
    targets.append(Target("<authority>", TargetKind.WEB_ENROLMENT))
    for probe in plan(targets):
        yield probe.server, probe.port, probe.probe, probe.description
