from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.snapshot import SnapshotWriter
from tests.snapshot.material import HEADER, rows


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A sound snapshot with a few rows."""
    path = tmp_path / "corp.adsnap"
    with SnapshotWriter(path) as writer:
        writer.write_table(
            "domains",
            rows("domains", {"domain_id": 0, "dns_name": "corp.test", "sid": "S-1-5-21-1-2-3", "is_collected": True}),
        )
        writer.write_table(
            "objects",
            rows(
                "objects",
                {"object_id": 0, "dn": "DC=corp,DC=test", "object_classes": ["top", "domainDNS"]},
                {"object_id": 1, "dn": "CN=Zoé,DC=corp,DC=test", "description": "=cmd|' /C calc'!A0"},
            ),
        )
        writer.write_table(
            "attributes", rows("attributes", {"object_id": 1, "name": "logonHours", "bytes": b"\x00\xff"})
        )
        writer.write_table(
            "coverage",
            rows(
                "coverage",
                {"table_name": "objects", "column_name": "sd_id", "status": "denied", "reason": "no_read_right"},
                {"table_name": "objects", "column_name": "sd_id", "status": "denied", "reason": "no_read_right"},
            ),
        )
        writer.seal(HEADER)
    return path
