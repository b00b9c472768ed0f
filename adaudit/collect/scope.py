"""What a collection is to cover: which domains, naming contexts, attributes and controllers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from adaudit.errors import UsageError
from adaudit.ingest.forest import kind_of

PARTITION_KINDS: Final = {
    "domain": ("domain",),
    "configuration": ("configuration",),
    "schema": ("schema",),
    "dns": ("domain_dns", "forest_dns"),
}
"""Words that ``--partition`` takes beside a DN, with the kinds of ``partitions`` that each stands for."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,255}")
_NEEDED: Final = {
    **dict.fromkeys(("objectguid", "objectsid"), "every table refers to objects by it"),
    **dict.fromkeys(("distinguishedname", "name", "cn", "ou", "dc"), "it repeats the DN, which every answer bears"),
    "objectclass": "without it no object can be told from another kind",
    "isdeleted": "without it deleted objects would be taken for living ones",
    "usnchanged": "what changed during the collection is known by it",
    "wellknownobjects": "it says where the deleted objects are",
    **dict.fromkeys(("ncname", "dnsroot", "systemflags"), "the domains of the forest are known by it"),
}
"""Attributes that cannot be left out, lower case, with the reason."""


@dataclass(frozen=True)
class Scope:
    """What was asked for. The default is all that one controller holds, as far as the account may read it.

    ``domain``: find a controller of this domain by the DNS; ``dns_server``: IP address of the name server to ask.
    ``forest``: the other domains too. ``partitions``: DNs, or words of PARTITION_KINDS, beside which nothing is read.
    ``excluded``: attributes that must not leave the site. ``all_controllers``: logon facts of every controller.
    Raises UsageError for an attribute that cannot be left out.
    """

    domain: str | None = None
    dns_server: str | None = None
    forest: bool = False
    partitions: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    all_controllers: bool = False

    def __post_init__(self) -> None:
        for name in self.excluded:
            if not _NAME.fullmatch(name):
                raise UsageError("this is not the name of an attribute", place=f"--exclude {name}")
            if reason := _NEEDED.get(name.lower()):
                raise UsageError(f"cannot be left out: {reason}", place=f"--exclude {name}")
        for chosen in self.partitions:
            if chosen.lower() not in PARTITION_KINDS and "=" not in chosen:
                known = ", ".join(PARTITION_KINDS)
                raise UsageError(f"neither a DN nor one of {known}", place=f"--partition {chosen}")

    def wants(self, dn: str, *, is_domain: bool) -> bool:
        """The naming context ``dn`` is to be read; ``is_domain``: its head is that of a domain."""
        if not self.partitions:
            return True
        kind = kind_of(dn)
        if kind == "domain" and not is_domain:
            kind = "application"
        return any(
            chosen.lower() == dn.lower() or kind in PARTITION_KINDS.get(chosen.lower(), ())
            for chosen in self.partitions
        )

    def excludes(self, attribute: str) -> bool:
        """``attribute``, options or not, is one that must not leave the site."""
        return attribute.partition(";")[0].lower() in self._excluded

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.excluded)

    def requested(self, attributes: tuple[str, ...]) -> tuple[str, ...]:
        """``attributes`` of a request without those excluded. LDAP has no "all but": what ``*`` brings goes
        through ``kept`` before anything is stored."""
        return tuple(name for name in attributes if not self.excludes(name))

    def kept(self, attributes: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
        """``attributes`` of an answer without those excluded, the same dict when there is none of them."""
        if not self.excluded or not any(self.excludes(name) for name in attributes):
            return attributes
        return {name: values for name, values in attributes.items() if not self.excludes(name)}


EVERYTHING: Final = Scope()
