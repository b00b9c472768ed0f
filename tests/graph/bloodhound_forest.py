"""A small forest written by hand, and what an export of it holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adaudit.graph.analysis import Analysis
from adaudit.graph.bloodhound import Exported, export_bloodhound
from adaudit.report.masking import mask
from tests.graph.bloodhound_reader import objects
from tests.graph.small_forest import HEAD, SmallForest

AS_OF: Final = datetime(2026, 3, 4, 5, 6, 8)
FULL: Final = 0xF01FF


class Forest(SmallForest):
    """A small forest whose objects have what an export reads of each."""

    def add(self, dn: str, object_class: str = "container", **columns: Any) -> int:
        object_id = super().add(dn, object_class, **columns)
        told = {"guid": f"00000000-0000-0000-0000-{object_id:012x}", "name": dn.partition(",")[0].partition("=")[2]}
        self.rows["objects"][-1] |= told
        if not object_id:
            self.row("partitions", partition_id=0, dn=HEAD, kind="domain", domain_id=0)
        return object_id

    def descriptor(self, *aces: dict[str, Any], owner: int | None = None, protected: bool = False) -> int:
        """A descriptor with these ACEs, by default explicit ones that allow; returns its id."""
        sd = len(self.rows["security_descriptors"])
        sids = {row["principal_id"]: row["sid"] for row in self.rows["principals"]}
        head = {"role": "object", "domain_id": 0, "dacl_state": "present", "is_dacl_protected": protected}
        self.row("security_descriptors", sd_id=sd, owner_id=owner, owner_sid=sids.get(owner), **head)
        usual = {"is_allow": True, "is_inherited": False, "is_inherit_only": False}
        for position, ace in enumerate(aces):
            self.row("aces", sd_id=sd, position=position, **{**usual, "trustee_sid": sids[ace["trustee_id"]], **ace})
        return sd

    def principal(self, object_id: int) -> int:
        return next(row["principal_id"] for row in self.rows["principals"] if row["object_id"] == object_id)

    def export(self, destination: Path, **options: Any) -> Exported:
        facts = self.facts()
        graph = Analysis(facts).graph
        return export_bloodhound(facts, graph, destination, as_of=AS_OF, mask=mask, **options)


def rights(path: Path, type_: str, name: str) -> set[tuple[str, str, bool]]:
    """Principal, right and inheritance of the ACEs of one object."""
    aces = one(path, type_, name)["Aces"]
    return {(ace["PrincipalSID"], ace["RightName"], ace["IsInherited"]) for ace in aces}


def one(path: Path, type_: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in objects(path)[type_] if each["Properties"]["name"].startswith(name))
    return found
