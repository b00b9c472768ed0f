"""Tables of what no directory tells and a SharpHound archive brings: a snapshot has them once one was imported.

In ``coverage``, rows about them say which computers were asked, and which did not answer; a computer without any was
not in an archive.
"""

from __future__ import annotations

from adaudit.schema.model import Column, Kind, Table

SESSIONS = Table(
    "sessions",
    "Who was seen logged on to which computer, each once, in the order of SIDs.",
    (
        Column("computer_sid", Kind.SID, "the computer"),
        Column("computer_id", Kind.ID, "its principal; null when none bears the SID"),
        Column("user_sid", Kind.SID, "who was logged on"),
        Column("user_id", Kind.ID, "its principal; null when none bears the SID"),
        Column("logon_type", Kind.INT, "2 interactive, 3 network, 10 remote interactive …; null when not told"),
        Column(
            "origin",
            Kind.TEXT,
            "how it was seen: sessions (NetSessionEnum), privileged_sessions (NetWkstaUserEnum), registry_sessions "
            "(hives of users) or file (of sessions alone)",
        ),
    ),
)

OBSERVED_LOCAL_GROUPS = Table(
    "observed_local_groups",
    "Members of local groups and holders of user rights, as the computers told them, each once, in the order of SIDs.",
    (
        Column("computer_sid", Kind.SID, "the computer"),
        Column("computer_id", Kind.ID, "its principal; null when none bears the SID"),
        Column("group_rid", Kind.INT, "544, 551, 555, 562 or 580; null for a user right"),
        Column("user_right", Kind.TEXT, "SeRemoteInteractiveLogonRight; null for a group"),
        Column("member_sid", Kind.SID, "member or holder"),
        Column("member_id", Kind.ID, "its principal; null for a local account or group, or when none bears the SID"),
    ),
)

OBSERVED_TABLES = (SESSIONS, OBSERVED_LOCAL_GROUPS)
