"""Sessions and local groups of computers, where the snapshot holds those of a SharpHound archive."""

from __future__ import annotations

from typing import Final

from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import Json
from adaudit.graph.bloodhound.lookup import Grouped, Row

_GROUPS: Final = {
    544: "ADMINISTRATORS",
    551: "BACKUP OPERATORS",
    555: "REMOTE DESKTOP USERS",
    562: "DISTRIBUTED COM USERS",
    580: "REMOTE MANAGEMENT USERS",
}
_SESSIONS: Final = {
    "Sessions": ("sessions", "file"),
    "PrivilegedSessions": ("privileged_sessions",),
    "RegistrySessions": ("registry_sessions",),
}


class Observed:
    """What was seen on each computer; a question of which nothing came is told as not asked."""

    def __init__(self, collection: Collection) -> None:
        facts = collection.facts
        self._collection = collection
        self._sessions = Grouped(
            facts.table("sessions"), "computer_id", ("user_sid", "user_id", "logon_type", "origin")
        )
        columns = ("group_rid", "user_right", "member_sid", "member_id")
        self._members = Grouped(facts.table("observed_local_groups"), "computer_id", columns)

    def of(self, principal_id: int | None, identifier: str, name: str, domain_id: int | None) -> Json:
        """Fields of a computer. ``name``: as BloodHound names it."""
        seen = [] if principal_id is None else self._sessions.of(principal_id)
        members = [] if principal_id is None else self._members.of(principal_id)
        return {
            **{field: self._session_field(seen, origins, identifier) for field, origins in _SESSIONS.items()},
            "LocalGroups": [
                {
                    **self._answer([row for row in members if row["group_rid"] == rid], domain_id),
                    "ObjectIdentifier": f"{identifier}-{rid}",
                    "Name": f"{group}@{name}",
                }
                for rid, group in _GROUPS.items()
                if any(row["group_rid"] == rid for row in members)
            ],
            "UserRights": [
                {**self._answer([row for row in members if row["user_right"] == right], domain_id), "Privilege": right}
                for right in sorted({row["user_right"] for row in members} - {None})
            ],
        }

    def _session_field(self, seen: list[Row], origins: tuple[str, ...], computer: str) -> Json:
        results = []
        for row in seen:
            if row["origin"] in origins:
                told: Json = {"UserSID": row["user_sid"], "ComputerSID": computer}
                results.append(told if row["logon_type"] is None else {**told, "LogonType": row["logon_type"]})
        return {"Collected": bool(results), "FailureReason": None, "Results": results}

    def _answer(self, members: list[Row], domain_id: int | None) -> Json:
        results = []
        for row in members:
            known = self._collection.identifiers.of_principal(row["member_id"], domain_id)
            unknown: Json = {"ObjectIdentifier": row["member_sid"], "ObjectType": "Base"}
            results.append(unknown if known is None else known.as_json())
        return {"Collected": True, "FailureReason": None, "Results": results, "LocalNames": []}
