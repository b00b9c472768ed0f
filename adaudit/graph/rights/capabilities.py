"""What rights over an object let their holder do, and which edges that makes.

Left out on purpose: validated writes of msDS-KeyCredentialLink, which SELF has by default; Change-Password, which asks
for the old one; rights to read, to delete and to create what gives nothing by itself. Replication, enrolment, LAPS and
delegated managed service accounts need more than one right or object: other families tell them.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Final, NamedTuple

from adaudit.decode.flags import FULL_CONTROL, AccessMask
from adaudit.derive.choices import ANY
from adaudit.derive.effective import RIGHTS
from adaudit.derive.facts import Facts
from adaudit.derive.grants import NULL_DACL, OWNER
from adaudit.derive.names import Names
from adaudit.graph.kinds import CODE_OF, EDGE_KINDS

_WRITE: Final = int(AccessMask.DS_WRITE_PROPERTY)
_SELF: Final = int(AccessMask.DS_SELF)
_CONTROL: Final = int(AccessMask.DS_CONTROL_ACCESS)
_CREATE: Final = int(AccessMask.DS_CREATE_CHILD)
_READ: Final = int(AccessMask.DS_READ_PROPERTY)
_WRITE_DACL: Final = int(AccessMask.WRITE_DAC)
_WRITE_OWNER: Final = int(AccessMask.WRITE_OWNER)

TAKING_ALL: Final = OWNER | NULL_DACL | _WRITE_DACL | _WRITE_OWNER | _WRITE | _SELF | _CONTROL | _CREATE
TAKING: Final = TAKING_ALL | _READ
"""Bits that can make an edge: of an ACE without object type, and of any."""

LINKED: Final = frozenset(("domainDNS", "organizationalUnit", "site"))
"""Containers to which policies are linked."""

_USER: Final = ("user",)
_COMPUTER: Final = ("computer",)
_ACCOUNT: Final = ("user", "computer")
_GROUP: Final = ("group",)
_DOMAIN: Final = ("domainDNS",)
_MANAGED: Final = ("msDS-GroupManagedServiceAccount", "msDS-DelegatedManagedServiceAccount")
_TEMPLATE: Final = ("pKICertificateTemplate",)
_AUTHORITY: Final = ("certificationAuthority", "pKIEnrollmentService")


class Ability(NamedTuple):
    """One thing that a right lets its holder do to objects of some ``kinds``, none of them in ``unless``.

    ``name``: attribute, extended right or class. ``alone``, ``in_set``, ``in_all``: the edge when the ACE names it,
    names a property set that holds it, or names nothing or the whole class; None for none.
    """

    bit: int
    name: str
    kinds: tuple[str, ...]
    alone: str | None
    in_set: str | None
    in_all: str | None
    unless: tuple[str, ...] = ()


def _written(
    name: str, kinds: tuple[str, ...], edge: str, in_set: str | None = None, in_all: str | None = "GenericWrite"
) -> Ability:
    return Ability(_WRITE, name, kinds, edge, in_set or edge, in_all)


def _used(
    name: str, kinds: tuple[str, ...], edge: str | None, in_all: str | None, unless: tuple[str, ...] = ()
) -> Ability:
    return Ability(_CONTROL, name, kinds, edge, None, in_all, unless)


ABILITIES: Final = (
    # Accounts. Whoever resets the password of a computer is that computer for the rest of the domain.
    _used("User-Force-Change-Password", _USER, "ForceChangePassword", "AllExtendedRights"),
    _used("User-Force-Change-Password", _COMPUTER, "ForceChangePassword", "ForceChangePassword", _MANAGED),
    _written("msDS-KeyCredentialLink", _ACCOUNT, "AddKeyCredentialLink"),
    _written("altSecurityIdentities", _ACCOUNT, "WriteAltSecurityIdentities", "WritePublicInformation"),
    _written("servicePrincipalName", _USER, "WriteSPN", "WritePublicInformation"),
    _written("scriptPath", _USER, "WriteScriptPath"),
    _written("profilePath", _USER, "WriteProfilePath"),
    _written("msDS-AllowedToActOnBehalfOfOtherIdentity", _COMPUTER, "AddAllowedToAct", "WriteAccountRestrictions"),
    _written("msDS-GroupMSAMembership", _MANAGED, "WriteMsDSGroupMSAMembership"),
    Ability(_READ, "msDS-ManagedPasswordId", _MANAGED, "ReadPasswordId", None, None),
    Ability(_SELF, "servicePrincipalName", _ACCOUNT, "WriteValidatedSPN", None, None),
    Ability(_SELF, "dNSHostName", _COMPUTER, "WriteDNSHostName", "WriteDNSHostName", None),
    _written("dNSHostName", _COMPUTER, "WriteDNSHostName", in_all=None),
    _written("userAccountControl", _ACCOUNT, "WriteUserAccountControl", in_all=None),
    _written("userPrincipalName", _ACCOUNT, "WriteUPN", in_all=None),
    _written("msDS-AllowedToDelegateTo", _ACCOUNT, "WriteAllowedToDelegateTo", in_all=None),
    # Groups.
    _written("member", _GROUP, "AddMember"),
    Ability(_SELF, "member", _GROUP, "AddSelf", "AddSelf", "AddSelf"),
    # Domains and containers.
    _used("DS-Replication-Get-Changes-All", _DOMAIN, None, "AllExtendedRights"),
    _used("Migrate-SID-History", _DOMAIN, "MigrateSIDHistory", None),
    _used("Create-Inbound-Forest-Trust", _DOMAIN, "CreateInboundForestTrust", None),
    _written("gPLink", tuple(sorted(LINKED)), "WriteGPLink"),
    Ability(
        *(_CREATE, "msDS-DelegatedManagedServiceAccount", ("organizationalUnit", "container")),
        *("CreateChildDMSA", None, "CreateChildDMSA"),
    ),
    # Group policy and certificate services.
    _written("gPCFileSysPath", ("groupPolicyContainer",), "WriteGPCFileSysPath"),
    _written("msPKI-Certificate-Name-Flag", _TEMPLATE, "WritePKINameFlag"),
    _written("msPKI-Enrollment-Flag", _TEMPLATE, "WritePKIEnrollmentFlag"),
    _written("cACertificate", _AUTHORITY, "GenericWrite"),
    _written("msDS-OIDToGroupLink", ("msPKI-Enterprise-Oid",), "GenericWrite"),
)

_WHOLE: Final = ((_WRITE_DACL, "WriteDacl"), (_WRITE_OWNER, "WriteOwner"))
_WORDS: Final = sorted(RIGHTS, key=lambda right: not right[1] & TAKING_ALL)
"""Names of rights and their bits, those that make an edge first."""

_SETTINGS_EDGES: Final = ("GenericWrite", "WriteGPLink")


class Spread(Enum):
    """How much of an object an object type stands for."""

    ALONE = "alone"
    SET = "in_set"
    ALL = "in_all"


class Power(NamedTuple):
    """An edge that a grant makes. ``attribute``: right, attribute or property set. ``abilities``: what the edge stands
    for, as bit and name; the name of a right over the whole object is empty. ``is_over_settings``: the edge leads to
    the settings below the object."""

    kind: int
    attribute: str
    abilities: tuple[tuple[int, str], ...]
    is_over_settings: bool


class Judge:
    """The abilities, with object types named as in this forest; without those for classes that its schema lacks."""

    def __init__(self, facts: Facts) -> None:
        self._names = Names(facts)
        self.spread = cache(self._spread)
        classes = {name for (name,) in facts.rows("schema_classes", "name")}
        self._abilities = tuple(a for a in ABILITIES if not (a.bit == _CREATE and classes and a.name not in classes))

    def powers(self, mask: int, guid: str | None, kinds: frozenset[str]) -> list[Power]:
        """Edges that an ACE of that mask and object type makes on an object of those kinds.

        ``mask`` and ``guid`` as in ``Grants``; ``kinds`` as told by ``derive.kinds.Kinds``.
        """
        if mask & (OWNER | NULL_DACL):
            kind, name = ("Owns", "owner") if mask & OWNER else ("NullDacl", "null_dacl")
            return [Power(CODE_OF[kind], name, (), False)]
        found: dict[str, list[tuple[int, str]]] = {}
        for ability in self._abilities:
            if kinds.isdisjoint(ability.kinds) or not kinds.isdisjoint(ability.unless):
                continue
            spread = self.spread(guid, ability.bit, ability.name, kinds) if mask & ability.bit else None
            edge = getattr(ability, spread.value) if spread else None
            if edge is not None:
                found.setdefault(edge, []).append((ability.bit, ability.name))
        if mask & _WRITE and "AddSelf" in found:
            adding = found.pop("AddSelf")
            next(abilities for abilities in found.values() if (_WRITE, "member") in abilities).extend(adding)
        if guid is None:
            found.update((edge, [(bit, "")]) for bit, edge in _WHOLE if mask & bit)
            if mask & FULL_CONTROL == FULL_CONTROL:
                found = {"GenericAll": self._all_of(found, kinds)}
        is_linked = bool(kinds & LINKED)
        return [
            Power(
                CODE_OF[edge],
                self._attribute(edge, mask, guid, abilities),
                tuple(abilities),
                is_linked and edge in _SETTINGS_EDGES,
            )
            for edge, abilities in found.items()
        ]

    def right(self, mask: int, guid: str | None) -> str:
        """What an ACE gives in one word: its object type by name, else the strongest right of its mask."""
        if guid is not None:
            return self._name(mask, guid)
        if mask & FULL_CONTROL == FULL_CONTROL:
            return "full_control"
        return next((name for name, bit in _WORDS if mask & bit), "")

    def _all_of(self, found: dict[str, list[tuple[int, str]]], kinds: frozenset[str]) -> list[tuple[int, str]]:
        """What full control stands for: all that leads to the object itself."""
        return [
            ability
            for edge, abilities in found.items()
            if EDGE_KINDS[CODE_OF[edge]].is_traversable and not (kinds & LINKED and edge in _SETTINGS_EDGES)
            for ability in abilities
        ]

    def _spread(self, guid: str | None, bit: int, name: str, kinds: frozenset[str]) -> Spread | None:
        """How an object type stands for an attribute or right; None when it does not.

        The class of an object stands for all its attributes (MS-ADTS 5.1.3.3.3).
        """
        names = self._names
        if guid is None:
            return Spread.ALL
        if self._name(bit, guid) == name:
            return Spread.ALONE
        if bit & (_CREATE | _CONTROL):
            return None
        if name in names.attributes_in(guid):
            return Spread.SET
        return Spread.ALL if names.classes.get(guid) in kinds - {ANY} else None

    def _name(self, mask: int, guid: str) -> str:
        names = self._names
        if mask & _CREATE:
            return names.classes.get(guid, guid)
        if mask & _CONTROL:
            return names.rights.get(guid) or names.attributes.get(guid, guid)
        return names.attributes.get(guid) or names.rights.get(guid) or names.classes.get(guid, guid)

    def _attribute(self, edge: str, mask: int, guid: str | None, abilities: list[tuple[int, str]]) -> str:
        if guid is not None:
            return self._name(abilities[0][0], guid)
        if edge == "GenericAll":
            return "full_control"
        return next(name for name, bit in _WORDS if abilities[0][0] & bit)
