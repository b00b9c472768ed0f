"""ExposesPassword: passwords that stand in files of SYSVOL, which every account reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.derive.preferences import Item, items
from adaudit.derive.trustees import Trustees
from adaudit.derive.well_known import AUTHENTICATED_USERS
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of, fanned
from adaudit.graph.directory.identities import node_of_sid
from adaudit.graph.directory.scoped_computers import ScopedComputers
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes

_LOCAL_USERS: Final = "groups.xml"
_ADMINISTRATORS: Final = "S-1-5-32-544"
_SCRIPT: Final = "script_secret"
_BUILT_IN: Final = "rid_admin"
_BUILT_IN_NAME: Final = re.compile(r"administrat(?:or|eur)(?: \((?:built-in|intégré)\))?", re.IGNORECASE).fullmatch

_NAMES: Final = ("runas", "accountname", "username", "defaultusername")
"""What names the account beside its password: scheduled tasks; services; drives, printers and data sources;
automatic logon."""

_IN_COMMAND: Final = re.compile(r'/u(?:ser)?:"?(?P<name>[^\s"]+)', re.IGNORECASE)
_ACCOUNTS: Final = frozenset(("user", "computer", "managed_service_account"))


def policy_secrets(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """From Authenticated Users to accounts of the directory named beside a password, and to the computers on which
    preferences set that of a local account.

    Every account is taken to read SYSVOL. A local account that no policy shows to be an administrator may open less
    than the computer, an account named without its domain may be another: these are uncertain.
    """
    secrets = _Secrets(facts, nodes)
    yield block_of(secrets.of_accounts())
    yield from secrets.of_computers()


class _Secret(NamedTuple):
    gpo_id: int | None
    domain_id: int | None
    file: str
    account: str


class _Secrets:
    def __init__(self, facts: Facts, nodes: Nodes) -> None:
        self._facts = facts
        self._nodes = nodes
        self._anyone = node_of_sid(facts, nodes, AUTHENTICATED_USERS)
        self._trustees = Trustees(facts)
        self._domains = {domain.domain_id: domain for domain in facts.domains}

    def of_accounts(self) -> Iterator[Edge]:
        """Into accounts of the directory."""
        for secret in _named_accounts(self._facts):
            name, at, suffix = secret.account.rpartition("@")
            target = self._account(f"{suffix}\\{name}" if at else suffix, secret.gpo_id)
            yield self._edge(secret, target, is_sure=bool(at) or "\\" in secret.account)

    def of_computers(self) -> Iterator[Block]:
        """Into computers; on controllers, which have no local account, into the account of the domain."""
        scoped = ScopedComputers(self._facts)
        administrators = set(_local_administrators(self._facts))
        for item, is_conditional in _local_users(self._facts):
            scope, gpo, name = item.place.scope_id, item.place.gpo_id, item.properties.get("username", "")
            is_built_in = item.properties.get("subauthority", "").lower() == _BUILT_IN or bool(_BUILT_IN_NAME(name))
            is_sure = (is_built_in or (scope, name.lower()) in administrators) and not is_conditional
            secret = _Secret(gpo, None, item.place.file, name)
            if self._anyone != NONE:
                edge = self._edge(secret, NONE, is_sure=is_sure)
                yield fanned(edge, self._nodes.of_objects(scoped.members_of(scope)))
            for domain in {c.domain_id for c in scoped.controllers_of(scope) if c.is_writable}:
                whom = f"{self._domains[domain].sid}-500" if is_built_in and domain in self._domains else name
                yield block_of([self._edge(secret, self._account(whom, gpo), is_sure=not is_conditional)])

    def _account(self, text: str, gpo: int | None) -> int:
        """The node of an account of the directory; ``NONE`` for a group and for a name that was not recognised."""
        found = self._trustees.find(text, gpo).principal_id
        principal = None if found is None else self._facts.principals.get(found)
        return self._nodes.of_principal(found) if principal and principal.type in _ACCOUNTS else NONE

    def _edge(self, secret: _Secret, target: int, *, is_sure: bool) -> Edge:
        domain = self._domains.get(secret.domain_id) if secret.domain_id is not None else None
        bearer = secret.gpo_id if secret.gpo_id is not None or domain is None else domain.object_id
        place = NONE if bearer is None else bearer
        change = Change("delete_policy_secret", place, detail=secret.file)
        difficulty = None if is_sure else Difficulty.UNCERTAIN
        ends = (self._anyone, target)
        return Edge("ExposesPassword", *ends, place, secret.file, change, detail=secret.account, difficulty=difficulty)


class _Element(NamedTuple):
    """An element of a file of preferences, or a registry key."""

    gpo_id: int | None
    domain_id: int | None
    policy: str | None
    file: str
    section: str | None


def _named_accounts(facts: Facts) -> Iterator[_Secret]:
    """Accounts named in the same element, key or line as a secret; local users are left out."""
    settings = facts.table("gpo_settings")
    holding = set(settings.filter(settings["is_secret"].fill_null(False))["file"].to_pylist())
    here = Facts({"gpo_settings": settings.filter(pc.is_in(settings["file"], pa.array(holding, pa.string())))})
    beside: dict[_Element, dict[str, str]] = {}
    secret: dict[_Element, None] = {}
    columns = ("gpo_id", "domain_id", "policy", "file", "section", "kind", "name", "value", "is_secret")
    for gpo, domain, policy, file, section, kind, name, value, is_secret in here.rows("gpo_settings", *columns):
        element = _Element(gpo, domain, policy, file or "", section)
        if kind == _SCRIPT:
            yield from (_Secret(gpo, domain, element.file, n["name"]) for n in _IN_COMMAND.finditer(value or ""))
        elif not element.file.lower().endswith(_LOCAL_USERS):
            beside.setdefault(element, {})[(name or "").lower()] = value or ""
            if is_secret:
                secret[element] = None
    for element in secret:
        names = beside[element]
        account = next((names[key] for key in _NAMES if names.get(key)), "")
        above = names.get("defaultdomainname")
        if account:
            whole = f"{above}\\{account}" if above and "\\" not in account and "@" not in account else account
            yield _Secret(element.gpo_id, element.domain_id, element.file, whole)


def _local_users(facts: Facts) -> Iterator[tuple[Item, bool]]:
    """Preferences in force on computers that set the password of a local user, and whether a filter limits them."""
    settings = facts.table("resultant_settings")
    is_user = pc.and_(
        pc.equal(settings["kind"], "preference"), pc.ends_with(pc.utf8_lower(settings["file"]), _LOCAL_USERS)
    )
    rows = settings.filter(pc.and_(is_user, pc.equal(settings["side"], "computer"))).to_pylist()
    filtered = {row["gpo_id"] for row in rows if row["has_wmi_filter"]}
    for item in items(rows):
        given = item.properties
        if given.get("cpassword") and given.get("action", "U").upper() != "D" and given.get("acctdisabled") != "1":
            yield item, item.is_targeted or item.place.gpo_id in filtered


def _local_administrators(facts: Facts) -> Iterator[tuple[int, str]]:
    """Scopes, and names in lower case that policies put in the local Administrators there."""
    for scope, group, trustee in facts.rows("local_group_members", "scope_id", "group_sid", "trustee"):
        if group == _ADMINISTRATORS:
            yield scope, (trustee or "").lower().rpartition("\\")[2]
