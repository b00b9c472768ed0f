"""Find a node by what people call it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.errors import UsageError
from adaudit.graph.nodes import Nodes
from adaudit.visible import visible

MOST_CANDIDATES: Final = 10
_LONGEST_SHOWN: Final = 100

_NAMES: Final = (
    ("principals", "principal_id", ("sid", "dn", "name")),
    ("objects", "object_id", ("guid", "dn")),
    ("users", "object_id", ("user_principal_name",)),
    ("computers", "object_id", ("dns_host_name",)),
    ("gpos", "object_id", ("name", "display_name")),
    ("domains", "object_id", ("dns_name", "netbios_name")),
    ("objects", "object_id", ("name",)),
)
"""Where names are looked for: table, column that leads to the node, columns of names."""

_LEFT_TO_THE_LAST: Final = 1
"""Tables at the end of ``_NAMES`` that count only when no other has the name: many objects share an RDN."""


class NotFound(UsageError):
    """Nothing, or more than one thing, bears a name; ``candidates`` says what it may have meant."""

    def __init__(self, message: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message)
        self.candidates = candidates


class Lookup:
    """Names of a snapshot: SID, GUID, DN, account name (with or without its domain), UPN, host, policy, domain, RDN."""

    def __init__(self, facts: Facts, nodes: Nodes) -> None:
        self._facts = facts
        self._nodes = nodes
        self._domains = {
            name.lower(): domain.domain_id
            for domain in facts.domains
            for name in (domain.netbios_name, domain.dns_name)
            if name
        }

    def node(self, text: str) -> int:
        """The one node that bears a name, letter case aside. Raises NotFound, with candidates, for none or several."""
        found = self._named(text.strip())
        if len(found) == 1:
            return found.pop()
        shown = visible(text[:_LONGEST_SHOWN])
        if found:
            candidates = tuple(sorted(self._title(node) for node in sorted(found)[:MOST_CANDIDATES]))
            more = len(found) - len(candidates)
            listed = "; ".join(candidates) + (f"; and {more} more" if more else "")
            raise NotFound(f"{shown} is ambiguous; give the SID or DN of one of: {listed}", candidates)
        candidates = self._near(text)
        hint = f"; near it: {'; '.join(candidates)}" if candidates else "; nothing resembles it"
        raise NotFound(f"nothing is called {shown}{hint}", candidates)

    def _named(self, text: str) -> set[int]:
        found = self._in(_NAMES[:-_LEFT_TO_THE_LAST], text)
        for domain, account in _qualified(text):
            if domain in self._domains:
                accounts = self._in(_NAMES[:1], account)
                found |= {node for node in accounts if self._domain_of(node) == self._domains[domain]}
        if not found and not text.endswith("$"):
            found = self._in(_NAMES[:1], f"{text}$")
        return found or self._in(_NAMES[-_LEFT_TO_THE_LAST:], text)

    def _in(self, places: tuple[tuple[str, str, tuple[str, ...]], ...], text: str) -> set[int]:
        wanted = pa.scalar(text.lower())
        found = set()
        for table, key, columns in places:
            rows = self._facts.table(table)
            for column in columns:
                bearing = rows.filter(pc.equal(pc.utf8_lower(rows[column]), wanted))[key].to_pylist()
                of = self._nodes.of_principal if key == "principal_id" else self._nodes.of_object
                found |= {of(id_) for id_ in bearing if id_ is not None}
        return found

    def _domain_of(self, node: int) -> int | None:
        principal = self._facts.principals.get(int(self._nodes.principal_id[node]))
        return principal.domain_id if principal else None

    def _title(self, node: int) -> str:
        principal = self._facts.principals.get(int(self._nodes.principal_id[node]))
        if principal is not None:
            return visible(" ".join(text for text in (principal.sid, principal.dn or principal.name) if text))
        rows = self._facts.table("objects")
        here = rows.filter(pc.equal(rows["object_id"], pa.scalar(int(self._nodes.object_id[node]), pa.int32())))
        return visible(here["dn"].to_pylist()[0] or "")

    def _near(self, text: str) -> tuple[str, ...]:
        """Account, host and policy names that resemble a text."""
        wanted = text[:_LONGEST_SHOWN].rpartition("\\")[2].partition("@")[0].lower()
        names = {name.lower(): name for name in self._account_names()}
        containing = sorted(name for low, name in names.items() if wanted and wanted in low)[:MOST_CANDIDATES]
        close = [names[low] for low in get_close_matches(wanted, names, MOST_CANDIDATES)]
        return tuple(visible(name) for name in dict.fromkeys((*containing, *close)))[:MOST_CANDIDATES]

    def _account_names(self) -> Iterator[str]:
        yield from (name for (name,) in self._facts.rows("principals", "name") if name)
        yield from (name for (name,) in self._facts.rows("gpos", "display_name") if name)


def _qualified(text: str) -> Iterator[tuple[str, str]]:
    """The readings of a text as an account of a domain: ``DOMAIN\\name`` and ``name@domain``."""
    domain, separator, account = text.partition("\\")
    if separator:
        yield domain.lower(), account
    account, separator, domain = text.rpartition("@")
    if separator:
        yield domain.lower(), account
