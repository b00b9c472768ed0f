"""Computed tables of what group policy does to computers, accounts and files."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

POLICY_TARGETS = Table(
    "policy_targets",
    "How many computers a container holds directly, by role: those whose settings resultant_settings tells. Accounts "
    "that are disabled, systems that are not Windows, and domain controllers without a machine are left out.",
    (
        Column("container_id", Kind.ID, "as in policy_scopes"),
        Column("scope_id", Kind.ID, "scope in policy_scopes"),
        Column("domain_id", Kind.ID, "row in domains"),
        Column("dn", Kind.DN, "distinguished name of the container"),
        Column("role", Kind.TEXT, "controller, server, workstation, or unknown when no operating system is told"),
        Column("computers", Kind.INT, "how many"),
        Column("is_read", Kind.BOOL, "every GPO that applies here was read: a setting that is absent is not set"),
    ),
    computed_from=("computers", "objects", "domain_controllers", "policy_scopes"),
)

REGISTRY_IN_FORCE = Table(
    "registry_in_force",
    "Registry values in force in a scope, whichever of Registry.pol, security template and preference writes them: "
    "clients process them in that order, so that the last one stays.",
    (
        Column("scope_id", Kind.ID, "scope in policy_scopes"),
        Column("side", Kind.TEXT, "computer (HKEY_LOCAL_MACHINE) or user (HKEY_CURRENT_USER)"),
        Column("path", Kind.TEXT, "key and name of the value below the hive, lower case"),
        Column("value", Kind.TEXT, "as in gpo_settings; a DWORD of a preference in decimal too"),
        Column("number", Kind.INT, "the value when it is a number, else null"),
        Column("source", Kind.TEXT, "registry, security_template or preference"),
        Column("gpo_id", Kind.ID, "object of the GPO that sets it"),
        Column("file", Kind.TEXT, "as in gpo_settings"),
        Column("is_conditional", Kind.BOOL, "only where a WMI filter or item-level targeting says so"),
    ),
    computed_from=("resultant_settings",),
)

USER_RIGHTS = Table(
    "user_rights",
    "Whom the security templates in force in a scope give a user right, or refuse a logon: one row per trustee.",
    (
        Column("scope_id", Kind.ID, "scope in policy_scopes"),
        Column("right", Kind.TEXT, "SeDebugPrivilege, SeDenyInteractiveLogonRight …"),
        Column("trustee", Kind.TEXT, "SID or name as read"),
        Column("sid", Kind.SID, "its SID; null when the name was not recognised"),
        Column("principal_id", Kind.ID, "its principal; null when none was seen"),
        Column("is_anyone", Kind.BOOL, "stands for every user or computer: Everyone, Domain Users …"),
        Column("gpo_id", Kind.ID, "object of the GPO that wins"),
        Column("has_wmi_filter", Kind.BOOL, "only where a WMI filter says so"),
    ),
    computed_from=("resultant_settings", "principals", "domains", "gpos"),
)

LOCAL_GROUP_MEMBERS = Table(
    "local_group_members",
    "Whom policies in force in a scope put in local groups, by restricted groups and preferences.",
    (
        Column("scope_id", Kind.ID, "scope in policy_scopes"),
        Column("group_name", Kind.TEXT, "group as read: SID or name"),
        Column("group_sid", Kind.SID, "its SID; null when the name was not recognised"),
        Column("trustee", Kind.TEXT, "member as read: SID or name"),
        Column("sid", Kind.SID, "its SID; null when the name was not recognised"),
        Column("principal_id", Kind.ID, "its principal; null when none was seen"),
        Column("is_anyone", Kind.BOOL, "stands for every user or computer: Everyone, Domain Users …"),
        Column("origin", Kind.TEXT, "restricted_group or preference"),
        Column("gpo_id", Kind.ID, "object of the GPO"),
        Column("is_conditional", Kind.BOOL, "only where a WMI filter or item-level targeting says so"),
    ),
    computed_from=("resultant_settings", "principals", "domains", "gpos"),
)

POLICY_PATHS = Table(
    "policy_paths",
    "What policies, wherever they are linked, and logon scripts of accounts run or fetch, by its path. Local paths and "
    "commands without a path are left out.",
    (
        Column("domain_id", Kind.ID, "row in domains"),
        Column("gpo_id", Kind.ID, "object of the GPO; null for an account, and a folder without object"),
        Column("account_id", Kind.ID, "object of the account whose scriptPath it is"),
        Column("usage", Kind.TEXT, "script, logon_script (of accounts), run_key, scheduled_task, file or software"),
        Column("target", Kind.TEXT, "path as read, secrets masked"),
        Column("host", Kind.TEXT, "server of a UNC path, lower case; null for a path below the policy or NETLOGON"),
        Column("path", Kind.TEXT, "path below SYSVOL as in sysvol_files, lower case; null when it is elsewhere"),
    ),
    computed_from=("gpo_settings", "attributes", "users", "domains"),
)

FILE_RIGHTS = Table(
    "file_rights",
    "Rights to change a file or folder of SYSVOL that each distinct descriptor gives on itself, once deny ACEs, OWNER "
    "RIGHTS and generic rights are taken into account. One row per trustee and right.",
    (
        Column("sd_id", Kind.ID, "row in security_descriptors"),
        Column("principal_id", Kind.ID, "trustee, before membership is expanded"),
        Column("trustee_sid", Kind.SID, "its SID"),
        Column(
            "right",
            Kind.TEXT,
            "owner, null_dacl, full_control (stands for all that follow), write_dacl, write_owner, write (or add a "
            "file), append (or add a folder), delete_child or delete",
        ),
        Column("position", Kind.INT, "ACE of the DACL that gives it; null for the owner and a NULL DACL"),
        Column("is_inherited", Kind.BOOL, "that ACE is inherited"),
        Column("is_conditional", Kind.BOOL, "that ACE bears a condition that was not evaluated"),
    ),
    computed_from=("security_descriptors", "aces", "principals", "memberships"),
)

POLICY_TABLES = (
    POLICY_TARGETS,
    REGISTRY_IN_FORCE,
    USER_RIGHTS,
    LOCAL_GROUP_MEMBERS,
    POLICY_PATHS,
    FILE_RIGHTS,
)
