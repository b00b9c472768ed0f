"""Services to which constrained delegation leads, each with every name that the attribute gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from adaudit.derive.facts import Facts


class Reached(NamedTuple):
    """What one SPN of msDS-AllowedToDelegateTo leads to. ``match``: as in ``delegation_targets``."""

    spn: str
    target: int | None
    has_transition: bool
    match: str | None


class DelegatedService(NamedTuple):
    """``account``: who delegates. ``reached``: every SPN that names the service, with every account that it leads to;
    none of them where nothing seen bears it."""

    account: int
    reached: tuple[Reached, ...]

    @property
    def spns(self) -> tuple[str, ...]:
        return tuple(sorted({each.spn for each in self.reached}))

    @property
    def spelled(self) -> str:
        """Its SPNs as one text."""
        return ", ".join(self.spns)


def delegated_services(facts: Facts) -> Iterator[DelegatedService]:
    """Services by account: SPNs of one service class that lead to the same accounts are one service, which the
    delegation tab shows as one, be it named by short name, DNS name or port."""
    of_spn: dict[tuple[int, str], list[Reached]] = {}
    columns = ("object_id", "spn", "target_id", "protocol_transition", "match")
    for account, spn, target, transition, match in facts.rows("delegation_targets", *columns):
        if account is not None and spn is not None:
            of_spn.setdefault((account, spn), []).append(Reached(spn, target, bool(transition), match))
    services: dict[tuple[int, str, frozenset[int | None]], list[Reached]] = {}
    for (account, spn), reached in of_spn.items():
        service = spn.partition("/")[0].lower()
        services.setdefault((account, service, frozenset(each.target for each in reached)), []).extend(reached)
    for (account, _, _), reached in services.items():
        yield DelegatedService(account, tuple(reached))
