"""Whom the trustees of a policy's file are: SIDs, or names that Windows wrote because no SID was found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from adaudit.derive.accepted import stands_for_everybody
from adaudit.derive.facts import Facts
from adaudit.derive.well_known import EVERYONE_LIKE_RIDS, EVERYONE_LIKE_SIDS

_LOGGED_ON: Final = frozenset(("S-1-5-2", "S-1-5-4", "S-1-5-15"))
"""Network, Interactive, This Organization: whoever is logged on."""

_WELL_KNOWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "everyone": "S-1-1-0",
        "tout le monde": "S-1-1-0",
        "network": "S-1-5-2",
        "réseau": "S-1-5-2",
        "interactive": "S-1-5-4",
        "interactif": "S-1-5-4",
        "service": "S-1-5-6",
        "anonymous logon": "S-1-5-7",
        "anonymous": "S-1-5-7",
        "authenticated users": "S-1-5-11",
        "utilisateurs authentifiés": "S-1-5-11",
        "system": "S-1-5-18",
        "système": "S-1-5-18",
        "local service": "S-1-5-19",
        "service local": "S-1-5-19",
        "network service": "S-1-5-20",
        "service réseau": "S-1-5-20",
        "administrators": "S-1-5-32-544",
        "administrators (built-in)": "S-1-5-32-544",
        "administrateurs": "S-1-5-32-544",
        "administrateurs (intégré)": "S-1-5-32-544",
        "users": "S-1-5-32-545",
        "users (built-in)": "S-1-5-32-545",
        "utilisateurs": "S-1-5-32-545",
        "utilisateurs (intégré)": "S-1-5-32-545",
        "guests": "S-1-5-32-546",
        "invités": "S-1-5-32-546",
        "power users": "S-1-5-32-547",
        "utilisateurs avec pouvoir": "S-1-5-32-547",
        "account operators": "S-1-5-32-548",
        "opérateurs de compte": "S-1-5-32-548",
        "server operators": "S-1-5-32-549",
        "opérateurs de serveur": "S-1-5-32-549",
        "print operators": "S-1-5-32-550",
        "opérateurs d'impression": "S-1-5-32-550",
        "backup operators": "S-1-5-32-551",
        "opérateurs de sauvegarde": "S-1-5-32-551",
        "remote desktop users": "S-1-5-32-555",
        "utilisateurs du bureau à distance": "S-1-5-32-555",
        "network configuration operators": "S-1-5-32-556",
        "opérateurs de configuration réseau": "S-1-5-32-556",
        "distributed com users": "S-1-5-32-562",
        "utilisateurs du modèle com distribué": "S-1-5-32-562",
        "remote management users": "S-1-5-32-580",
        "utilisateurs de gestion à distance": "S-1-5-32-580",
    }
)
"""Names of well-known identities on English and French systems, lower case."""

_APOSTROPHE: Final = "’"


class Trustee(NamedTuple):
    """``sid`` and ``principal_id`` are None when the text says nothing known."""

    sid: str | None
    principal_id: int | None
    is_anyone: bool


class Trustees:
    """Finds identities by the texts of policies."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._domain_of_gpo: dict[int, int | None] = dict(facts.rows("gpos", "object_id", "domain_id"))
        self._domains = {
            name.lower(): domain.domain_id
            for domain in facts.domains
            for name in (domain.netbios_name, domain.dns_name)
            if name
        }
        self._accounts = {
            (p.domain_id, p.name.lower()): p
            for p in facts.principals.values()
            if p.name and p.sid and not p.sid.startswith("S-1-5-32-")
        }
        self._known: dict[tuple[str, int | None], Trustee] = {}

    def find(self, text: str, gpo_id: int | None) -> Trustee:
        """The identity that a SID, ``DOMAIN\\name`` or name stands for in a file of that GPO."""
        domain = self._domain_of_gpo.get(gpo_id) if gpo_id is not None else None
        key = (text, domain)
        if key not in self._known:
            sid = text.upper() if text.upper().startswith("S-1-") else self._named(text, domain)
            self._known[key] = self._of_sid(sid, domain)
        return self._known[key]

    def _named(self, text: str, domain: int | None) -> str | None:
        qualifier, _, name = text.lower().replace(_APOSTROPHE, "'").strip().rpartition("\\")
        of_domain = self._domains.get(qualifier) if qualifier else domain
        account = self._accounts.get((of_domain, name))
        if account is not None:
            return account.sid
        return None if qualifier in self._domains else _WELL_KNOWN.get(name)

    def _of_sid(self, sid: str | None, domain: int | None) -> Trustee:
        if sid is None:
            return Trustee(None, None, False)
        found = self._facts.principals_by_sid.get(sid, [])
        here = next((p for p in found if p.domain_id in (None, domain)), found[0] if found else None)
        return Trustee(sid, here.principal_id if here else None, self._is_anyone(sid, here and here.principal_id))

    def _is_anyone(self, sid: str, principal_id: int | None) -> bool:
        if sid in _LOGGED_ON or sid in EVERYONE_LIKE_SIDS:
            return True
        if principal_id is not None:
            return stands_for_everybody(self._facts, principal_id)
        rid = sid.rpartition("-")[2]
        return sid.startswith("S-1-5-21-") and rid.isdigit() and int(rid) in EVERYONE_LIKE_RIDS
