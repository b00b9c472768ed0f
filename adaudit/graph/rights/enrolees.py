"""Who may enrol for which published template with which authority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.derive.grants import NULL_DACL
from adaudit.graph.directory.issuance import Authority, Template, authorities_of, publications, templates_of
from adaudit.graph.rights.holders import Held, Holders
from adaudit.graph.rights.shares import USE, Reader, Share

ENROLL: Final = "0e10c968-78fb-11d2-90d4-00c04f79dc55"

_DOMAIN_USERS: Final = 513


class Publication(NamedTuple):
    """A template with an authority that issues it and that controllers accept for logon."""

    template: Template
    authority: Authority


class Able(NamedTuple):
    """An identity and the ACE of the template that lets it."""

    principal_id: int
    share: Share


class Enrolees:
    """``authorities``: those that controllers accept for logon, or may; ``published``: what these issue, those that are
    accepted for sure first. ``reader`` reads the descriptors of templates and authorities."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        templates, authorities = templates_of(facts), authorities_of(facts)
        self.authorities = [each for each in authorities.values() if each.is_trusted is not False]
        self.published = [
            Publication(templates[template], authorities[authority])
            for template, authority in publications(facts)
            if template in templates and authority in authorities and authorities[authority].is_trusted is not False
        ]
        self.published.sort(key=lambda on: on.authority.is_trusted is None)
        objects = np.array(sorted({*templates, *authorities}), np.int64)
        self.reader, self._holders = Reader(facts, objects), Holders(facts)
        self._may_enrol: dict[int, list[Share]] = {}

    def of(self, on: Publication, *others: list[Held]) -> Iterator[Able]:
        """Who may enrol for the template with the authority and holds the other rights: no user where the directory has
        to give a dNSHostName."""
        for each in self.able(self._enrolment(on.template.object_id), on, *others):
            if not (on.template.needs_dns_name and self._is_user(each.principal_id)):
                yield each

    def able(self, shares: Iterable[Share], on: Publication, *others: list[Held]) -> Iterator[Able]:
        """Who holds one of these rights and may enrol with the authority."""
        with_authority = self.allowed(on.authority.object_id)
        for share in shares:
            for principal in self._holders.of_all([share.held], with_authority, *others):
                yield Able(principal, share)

    def allowed(self, object_id: int) -> list[Held]:
        """Trustees that may enrol for a template or with an authority."""
        return [share.held for share in self._enrolment(object_id)]

    def _enrolment(self, object_id: int) -> list[Share]:
        known = self._may_enrol.get(object_id)
        if known is None:
            known = list(self.reader.shares(np.array([object_id]), USE | NULL_DACL, (ENROLL,)))
            self._may_enrol[object_id] = known
        return known

    def _is_user(self, principal_id: int) -> bool:
        principal = self._facts.principals.get(principal_id)
        return principal is not None and (principal.type == "user" or principal.rid == _DOMAIN_USERS)
