"""What is missing from the computed tables, as rows of ``coverage``.

A gap is inherited where it can hide a row, and only there. It keeps its object when the hidden rows are about that
object (its descriptor, its delegations). When they are about others, which nobody can name (the members of a group
that could not be read), it names no object and bears a DN as the place, so that it counts whatever a rule examines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from adaudit.derive.control import GET_CHANGES, NEED_GET_CHANGES
from adaudit.derive.controllers import controller_places
from adaudit.derive.facts import ACCOUNT_TABLES, Facts, build
from adaudit.derive.gaps import Gap, Gaps
from adaudit.derive.groups import SINCE_2016, privileged_sids
from adaudit.derive.policy import Chains
from adaudit.schema import DERIVED

IDENTITY_TABLES = (*ACCOUNT_TABLES, "groups")

_UNSEEN = Gap(None, "*", None, None, None, "denied", "reference_unseen", None)
_OTHER_DOMAIN = Gap(None, "*", None, None, None, "not_attempted", "other_domain", None)
_TOO_MANY = Gap(None, "*", None, None, None, "truncated", "too_many", None)


def computed_coverage(facts: Facts) -> pa.Table:
    """The rows of ``coverage`` that computed tables add to those given; status and reason are the source's."""
    gaps = Gaps(facts)
    inherited = (gap._replace(table_name=table) for table, inherit in INHERITED for gap in inherit(facts, gaps))
    return build("coverage", dict.fromkeys((*inherited, *_cut(facts))))


def _cut(facts: Facts) -> Iterator[Gap]:
    """Tables that would have more rows than are computed, and those computed from them; which ones, as the detail."""
    cut = facts.cuts
    lacking = {name: {name} & cut for name in DERIVED}
    for _ in DERIVED if cut else ():
        for name, table in DERIVED.items():
            lacking[name] = lacking[name].union(*(lacking.get(source, ()) for source in table.computed_from))
    for name, sources in lacking.items():
        yield from (_TOO_MANY._replace(table_name=name, detail=source) for source in sorted(sources))


