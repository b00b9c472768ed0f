"""Computed tables of the attack graph: who can take what, by which steps, and what an administrator can change."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

NODES = Table(
    "nodes",
    "What the attack graph is made of: every object, every identity without an object, and beside a container of "
    "accounts the group policy settings that these get.",
    (
        Column("node_id", Kind.ID, "identifies the node in this snapshot"),
        Column("object_id", Kind.ID, "its object; null for an identity without one"),
        Column("principal_id", Kind.ID, "its identity; null for an object without SID"),
        Column("domain_id", Kind.ID, "row in domains; null for a foreign or well-known identity"),
        Column("aspect", Kind.TEXT, "settings for the settings of a container's accounts; null for the thing itself"),
    ),
    computed_from=("objects", "principals"),
)

EDGES = Table(
    "edges",
    "Steps of the attack graph: whoever is or holds the source can take the target. One row per proof: two ACEs that "
    "give the same step make two rows.",
    (
        Column("source_id", Kind.ID, "row in nodes"),
        Column("target_id", Kind.ID, "row in nodes"),
        Column("kind", Kind.TEXT, "edge in BloodHound's words where it has one: docs/graph.md"),
        Column("is_traversable", Kind.BOOL, "paths follow it; else it is told, as a part of others or for information"),
        Column("difficulty", Kind.TEXT, "direct, prerequisite or uncertain"),
        Column("object_id", Kind.ID, "object that shows it: bears the descriptor or the attribute"),
        Column("attribute", Kind.TEXT, "attribute, right or setting that shows it"),
        Column("sd_id", Kind.ID, "descriptor that shows it; null when none does"),
        Column("position", Kind.INT, "ACE of that descriptor; null for an owner, a NULL DACL or no descriptor"),
        Column("detail", Kind.TEXT, "value that shows it: SPN, SID, policy …; null when the attribute says all"),
        Column("change_id", Kind.ID, "row in changes that removes it; null when no administrator can"),
    ),
    computed_from=(
        *("nodes", "descriptor_rights", "file_rights", "memberships", "delegations", "delegation_targets"),
        *("sid_history", "trusts", "applied_gpos", "resultant_settings", "user_rights", "local_group_members"),
    ),
)

CHANGES = Table(
    "changes",
    "What an administrator can do against edges: one change may remove many.",
    (
        Column("change_id", Kind.ID, "identifies the change in this snapshot"),
        Column("kind", Kind.TEXT, "remove_ace, set_owner, remove_member …: docs/graph.md"),
        Column("object_id", Kind.ID, "object to change"),
        Column("principal_id", Kind.ID, "identity concerned: trustee, member …; null when none is"),
        Column("attribute", Kind.TEXT, "attribute, right or setting concerned"),
        Column("sd_id", Kind.ID, "descriptor concerned"),
        Column("position", Kind.INT, "ACE of that descriptor"),
        Column("detail", Kind.TEXT, "value concerned"),
    ),
    computed_from=("edges",),
)

EXPOSURE = Table(
    "exposure",
    "Identities outside tier 0 that reach it: enabled accounts, and groups or identities that stand for everybody.",
    (
        Column("node_id", Kind.ID, "row in nodes"),
        Column("principal_id", Kind.ID, "its identity"),
        Column("object_id", Kind.ID, "its object"),
        Column("domain_id", Kind.ID, "its domain"),
        Column("kind", Kind.TEXT, "user, computer, managed_service_account, everyone_like or foreign"),
        Column("distance", Kind.INT, "steps of the shortest path"),
        Column("first_kind", Kind.TEXT, "first edge of that path"),
        Column("next_id", Kind.ID, "node that it leads to"),
        Column("goal_id", Kind.ID, "node of tier 0 at its end"),
    ),
    computed_from=("edges", "tier0"),
)

CHOKE_POINTS = Table(
    "choke_points",
    "Changes and nodes without which the most accounts no longer reach tier 0, the best first.",
    (
        Column("rank", Kind.INT, "1-based, within its kind"),
        Column("kind", Kind.TEXT, "change or node"),
        Column("node_id", Kind.ID, "row in nodes; null for a change"),
        Column("change_id", Kind.ID, "row in changes; null for a node"),
        Column("accounts", Kind.INT, "exposed accounts that have no other way"),
        Column("is_exact", Kind.BOOL, "false: the number is an upper bound"),
    ),
    computed_from=("exposure", "changes"),
)

GRAPH_TABLES = (NODES, EDGES, CHANGES, EXPOSURE, CHOKE_POINTS)
