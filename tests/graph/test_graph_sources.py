"""Exposure counts accounts that can log on, whoever stands for everybody, and who comes from elsewhere."""

from __future__ import annotations

from adaudit.graph.nodes import Nodes
from adaudit.graph.sources import Sources, sources_of
from tests.graph.small_forest import HEAD, SmallForest


def names(forest: SmallForest) -> dict[str, set[str]]:
    """DNs, or SIDs of identities without object, by kind."""
    facts = forest.facts()
    nodes = Nodes(facts)
    dns = dict(facts.rows("objects", "object_id", "dn"))
    sids = {p.principal_id: p.sid for p in facts.principals.values()}
    found: Sources = sources_of(facts, nodes)
    return {
        kind: {dns.get(int(nodes.object_id[n])) or sids[int(nodes.principal_id[n])] or "" for n in chosen}
        for kind, chosen in vars(found).items()
    }


def test_enabled_accounts_count_by_kind() -> None:
    forest = SmallForest()
    forest.add(f"CN=Ana,{HEAD}", "user", rid=1104)
    forest.add(f"CN=Unread,{HEAD}", "user", rid=1105, is_enabled=None)
    forest.add(f"CN=PC1,{HEAD}", "computer", rid=1106)
    forest.add(f"CN=Svc,{HEAD}", "msDS-GroupManagedServiceAccount", rid=1107)
    found = names(forest)
    assert found["users"] == {f"CN=Ana,{HEAD}", f"CN=Unread,{HEAD}"}
    assert found["computers"] == {f"CN=PC1,{HEAD}"}
    assert found["managed_service_accounts"] == {f"CN=Svc,{HEAD}"}


def test_disabled_accounts_trust_accounts_and_krbtgt_do_not_count() -> None:
    forest = SmallForest()
    forest.add(f"CN=Gone,{HEAD}", "user", rid=1104, is_enabled=False)
    forest.add(f"CN=PARTNER$,{HEAD}", "user", rid=1105, is_trust_account=True)
    forest.add(f"CN=krbtgt,{HEAD}", "user", rid=502)
    assert names(forest)["users"] == set()


def test_identities_that_anybody_has_are_told_apart_from_accounts() -> None:
    forest = SmallForest()
    forest.add(f"CN=Domain Users,{HEAD}", "group", rid=513)
    forest.add(f"CN=Staff,{HEAD}", "group", rid=1105)
    forest.add(f"CN=Guest,{HEAD}", "user", rid=501)
    for sid in ("S-1-1-0", "S-1-5-7", "S-1-5-11", "S-1-5-2", "S-1-5-18", "S-1-5-9"):
        forest.identity(sid)
    found = names(forest)
    assert found["everyone_like"] == {f"CN=Domain Users,{HEAD}", "S-1-1-0", "S-1-5-7", "S-1-5-11", "S-1-5-2"}
    assert found["users"] == {f"CN=Guest,{HEAD}"}


def test_foreign_identities_and_partners_count_as_foreign_and_domains_of_the_forest_do_not() -> None:
    forest = SmallForest()
    forest.foreign("S-1-5-21-9-9-9-513")
    forest.identity("S-1-5-21-1-2-3-9999")
    for name, is_within in (("partner.test", False), ("child.corp.test", True)):
        trust = forest.add(f"CN={name},{HEAD}", "trustedDomain")
        forest.row("trusts", object_id=trust, is_within_forest=is_within)
    found = names(forest)
    assert found["foreign"] == {"S-1-5-21-9-9-9-513", f"CN=partner.test,{HEAD}"}
    assert found["everyone_like"] == set()


def test_an_empty_snapshot_has_no_sources() -> None:
    forest = SmallForest()
    forest.rows = {}
    assert not any(names(forest).values())
