"""A snapshot as a collection that BloodHound CE ingests: version 6 of the SharpHound files, in one archive."""

from __future__ import annotations

from adaudit.graph.bloodhound.export import Exported, export_bloodhound

__all__ = ["Exported", "export_bloodhound"]
