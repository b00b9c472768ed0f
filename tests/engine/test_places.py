from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaudit.engine import RuleBook, load_rules
from adaudit.engine.model import Audit, Result, Status
from tests.engine.conftest import RULES, Rows, gap

Judge = Callable[..., Audit]

PARTITIONS: Rows = {
    "partitions": [
        {"partition_id": 0, "dn": "DC=chu,DC=example", "kind": "domain", "domain_id": 0, "is_collected": True},
        {"partition_id": 1, "dn": "CN=Configuration,DC=chu,DC=example", "kind": "configuration", "domain_id": 0},
    ]
}


def placed(audit: Audit) -> Result:
    return next(result for result in audit.results if result.rule.id == "vuln_placed")


def server(system: str) -> Rows:
    dn = "CN=srv,OU=Serveurs,OU=DSI,DC=chu,DC=example"
    return {
        "objects": [{"object_id": 1, "guid": "00000000-0000-0000-0000-000000000001", "dn": dn, "domain_id": 0}],
        "computers": [{"object_id": 1, "principal_id": 1, "domain_id": 0, "dn": dn, "operating_system": system}],
    }


@pytest.mark.parametrize(
    "dn",
    [
        "OU=Serveurs,OU=DSI,DC=chu,DC=example",
        "CN=caché,ou=serveurs,ou=dsi,dc=CHU,dc=example",
        "OU=DSI,DC=chu,DC=example",
        "DC=chu,DC=example",
        "CN=x,DC=elsewhere,DC=example",
    ],
)
def test_what_was_never_seen_at_below_or_above_a_place_or_nobody_knows_where_counts(judged: Judge, dn: str) -> None:
    assert placed(judged(PARTITIONS, gap("computers", "*", dn=dn))).status is Status.NOT_ASSESSED


@pytest.mark.parametrize(
    "dn",
    [
        "OU=Soins,DC=chu,DC=example",
        "OU=AutresServeurs,OU=DSI,DC=chu,DC=example",
        "OU=Serveurs,OU=DSI,CN=Configuration,DC=chu,DC=example",
    ],
)
def test_what_was_never_seen_elsewhere_does_not_count(judged: Judge, dn: str) -> None:
    assert placed(judged(PARTITIONS, gap("computers", "*", dn=dn))).status is Status.COMPLIANT


def test_a_table_that_was_not_read_always_counts(judged: Judge) -> None:
    unread: dict[str, Any] = {"domain_id": 0, "reason": "other_domain", "status": "not_attempted"}
    assert placed(judged(PARTITIONS, gap("computers", "*", **unread))).status is Status.NOT_ASSESSED


@pytest.mark.parametrize("detail", ["forest_dns", "DC=ForestDnsZones,DC=chu,DC=example"])
def test_objects_of_a_naming_context_without_any_place_do_not_count(judged: Judge, detail: str) -> None:
    zones = {"partition_id": 2, "dn": "DC=ForestDnsZones,DC=chu,DC=example", "kind": "forest_dns", "domain_id": 0}
    context = {"partitions": [*PARTITIONS["partitions"], zones]}
    unread: dict[str, Any] = {"detail": detail, "reason": "not_in_source", "status": "not_attempted"}
    assert placed(judged(context, gap("objects", "*", **unread))).status is Status.COMPLIANT


def test_objects_of_a_domain_that_was_not_read_count(judged: Judge) -> None:
    unread: dict[str, Any] = {"detail": "DC=chu,DC=example", "reason": "other_domain", "status": "not_attempted"}
    assert placed(judged(PARTITIONS, gap("objects", "*", **unread))).status is Status.NOT_ASSESSED


def test_objects_that_no_ordinary_account_sees_count_only_where_a_rule_names_their_place(
    judged: Judge, tmp_path: Path
) -> None:
    context = {**PARTITIONS, **server("new")}
    hidden = gap("objects", "*", dn="CN=secret,OU=Serveurs,OU=DSI,DC=chu,DC=example", reason="known_hidden")
    assert placed(judged(context, hidden)).status is Status.NOT_ASSESSED
    shutil.copytree(RULES, tmp_path / "rules")
    path = tmp_path / "rules" / "accounts" / "vuln_placed.toml"
    for places in ('places = ["domain:"]', ""):
        text = (RULES / "accounts" / "vuln_placed.toml").read_text(encoding="utf-8")
        path.write_text(text.replace('places = ["domain:OU=Serveurs,OU=DSI"]', places), encoding="utf-8")
        assert placed(judged(context, hidden, rules=load_rules(tmp_path / "rules"))).status is Status.COMPLIANT
        unlisted = gap("objects", "*", dn="OU=Caches,DC=chu,DC=example", reason="container_hidden")
        assert placed(judged(context, unlisted, rules=load_rules(tmp_path / "rules"))).status is Status.NOT_ASSESSED


def test_a_value_that_means_nothing_to_the_rule_is_a_gap_and_not_compliant(judged: Judge) -> None:
    found = placed(judged(PARTITIONS, server("other")))
    assert found.status is Status.NOT_ASSESSED
    assert [(g.table, g.column, g.reason, g.count) for g in found.gaps] == [
        ("computers", "operating_system", "not_recognised", 1)
    ]


def test_a_value_that_means_nothing_leaves_violations_incomplete(judged: Judge) -> None:
    other = {"computers": [{"object_id": 0, "principal_id": 2, "domain_id": 0, "operating_system": "other"}]}
    found = placed(judged(PARTITIONS, server("old"), other))
    assert (found.status, found.incomplete) == (Status.VIOLATIONS, True)


def with_reason(tmp_path: Path, reason: str) -> RuleBook:
    """The rules, of which ``vuln_placed`` has no sql and one reason for everything it does not know."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    path = folder / "accounts" / "vuln_placed.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith(("sql = ", "evidence = ")))
    path.write_text(kept.replace("dn as example\n", f"dn as example, '{reason}' as reason\n"), encoding="utf-8")
    return load_rules(folder)


def test_a_rule_beyond_reach_is_not_assessed_where_there_is_a_subject_and_says_why(
    judged: Judge, tmp_path: Path
) -> None:
    rules = with_reason(tmp_path, "ca_registry")
    result = placed(judged(PARTITIONS, server("elsewhere"), rules=rules))
    assert (result.status, result.subjects) == (Status.NOT_ASSESSED, ())
    assert [(gap.status, gap.reason, gap.count) for gap in result.gaps] == [("not_attempted", "ca_registry", 1)]
    assert placed(judged(PARTITIONS, server("old"), rules=rules)).status is Status.COMPLIANT


def test_what_an_ordinary_account_does_not_see_is_told_as_denied(judged: Judge, tmp_path: Path) -> None:
    result = placed(judged(PARTITIONS, server("elsewhere"), rules=with_reason(tmp_path, "known_hidden")))
    assert result.status is Status.NOT_ASSESSED
    assert [(gap.status, gap.reason) for gap in result.gaps] == [("denied", "known_hidden")]


def test_a_reason_that_nobody_declared_is_an_error_of_the_rule(judged: Judge, tmp_path: Path) -> None:
    result = placed(judged(PARTITIONS, server("elsewhere"), rules=with_reason(tmp_path, "bad_luck")))
    assert (result.status, result.reason) == (Status.ERROR, "failed")
    assert "bad_luck" in result.message
