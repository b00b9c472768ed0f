from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adaudit.engine import Pack, RuleBook, audit, load_rules
from adaudit.engine.model import Audit
from adaudit.engine.standing import Acceptance
from adaudit.schema import TABLES
from adaudit.snapshot import ManifestHeader, SnapshotWriter, SourceInfo, open_snapshot

RULES = Path(__file__).parent / "rules"
AS_OF = datetime(2026, 11, 1)

Rows = dict[str, list[dict[str, Any]]]

DOMAIN: Rows = {
    "forests": [{"dns_name": "chu.example"}],
    "domains": [
        {
            "domain_id": 0,
            "dn": "DC=chu,DC=example",
            "dns_name": "chu.example",
            "sid": "S-1-5-21-1-2-3",
            "is_root": True,
            "is_collected": True,
            "object_id": 0,
        }
    ],
    "objects": [
        {"object_id": 0, "guid": "00000000-0000-0000-0000-000000000000", "dn": "DC=chu,DC=example", "domain_id": 0}
    ],
}


def account(number: int, **columns: Any) -> Rows:
    """One user, as the three tables that speak of it."""
    dn = f"CN=compte{number},DC=chu,DC=example"
    sid = f"S-1-5-21-1-2-3-{1000 + number}"
    guid = f"00000000-0000-0000-0000-{number:012x}"
    ids = {"object_id": number, "principal_id": number, "domain_id": 0}
    return {
        "objects": [{"object_id": number, "guid": guid, "dn": dn, "domain_id": 0, "object_class": "user"}],
        "principals": [{**ids, "sid": sid, "type": "user", "name": f"compte{number}", "dn": dn}],
        "users": [{**ids, "sid": sid, "dn": dn, "is_enabled": True, "password_never_expires": False, **columns}],
    }


def gap(table: str, column: str, **columns: Any) -> Rows:
    """One fact that was refused."""
    told = {"table_name": table, "column_name": column, "status": "denied", "reason": "no_read_right", **columns}
    return {"coverage": [told]}


@pytest.fixture(scope="session")
def book() -> RuleBook:
    return load_rules(RULES)


@pytest.fixture
def judged(tmp_path: Path, book: RuleBook) -> Iterator[Callable[..., Audit]]:
    """Seal the rows given as one snapshot and judge it with the rules of the tests."""
    with ExitStack() as stack:

        def judge(
            *parts: Rows,
            rules: RuleBook = book,
            seconds: float = 30.0,
            exceptions: Sequence[Acceptance] | None = None,
            pack: Pack | None = None,
        ) -> Audit:
            path = tmp_path / "chu.adsnap"
            header = ManifestHeader(
                as_of=AS_OF,
                as_of_origin="option",
                complete=True,
                incomplete_reason=None,
                source=SourceInfo(kind="ldif", tool="adaudit", server=None, account=None, account_sid=None, files=()),
                started_at=AS_OF,
                finished_at=AS_OF,
            )
            with SnapshotWriter(path) as writer:
                for name in TABLES:
                    if rows := [row for part in (DOMAIN, *parts) for row in part.get(name, [])]:
                        writer.write_table(name, pa.Table.from_pylist(rows, TABLES[name].arrow_schema))
                writer.seal(header)
            snapshot = stack.enter_context(open_snapshot(path))
            return audit(snapshot, rules, seconds=seconds, exceptions=exceptions, pack=pack)

        yield judge
