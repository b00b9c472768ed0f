"""What if: the collected tables as they would be once changes are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.errors import UsageError
from adaudit.graph.answers import told
from adaudit.graph.answers.naming import Naming
from adaudit.graph.blocks import CHANGE_CODE, CHANGE_KINDS, NONE, Change
from adaudit.graph.directory.delegated_services import delegated_services
from adaudit.graph.directory.host_names import HostNames
from adaudit.graph.directory.issuance import NAME_FLAGS
from adaudit.graph.families.service_hosts import sql_servers
from adaudit.graph.graph import Graph
from adaudit.graph.rights.changes import NULL_DACL_ATTRIBUTE
from adaudit.graph.what_if.descriptors import Descriptors, ObjectRights, domain_admins, without_trustee
from adaudit.graph.what_if.edits import Edits
from adaudit.graph.what_if.policies import without_secrets, without_setting
from adaudit.schema import STORED
from adaudit.visible import visible

USER_GROUP, COMPUTER_GROUP = 513, 515
"""RIDs of Domain Users and Domain Computers."""

SCRIPT_PATH: Final = "scriptPath"

ACCOUNT_DISABLED: Final = 0x2
TRUSTED_FOR_DELEGATION: Final = 0x80000
NAME_FLAG_BITS: Final = {name: bit for bit, name in NAME_FLAGS.items()}
PEND_ALL_REQUESTS: Final = 0x2
NO_SECURITY_EXTENSION: Final = 0x80000
QUARANTINED, TREAT_AS_EXTERNAL = 0x4, 0x40
NO_TGT_DELEGATION, ENABLE_TGT_DELEGATION = 0x200, 0x800
"""Bits of userAccountControl, msPKI-Enrollment-Flag and trustAttributes."""


def change_of(graph: Graph, number: int) -> Change:
    """A change of the graph. Raises UsageError when it has none of that number."""
    changes = graph.changes
    if not 0 <= number < len(changes):
        raise UsageError(f"there is no change {number}: the snapshot has {len(changes)}")

    def text(code: int) -> str:
        return "" if code == NONE else graph.texts[code]

    return Change(
        kind=CHANGE_KINDS[changes.kind[number]],
        object_id=int(changes.object_id[number]),
        principal_id=int(changes.principal_id[number]),
        attribute=text(int(changes.attribute[number])),
        sd_id=int(changes.sd_id[number]),
        position=int(changes.position[number]),
        detail=text(int(changes.detail[number])),
    )


def number_of(naming: Naming, graph: Graph, wanted: told.Change) -> int:
    """The number of a change that was told of another graph, or of another snapshot of the directory.

    Raises UsageError when no change here has its kind, place, identity, attribute, value and ACE.
    """
    for number in np.flatnonzero(graph.changes.kind == CHANGE_CODE[wanted.kind]).tolist():
        if _described(naming.change(number)) == _described(wanted):
            return int(number)
    raise UsageError(f"there is no change {wanted.kind} of {visible(wanted.object.name)} here")


def _described(change: told.Change) -> tuple[str, ...]:
    principal = change.principal.key if change.principal else ""
    ace = change.ace.sddl if change.ace else ""
    return change.kind, change.object.key, principal, change.attribute, change.detail, ace


def tables_after(facts: Facts, changes: Sequence[Change]) -> dict[str, pa.Table]:
    """The collected tables of the facts with the changes made. ``facts`` hold the derived tables too.

    Raises UsageError for a change whose place is not found, or whose kind cannot be tried on tables.
    """
    return _Tables(facts).after(changes)


class _Tables:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._rows = Edits({name: facts.table(name) for name in STORED})
        self._admins = domain_admins(facts)
        self._descriptors = Descriptors(facts)
        self._rights = ObjectRights(facts, self._descriptors)
        self._make: Mapping[str, Callable[[Change], bool]] = {
            "remove_ace": self._remove_ace,
            "set_owner": lambda change: self._rights.set_owner(change.object_id),
            "remove_member": self._remove_member,
            "change_primary_group": self._change_primary_group,
            "remove_delegation_target": self._remove_delegation_target,
            "remove_unconstrained_delegation": self._remove_unconstrained,
            "remove_rbcd_trustee": self._remove_rbcd_trustee,
            "remove_sid_history": lambda change: self._rows.drop(
                "sid_history", object_id=change.object_id, sid=change.detail
            ),
            "remove_password_reader": self._remove_password_reader,
            "remove_host_service_account": self._remove_host_service_account,
            "remove_gpo_link": self._remove_gpo_link,
            "remove_policy_setting": self._remove_policy_setting,
            "restrict_file": self._restrict_file,
            "delete_policy_secret": self._delete_policy_secret,
            "change_template": self._change_template,
            "remove_group_link": lambda change: self._rows.drop(
                "links", object_id=change.object_id, attribute="msDS-OIDToGroupLink"
            ),
            "filter_sids": self._filter_sids,
            "forbid_tgt_delegation": self._forbid_tgt_delegation,
            "clear_managed_by": lambda change: self._rows.drop(
                "links", object_id=change.object_id, attribute="managedBy"
            ),
            "restrict_password_caching": self._restrict_password_caching,
            "disable_account": self._disable_account,
            "remove_succession": lambda change: self._rows.drop(
                "links", object_id=change.object_id, attribute="msDS-ManagedAccountPrecededByLink"
            ),
            "move_service": self._move_service,
            "remove_local_member": self._remove_local_member,
            "delete_duplicate": self._delete_duplicate,
        }

    def after(self, changes: Sequence[Change]) -> dict[str, pa.Table]:
        for change in changes:
            if not self._make[change.kind](change):
                raise UsageError(f"{change.kind} cannot be tried: nothing was found at {self._place(change)}")
        self._descriptors.put_into(self._rows.tables)
        return self._rows.tables

    def _place(self, change: Change) -> str:
        rows = self._facts.table("objects")
        here = rows.filter(pc.equal(rows["object_id"], pa.scalar(change.object_id, pa.int32())))
        place = next(iter(here["dn"].to_pylist()), None) or "an object that was not seen"
        return visible(", ".join(text for text in (place, change.attribute, change.detail) if text))

    def _remove_ace(self, change: Change) -> bool:
        if change.position == NONE and change.attribute != NULL_DACL_ATTRIBUTE:
            return False
        return self._rights.remove_ace(change.object_id, change.position)

    def _remove_member(self, change: Change) -> bool:
        group = self._facts.principal_of_object.get(change.object_id, NONE)
        gone = [
            self._rows.drop("memberships", member_id=change.principal_id, group_id=group, origin=origin)
            for origin in ("member", "member_of")
        ]
        return any(gone)

    def _change_primary_group(self, change: Change) -> bool:
        """To Domain Users, or Domain Computers for a computer or managed service account."""
        account = self._facts.principals.get(self._facts.principal_of_object.get(change.object_id, NONE))
        if account is None:
            return False
        is_user = change.object_id in {row for (row,) in self._facts.rows("users", "object_id")}
        rid = USER_GROUP if is_user else COMPUTER_GROUP
        for table in ACCOUNT_TABLES:
            self._rows.set(table, {"object_id": change.object_id}, primary_group_rid=rid)
        found = {"member_id": account.principal_id, "group_id": change.principal_id, "origin": "primary_group"}
        for group in self._facts.principals.values():
            if group.rid == rid and group.domain_id == account.domain_id and group.type == "group":
                return self._rows.set("memberships", found, group_id=group.principal_id)
        return self._rows.drop("memberships", **found)

    def _remove_delegation_target(self, change: Change) -> bool:
        named = (change.object_id, change.detail)
        services = [each for each in delegated_services(self._facts) if (each.account, each.spelled) == named]
        place = {"kind": "constrained", "object_id": change.object_id}
        gone = [self._rows.drop("delegations", **place, spn=spn) for service in services for spn in service.spns]
        return any(gone)

    def _remove_unconstrained(self, change: Change) -> bool:
        for table in ACCOUNT_TABLES:
            self._rows.set(table, {"object_id": change.object_id}, trusted_for_delegation=False)
            self._rows.set_bits(table, change.object_id, "user_account_control", off=TRUSTED_FOR_DELEGATION)
        return self._rows.drop("delegations", kind="unconstrained", object_id=change.object_id)

    def _remove_rbcd_trustee(self, change: Change) -> bool:
        self._rows.drop("delegations", kind="rbcd", target_id=change.object_id, principal_id=change.principal_id)
        gone = [self._remove_trustee(table, "rbcd_sd_id", change) for table in ACCOUNT_TABLES]
        return any(gone)

    def _remove_password_reader(self, change: Change) -> bool:
        return self._remove_trustee("managed_service_accounts", "reader_sd_id", change)

    def _remove_trustee(self, table: str, column: str, change: Change) -> bool:
        trustee = change.principal_id
        for bearer, sd in self._facts.rows(table, "object_id", column):
            if bearer == change.object_id and sd is not None:
                self._descriptors.alter(table, column, bearer, sd, without_trustee(trustee), ("trustee", trustee))
                return True
        return False

    def _remove_host_service_account(self, change: Change) -> bool:
        host = self._object_of(change.principal_id)
        gone = [
            self._rows.drop("links", attribute="msDS-HostServiceAccount", object_id=host, target_id=change.object_id),
            self._rows.drop("links", attribute="msDS-HostServiceAccountBL", object_id=change.object_id, target_id=host),
        ]
        return any(gone)

    def _remove_gpo_link(self, change: Change) -> bool:
        objects = self._facts.table("objects")
        named = pc.equal(pc.utf8_lower(objects["dn"]), change.detail.lower())
        policies = objects.filter(named)["object_id"].to_pylist()
        gone = [self._rows.drop("gpo_links", container_id=change.object_id, gpo_id=policy) for policy in policies]
        return any(gone)

    def _remove_policy_setting(self, change: Change) -> bool:
        if change.attribute == SCRIPT_PATH:
            return self._rows.set("users", {"object_id": change.object_id}, script_path=None)
        settings = self._rows.tables["gpo_settings"]
        return self._rows.put(
            "gpo_settings", without_setting(settings, change.object_id, change.attribute, change.detail)
        )

    def _delete_policy_secret(self, change: Change) -> bool:
        settings = self._rows.tables["gpo_settings"]
        return self._rows.put("gpo_settings", without_secrets(settings, change.object_id, change.detail))

    def _restrict_file(self, change: Change) -> bool:
        """Of the file or folder and all that is below."""
        is_done = False
        place, trustee = change.detail.lower(), change.principal_id
        for domain, path, sd in self._facts.rows("sysvol_files", "domain_id", "path", "sd_id"):
            low = (path or "").lower()
            if sd is not None and (low == place or low.startswith(f"{place}\\")):
                owner = self._admins.get(domain)
                alike = ("file", trustee, owner)
                self._descriptors.alter("sysvol_files", "sd_id", path, sd, without_trustee(trustee, owner), alike)
                is_done = True
        return is_done

    def _change_template(self, change: Change) -> bool:
        """``attribute``: flags to clear, or PEND_ALL_REQUESTS to set."""
        for flag in change.attribute.split(", "):
            if flag in NAME_FLAG_BITS:
                done = self._rows.set_bits(
                    "certificate_templates", change.object_id, "name_flag", off=NAME_FLAG_BITS[flag]
                )
            elif flag == "PEND_ALL_REQUESTS":
                done = self._rows.set_bits(
                    "certificate_templates", change.object_id, "enrollment_flag", on=PEND_ALL_REQUESTS
                )
            elif flag == "NO_SECURITY_EXTENSION":
                off = NO_SECURITY_EXTENSION
                done = self._rows.set_bits("certificate_templates", change.object_id, "enrollment_flag", off=off)
            else:
                return False
            if not done:
                return False
        return True

    def _filter_sids(self, change: Change) -> bool:
        """Quarantine of an external trust; of a forest trust, no more treatment as external."""
        trust = {"object_id": change.object_id}
        if self._rows.set("trusts", {**trust, "is_forest_transitive": True}, is_treated_as_external=False):
            return self._rows.set_bits("trusts", change.object_id, "trust_attributes", off=TREAT_AS_EXTERNAL)
        self._rows.set("trusts", trust, is_quarantined=True)
        return self._rows.set_bits("trusts", change.object_id, "trust_attributes", on=QUARANTINED)

    def _forbid_tgt_delegation(self, change: Change) -> bool:
        self._rows.set(
            "trusts", {"object_id": change.object_id}, forbids_tgt_delegation=True, allows_tgt_delegation=False
        )
        bits = {"on": NO_TGT_DELEGATION, "off": ENABLE_TGT_DELEGATION}
        return self._rows.set_bits("trusts", change.object_id, "trust_attributes", **bits)

    def _restrict_password_caching(self, change: Change) -> bool:
        """Of all, or, for an account whose password was sent, until that is changed too."""
        if change.principal_id == NONE:
            return self._rows.drop("links", object_id=change.object_id, attribute="msDS-RevealOnDemandGroup")
        account = self._facts.principals.get(change.principal_id)
        sent = {"object_id": change.object_id, "attribute": "msDS-RevealedUsers"}
        return account is not None and self._rows.set(
            "links", {**sent, "target_id": account.object_id}, attribute="msDS-NeverRevealGroup"
        )

    def _disable_account(self, change: Change) -> bool:
        for table in ACCOUNT_TABLES:
            self._rows.set_bits(table, change.object_id, "user_account_control", on=ACCOUNT_DISABLED)
        done = [self._rows.set(table, {"object_id": change.object_id}, is_enabled=False) for table in ACCOUNT_TABLES]
        return any(done)

    def _move_service(self, change: Change) -> bool:
        """The SPNs of SQL Server that name the computer leave the account."""
        ends = (change.object_id, self._object_of(change.principal_id))
        gone = [
            self._rows.drop("spns", object_id=account, spn=spn)
            for account, spn, computer in sql_servers(self._facts, HostNames(self._facts))
            if (account, computer) == ends
        ]
        return any(gone)

    def _remove_local_member(self, change: Change) -> bool:
        computer = self._facts.principal_of_object.get(change.object_id, NONE)
        found = {"computer_id": computer, "member_id": change.principal_id}
        groups = {rid for (rid,) in self._facts.rows("observed_local_groups", "group_rid")}
        gone = [
            self._rows.drop("observed_local_groups", **found, group_rid=rid)
            for rid in groups
            if change.attribute == f"S-1-5-32-{rid}"
        ]
        return any(gone)

    def _delete_duplicate(self, change: Change) -> bool:
        for table in (*ACCOUNT_TABLES, "groups"):
            self._rows.drop(table, object_id=change.object_id)
        return self._rows.set("objects", {"object_id": change.object_id}, is_deleted=True)

    def _object_of(self, principal_id: int) -> int:
        principal = self._facts.principals.get(principal_id)
        return NONE if principal is None or principal.object_id is None else principal.object_id
