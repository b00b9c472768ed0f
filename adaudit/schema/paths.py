"""Computed tables of who can take what, step by step."""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

COMPUTER_CREATORS = Table(
    "computer_creators",
    "Accounts that joined a computer by means of the machine account quota.",
    (
        Column("object_id", Kind.ID, "the computer"),
        Column("sid", Kind.SID, "mS-DS-CreatorSID"),
        Column("principal_id", Kind.ID, "principal of that SID; null when none was seen"),
    ),
    computed_from=("attributes", "principals"),
)

CONTROL_PATHS = Table(
    "control_paths",
    "Identities outside privileged_principals that can take a privileged object, each with its shortest way there. A "
    "step is a right of level 1 in control_rights, a membership, a right over a container whose entries the object "
    "inherits, or over a GPO that applies to the account. Not followed: local administrators, sessions, security and "
    "WMI filters of GPOs, rights of level 2.",
    (
        Column("principal_id", Kind.ID, "the identity"),
        Column("depth", Kind.INT, "rights used one after the other; 0 for a member of a target alone"),
        Column("right", Kind.TEXT, "first step: as in control_rights, or member"),
        Column("target", Kind.TEXT, "as in control_rights"),
        Column("object_id", Kind.ID, "object that the first step takes, or group that it is a member of"),
        Column("goal_id", Kind.ID, "privileged object at the end"),
        Column("path", Kind.TEXTS, "the steps in order: right and DN, or member and group; the first 64 of them"),
    ),
    computed_from=("control_rights", "privileged_accounts", "memberships", "applied_gpos", "objects"),
)

PATH_TABLES = (COMPUTER_CREATORS, CONTROL_PATHS)