def _nested_groups(_: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Groups whose members could not be read. A member never seen is a gap of the tables of its kind."""
    yield from gaps.wide("groups", "memberships")
    for gap in gaps.of("memberships", "member_id", "group_id"):
        if gap.is_wide or gap.object_id is not None:
            yield gap._replace(column_name="*")


def _privileged_groups(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Domains that were not read, and groups that every domain has and that were not seen."""
    wide = list(gaps.wide("groups"))
    yield from wide
    told = {gap.domain_id for gap in wide}
    referred = set(facts.rows("privileged_groups", "sid", "domain_id"))
    seen = {
        (sid, domain)
        for sid, domain, object_id in facts.rows("privileged_groups", "sid", "domain_id", "object_id")
        if object_id is not None
    }
    for domain in facts.domains:
        if domain.is_collected:
            for sid, rid in privileged_sids(domain):
                group = (sid, domain.domain_id)
                if group not in seen and (rid not in SINCE_2016 or group in referred):
                    yield _UNSEEN._replace(domain_id=domain.domain_id, detail=sid)
        elif domain.domain_id not in told:
            yield _OTHER_DOMAIN._replace(domain_id=domain.domain_id)


def _privileged_accounts(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    yield from _privileged_groups(facts, gaps)
    roots = [group for (group,) in facts.rows("privileged_groups", "principal_id")]
    yield from _hidden_members(facts, gaps, roots)
    yield from _members_elsewhere(facts)


def _members_elsewhere(facts: Facts) -> Iterator[Gap]:
    """Members known by SID alone: of another forest, or without an object that this account could see."""
    for principal_id in sorted({member for (member,) in facts.rows("privileged_accounts", "principal_id")}):
        member = facts.principals.get(principal_id)
        if member is not None and member.object_id is None and member.type in ("foreign", "dangling"):
            missing = _OTHER_DOMAIN if member.type == "foreign" else _UNSEEN
            yield missing._replace(column_name="object_id", dn=member.dn, detail=member.sid)


def _privileged_principals(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Whole domains only: an accepted identity that is missing makes rules tell more, never less."""
    return gaps.wide("groups", "memberships")


def _tier0(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    yield from gaps.wide("groups", "objects", "certificate_authorities")
    groups = [group for (group,) in facts.rows("tier0", "principal_id") if group in facts.memberships.groups]
    yield from _hidden_members(facts, gaps, groups)


def _hidden_members(facts: Facts, gaps: Gaps, roots: Iterable[int]) -> Iterator[Gap]:
    """What can hide a member of some groups: domains, unreadable members, unreadable primary groups, unseen members."""
    yield from gaps.wide(*IDENTITY_TABLES, "memberships")
    members = facts.memberships.closure(roots)
    groups = facts.objects_of(members & facts.memberships.groups)
    unreadable = (gap for gap in gaps.of("memberships", "member_id", "group_id") if gap.object_id in groups)
    yield from gaps.as_lost_rows(unreadable)
    for table in ACCOUNT_TABLES:
        by_primary_group = (gap for gap in gaps.of(table, "primary_group_rid") if gap.column_name != "*")
        yield from gaps.as_lost_rows(by_primary_group)
    for principal_id in sorted(members):
        member = facts.principals.get(principal_id)
        if member is not None and member.type == "unseen" and member.dn is not None:
            told = gaps.about(member.dn, (*IDENTITY_TABLES, "objects"))
            yield (told or _UNSEEN)._replace(column_name="*", dn=member.dn)


def _domain_controllers(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Computers that show no sign because none could be read, accounts never seen, and sites not read."""
    yield from gaps.wide("computers")
    signs = {
        object_id
        for object_id, group, control in facts.rows(
            "computers", "object_id", "primary_group_rid", "user_account_control"
        )
        if group is not None or control is not None
    }
    signs.update(found for (found,) in facts.rows("domain_controllers", "object_id"))
    by_flags = {gap.domain_id for gap in gaps.of("computers", "user_account_control") if gap.is_wide}
    places = controller_places(facts)
    for gap in gaps.of("computers", "primary_group_rid"):
        is_nowhere = gap.object_id is not None and gap.object_id not in signs
        is_everywhere = gap.is_wide and gap.domain_id in by_flags
        is_placed = gap.dn is not None and f",{gap.dn.lower()}".endswith(places)
        if is_nowhere or is_everywhere or is_placed:
            yield from gaps.as_lost_rows((gap,))
    for computer, settings, name in facts.rows("directory_servers", "computer_id", "settings_class", "name"):
        if computer is None and settings is not None:
            yield _UNSEEN._replace(detail=name)
    for column in ("server_id", "is_pseudo"):
        yield from (gap._replace(column_name=column) for gap in gaps.wide("directory_servers"))


def _controller_addresses(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Controllers that were not seen, and zones of which nothing was read."""
    yield from _domain_controllers(facts, gaps)
    yield from gaps.wide("dns_zones", "dns_records")


def _descriptor_rights(_: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Objects whose descriptor was not read, each with its own gap. Objects never seen are a gap of ``objects``."""
    for gap in gaps.of("objects", "sd_id"):
        if gap.column_name != "*" and (gap.is_wide or gap.object_id is not None):
            yield gap._replace(column_name="*")
    yield from gaps.wide("security_descriptors", "aces")


def _control_rights(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """The same, and on the objects where two groups may hold together what replication needs, their unread members."""
    yield from _descriptor_rights(facts, gaps)
    unread = [gap for gap in gaps.of("memberships", "member_id", "group_id") if gap.object_id is not None]
    if not unread:
        return
    holders: dict[int | None, set[int]] = {}
    for sd, principal, guid in facts.rows("descriptor_rights", "sd_id", "principal_id", "object_type"):
        if principal is not None and guid in (GET_CHANGES, *NEED_GET_CHANGES):
            holders.setdefault(sd, set()).add(principal)
    for object_id, sd in facts.rows("objects", "object_id", "sd_id"):
        if sd in holders:
            groups = facts.objects_of(facts.memberships.closure(holders[sd]))
            for gap in unread:
                if gap.object_id in groups:
                    yield gap._replace(column_name="*", object_id=object_id)


def _computer_creators(_: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Attributes that were not read."""
    yield from gaps.wide("attributes")
    yield from (gap._replace(column_name="*") for gap in gaps.of("attributes", "bytes") if not gap.is_wide)


def _delegation_targets(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Delegations that were not read and, when one leads nowhere, SPNs and computers that were not."""
    for gap in gaps.of("delegations", "spn"):
        yield gap._replace(column_name="*")
    if any(match is None for (match,) in facts.rows("delegation_targets", "match")):
        yield from gaps.as_lost_rows(gaps.of("spns", "spn"))
        yield from gaps.as_lost_rows(gaps.of("computers", "dns_host_name"))


def _applied_gpos(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Links that were not read, each with the container that bears them, and containers below something never seen."""
    yield from gaps.wide("organizational_units")
    yield from (gap._replace(column_name="*") for gap in gaps.of("gpo_links", "gpo_id"))
    chains = Chains(facts)
    for object_id, dn, domain_id in facts.rows("objects", "object_id", "dn", "domain_id"):
        if chains.is_told(object_id) and chains.is_broken(object_id):
            yield _UNSEEN._replace(domain_id=domain_id, dn=dn)


def _policy_scopes(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """GPOs that were not seen, or whose disabled sides were not."""
    yield from _applied_gpos(facts, gaps)
    yield from gaps.wide("gpos")
    yield from gaps.as_lost_rows(gaps.of("gpos", "user_enabled", "computer_enabled"))
    for gpo, dn, is_enabled in facts.rows("gpo_links", "gpo_id", "gpo_dn", "is_enabled"):
        if gpo is None and dn is not None and is_enabled is not False:
            told = gaps.about(dn, ("gpos", "objects"))
            yield (told or _UNSEEN)._replace(column_name="*", dn=dn)


def _resultant_settings(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """The same, and files of GPOs that were not read: they may hold settings of any container."""
    yield from _policy_scopes(facts, gaps)
    yield from gaps.as_lost_rows(gaps.of("gpo_settings"))


def _policy_targets(facts: Facts, gaps: Gaps) -> Iterator[Gap]:
    """The same as of scopes and of domain controllers, and computers that were not seen."""
    yield from _policy_scopes(facts, gaps)
    yield from _domain_controllers(facts, gaps)
    yield from (gap for gap in gaps.of("computers") if gap.column_name == "*")


def _policy_paths(_: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Files of GPOs, and scriptPath of accounts, that were not read."""
    for gap in (*gaps.of("gpo_settings"), *gaps.of("users", "script_path")):
        yield gap._replace(column_name="*")


def _file_rights(_: Facts, gaps: Gaps) -> Iterator[Gap]:
    """Descriptors of files that were not read, each with the GPO concerned."""
    yield from (gap._replace(column_name="*") for gap in gaps.of("sysvol_files", "sd_id"))


INHERITED: tuple[tuple[str, Callable[[Facts, Gaps], Iterator[Gap]]], ...] = (
    ("nested_groups", _nested_groups),
    ("privileged_groups", _privileged_groups),
    ("privileged_accounts", _privileged_accounts),
    ("privileged_principals", _privileged_principals),
    ("tier0", _tier0),
    ("domain_controllers", _domain_controllers),
    ("controller_addresses", _controller_addresses),
    ("descriptor_rights", _descriptor_rights),
    ("control_rights", _control_rights),
    ("delegation_targets", _delegation_targets),
    ("applied_gpos", _applied_gpos),
    ("computer_creators", _computer_creators),
    ("policy_scopes", _policy_scopes),
    ("resultant_settings", _resultant_settings),
    ("policy_targets", _policy_targets),
    ("registry_in_force", _resultant_settings),
    ("user_rights", _resultant_settings),
    ("local_group_members", _resultant_settings),
    ("policy_paths", _policy_paths),
    ("file_rights", _file_rights),
)
