"""Which authorities domain controllers accept for logon, and what the certificates of templates are good for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import pyarrow.compute as pc

from adaudit.derive.facts import Facts

CLIENT_AUTHENTICATION: Final = "1.3.6.1.5.5.7.3.2"
ANY_PURPOSE: Final = "2.5.29.37.0"
REQUEST_AGENT: Final = "1.3.6.1.4.1.311.20.2.1"
LOGON_USES: Final = frozenset((CLIENT_AUTHENTICATION, "1.3.6.1.5.2.3.4", "1.3.6.1.4.1.311.20.2.2", ANY_PURPOSE))
"""Client Authentication, PKINIT Client Authentication, Smart Card Logon, Any Purpose."""

NAME_FLAGS: Final = {0x1: "ENROLLEE_SUPPLIES_SUBJECT", 0x10000: "ENROLLEE_SUPPLIES_SUBJECT_ALT_NAME"}
"""Bits of msPKI-Certificate-Name-Flag by which the request chooses the name (MS-CRTD 2.28)."""

_NEEDS_DNS_NAME: Final = 0x08000000 | 0x00400000
_USER_NAME_IN_SAN: Final = 0x02000000 | 0x00800000
_MANAGER_APPROVES: Final = 0x2
_NO_SECURITY_EXTENSION: Final = 0x80000


class Template(NamedTuple):
    """A certificate template. ``uses``: what its certificates are issued for, none standing for every use."""

    object_id: int
    name: str
    version: int
    name_flag: int
    enrollment_flag: int
    signatures: int
    signed_by: str
    uses: frozenset[str]
    policies: tuple[str, ...]

    @property
    def opens_sessions(self) -> bool:
        return not self.uses or bool(self.uses & LOGON_USES)

    @property
    def opens_schannel_sessions(self) -> bool:
        """Its certificates authenticate the client of a TLS connection."""
        return not self.uses or bool(self.uses & {CLIENT_AUTHENTICATION, ANY_PURPOSE})

    @property
    def is_agent(self) -> bool:
        """Its certificates sign requests in the name of others."""
        return not self.uses or bool(self.uses & {REQUEST_AGENT, ANY_PURPOSE})

    @property
    def needs_signature(self) -> bool:
        """Version 1 templates know no signatures."""
        return self.signatures > 0 and self.version > 1

    @property
    def needs_approval(self) -> bool:
        return bool(self.enrollment_flag & _MANAGER_APPROVES)

    @property
    def is_unattended(self) -> bool:
        return not self.needs_approval and not self.needs_signature

    @property
    def name_choices(self) -> str:
        """The flags by which the request chooses the name; empty when the directory gives it."""
        return ", ".join(name for bit, name in NAME_FLAGS.items() if self.name_flag & bit)

    @property
    def is_for_agents(self) -> bool:
        """It takes a request that an agent signed."""
        return not self.needs_approval and (
            self.version == 1 or (self.signatures == 1 and REQUEST_AGENT in self.signed_by)
        )

    @property
    def needs_dns_name(self) -> bool:
        """The directory has to give a dNSHostName, which users have not."""
        return not self.name_choices and bool(self.name_flag & _NEEDS_DNS_NAME)

    @property
    def omits_account(self) -> bool:
        """Without the extension that ties the certificate to one account (MS-WCCE 2.2.2.7.7.4)."""
        return bool(self.enrollment_flag & _NO_SECURITY_EXTENSION)

    @property
    def maps_by_name(self) -> bool:
        """Its certificates open sessions, are issued unattended, and say whose they are by a name alone."""
        return self.omits_account and self.opens_sessions and self.is_unattended

    @property
    def is_of_use_to_others(self) -> bool:
        """Its certificates are issued unattended and may stand for more than who asked for them."""
        reasons = (self.name_choices, self.is_agent, self.policies, self.omits_account)
        return self.is_unattended and any(reasons)

    @property
    def names_user(self) -> bool:
        return bool(self.name_flag & _USER_NAME_IN_SAN)

    @property
    def names_host(self) -> bool:
        return bool(self.name_flag & _NEEDS_DNS_NAME)


class Authority(NamedTuple):
    """An authority that issues. ``hosts``: computers of that DNS name. ``is_trusted``: domain controllers accept its
    certificates for logon; None when the certificates read or the missing host leave it open."""

    object_id: int
    name: str
    hosts: tuple[int, ...]
    is_trusted: bool | None


def templates_of(facts: Facts) -> dict[int, Template]:
    """Templates by object. Version 1 ones know extended key usages alone; later ones are issued with their application
    policies where they have any (MS-CRTD 2.23)."""
    columns = ("object_id", "name", "schema_version", "name_flag", "enrollment_flag", "ra_signature")
    lists = ("ra_application_policies", "application_policies", "ekus", "certificate_policies")
    found = {}
    for row in facts.rows("certificate_templates", *columns, *lists):
        object_id, name, version, name_flag, enrollment_flag, signatures, signed_by, applications, ekus, policies = row
        if object_id is None:
            continue
        known = version or 1
        found[object_id] = Template(
            *(object_id, name or "", known, name_flag or 0, enrollment_flag or 0, signatures or 0),
            signed_by=" ".join(signed_by or ()),
            uses=frozenset(applications if known > 1 and applications else ekus or ()),
            policies=tuple(policies or ()),
        )
    return found


def authorities_of(facts: Facts) -> dict[int, Authority]:
    """Authorities by object."""
    hosts: dict[str, list[int]] = {}
    for object_id, name in facts.rows("computers", "object_id", "dns_host_name"):
        if name and object_id is not None:
            hosts.setdefault(name.lower(), []).append(object_id)
    trust = _Trust(facts)
    found = {}
    for object_id, name, host in facts.rows("certificate_authorities", "object_id", "name", "dns_host_name"):
        if object_id is None:
            continue
        on = tuple(hosts.get((host or "").lower(), ()))
        is_trusted = trust.of(object_id)
        found[object_id] = Authority(object_id, name or "", on, is_trusted if on or is_trusted is False else None)
    return found


def publications(facts: Facts) -> Iterator[tuple[int, int]]:
    """Pairs of a template and an authority that issues it, both seen."""
    for template, authority in dict.fromkeys(facts.rows("published_templates", "template_id", "ca_id")):
        if template is not None and authority is not None:
            yield template, authority


class GroupLink(NamedTuple):
    """An issuance policy that counts as membership of a group; ``oid`` is None where it was not read."""

    policy: int
    oid: str | None
    group: int


def group_links(facts: Facts) -> list[GroupLink]:
    """Issuance policies (msPKI-Enterprise-Oid) linked to a group that was seen."""
    links, attributes = facts.table("links"), facts.table("attributes")
    linked = links.filter(pc.equal(pc.utf8_lower(links["attribute"]), "msds-oidtogrouplink"))
    is_policy = pc.is_in(attributes["object_id"], linked["object_id"].unique())
    told = Facts({"links": linked, "attributes": attributes.filter(is_policy)})
    oids = {
        object_id: text
        for object_id, name, text in told.rows("attributes", "object_id", "name", "text")
        if (name or "").lower() == "mspki-cert-template-oid"
    }
    rows = told.rows("links", "object_id", "target_id")
    return [GroupLink(policy, oids.get(policy), group) for policy, group in rows if group is not None]


class _Certificate(NamedTuple):
    sha1: str | None
    subject: str | None
    issuer: str | None


class _Trust:
    """What NTAuthCertificates and the root authorities of the directory say of an authority.

    Dates are not considered: the tables do not say when the snapshot was taken.
    """

    def __init__(self, facts: Facts) -> None:
        self._stores: dict[str, list[_Certificate]] = {}
        self._own: dict[int, list[_Certificate]] = {}
        for object_id, store, *names in facts.rows("certificates", "object_id", "store", "sha1", "subject", "issuer"):
            certificate = _Certificate(*(name.lower() if name else None for name in names))
            self._stores.setdefault(store, []).append(certificate)
            self._own.setdefault(object_id, []).append(certificate)
        every = (each for store in self._stores.values() for each in store)
        self._issuer: Mapping[str | None, str | None] = {each.subject: each.issuer for each in every if each.subject}

    def of(self, authority: int) -> bool | None:
        """A certificate of the authority, or another of its name, is in NTAuthCertificates, and its issuers lead to a
        root of the directory; None where certificates are missing or lead elsewhere: controllers trust roots that no
        directory shows too."""
        own, accepted = self._own.get(authority, []), self._stores.get("ntauth", [])
        if not own or not accepted:
            return None
        if not any(each.sha1 == other.sha1 or _same_name(each, other) for each in own for other in accepted):
            return None if any(each.subject is None for each in (*own, *accepted)) else False
        return True if any(self._leads_to_root(each.subject) for each in own) else None

    def _leads_to_root(self, subject: str | None) -> bool:
        roots = {each.subject for each in self._stores.get("root", [])}
        seen: set[str | None] = set()
        while subject is not None and subject not in seen:
            if subject in roots:
                return True
            seen.add(subject)
            subject = self._issuer.get(subject)
        return False


def _same_name(one: _Certificate, other: _Certificate) -> bool:
    return one.subject is not None and one.subject == other.subject
