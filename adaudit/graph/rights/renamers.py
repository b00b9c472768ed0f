"""Who can give accounts another name and act as them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import ACCOUNT_TABLES, Facts, Ids
from adaudit.derive.grants import descriptor_grants
from adaudit.graph.directory.identities import disabled_accounts
from adaudit.graph.rights.capabilities import Judge
from adaudit.graph.rights.holders import Held, Holders
from adaudit.graph.rights.shares import TAKE, USE, WRITE, Reader, Share

_USER: Final = frozenset(("user", "organizationalPerson", "person", "top"))
_MACHINE: Final = frozenset(("computer", "organizationalPerson", "person", "top"))
"""Classes of users, and of computers and managed service accounts, whose names stand for all attributes."""

_RESET: Final = "User-Force-Change-Password"
_KEYS: Final = ("msDS-KeyCredentialLink", "altSecurityIdentities")
"""Attributes that let whoever writes them log on as the account."""


class Renamers:
    """Accounts of trusts are left out. Disabled ones count: whoever can write all of an account can enable it; but for
    what SELF may do, as they cannot log on.

    The validated write of dNSHostName admits no name of another host: it does not count.
    """

    def __init__(self, facts: Facts) -> None:
        self._judge = Judge(facts)
        self._types = [guid for guid in descriptor_grants(facts).types if guid is not None]
        self._holders = Holders(facts)
        self._principal_of = facts.principal_of_object
        users = facts.table("users")
        people = Facts({"users": users.filter(pc.invert(users["is_trust_account"].fill_null(False)))})
        self._people = people.ids("users", "object_id")
        self._machines = np.concatenate([facts.ids(table, "object_id") for table in ACCOUNT_TABLES if table != "users"])
        accounts = np.concatenate((self._people, self._machines))
        objects = facts.table("objects")
        bearing = Facts({"objects": objects.filter(pc.is_in(objects["object_id"], pa.array(accounts, pa.int32())))})
        self._sd_of = dict(bearing.rows("objects", "object_id", "sd_id"))
        self._reader = Reader(facts, accounts)
        self._own_reader = Reader(facts, accounts, of_themselves=True)
        self._disabled = disabled_accounts(facts)

    def of(self, identities: frozenset[int], name: str, *, machines_alone: bool) -> dict[int, Share]:
        """Who can write the attribute ``name`` of an account that is one of the identities, or in one, and log on as
        it, each with a right that proves it."""
        found: dict[int, Share] = {}
        members = self._holders.comprised(identities)
        for accounts, kinds in ((self._people, _USER), (self._machines, _MACHINE)):
            if kinds is _MACHINE or not (machines_alone or name == "dNSHostName"):
                for principal, share in self._writers(self._by_descriptor(accounts, members), name, kinds):
                    found.setdefault(principal, share)
        return found

    def _by_descriptor(self, accounts: Ids, members: frozenset[int] | None) -> dict[int, list[int]]:
        """Those of the accounts that are among the members, None standing for all, by descriptor."""
        found: dict[int, list[int]] = {}
        for account in accounts.tolist():
            sd = self._sd_of.get(account)
            if sd is not None and (members is None or self._principal_of.get(account) in members):
                found.setdefault(sd, []).append(account)
        return found

    def _writers(self, accounts: dict[int, list[int]], name: str, kinds: frozenset[str]) -> Iterator[tuple[int, Share]]:
        named: set[str] = set()
        enough: set[str] = set()
        for guid in self._types:
            if self._judge.spread(guid, WRITE, name, kinds):
                (enough if any(self._judge.spread(guid, WRITE, key, kinds) for key in _KEYS) else named).add(guid)
        one_of_each = np.array([same[0] for same in accounts.values()], np.int64)
        for share in self._reader.shares(one_of_each, TAKE | WRITE, enough):
            yield from ((principal, share) for principal in self._whole(share.held))
        for share in self._reader.shares(one_of_each, WRITE, named, is_named=True):
            themselves = [
                Held(self._principal_of[each]) for each in accounts[share.sd_id] if each in self._principal_of
            ]
            taking = [*self._takers(share.object_id, kinds), *themselves]
            yield from ((principal, share) for principal in self._holders.of_all([share.held], taking))
        for share in self._own_reader.shares(one_of_each, TAKE | WRITE, enough | named):
            for each in accounts[share.sd_id]:
                own = self._principal_of.get(each)
                if own is not None and each not in self._disabled:
                    proof = share._replace(object_id=each)
                    yield from ((principal, proof) for principal in self._whole(share.held._replace(trustee=own)))

    def _takers(self, account: int, kinds: frozenset[str]) -> Iterator[Held]:
        """Who can log on as an account, by its password or a key."""
        here = np.array([account])
        for bit, names in ((USE, (_RESET,)), (WRITE, _KEYS)):
            guids = {guid for guid in self._types if any(self._judge.spread(guid, bit, name, kinds) for name in names)}
            yield from (share.held for share in self._reader.shares(here, bit, guids))

    def _whole(self, held: Held) -> list[int]:
        """The trustee, or those in it who keep the right."""
        return self._holders.of_all([held]) if held.without else [held.trustee]
