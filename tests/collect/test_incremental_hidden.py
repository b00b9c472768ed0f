"""What the account saw in an earlier collection, and may no longer see."""

from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.snapshot import open_snapshot
from tests.collect.comparison import differences
from tests.collect.faulty import collect
from tests.collect.test_incremental_equality import Administrator


@pytest.mark.samba
def test_a_naming_context_that_is_no_longer_shown_leaves_nothing_behind(tmp_path: Path) -> None:
    from tests.testbed import running

    with running("baseline") as directory:
        earlier = collect(directory, 389, tmp_path / "earlier", host=directory.ip).path
        Administrator(directory).inherit("DC=DomainDnsZones,BASE", "(D;CI;LCRPLORC;;;AU)")
        since = collect(directory, 389, tmp_path / "since", host=directory.ip, since=earlier).path
        full = collect(directory, 389, tmp_path / "full", host=directory.ip).path
        assert differences(since, full) == {}
        with open_snapshot(earlier) as before, open_snapshot(since) as after:
            assert after.manifest.source.since == before.sha256
            hidden = f"CN=Deleted Objects,DC=DomainDnsZones,{directory.base_dn}"
            assert hidden in before.table("objects")["dn"].to_pylist()
            assert hidden not in after.table("objects")["dn"].to_pylist()
