"""Which rows of ``coverage`` are gaps of a rule, and how they are told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adaudit.engine import RuleBook, load_rules
from adaudit.engine.model import Audit, Gap, Result, Status
from adaudit.schema import COMPUTED
from tests.engine.conftest import RULES, Rows, account, gap
from tests.engine.test_places import PARTITIONS, placed, server

Judge = Callable[..., Audit]

CHILD: Rows = {
    "partitions": [{"partition_id": 2, "dn": "DC=ehpad,DC=chu,DC=example", "kind": "domain", "domain_id": 0}]
}
HIDDEN = {"reason": "known_hidden"}


@pytest.fixture
def placed_at(tmp_path: Path) -> Callable[..., RuleBook]:
    """The rules, of which ``vuln_placed`` has other places and needs."""

    def load(*places: str, needs: str = '"computers", "objects"') -> RuleBook:
        folder = tmp_path / f"rules{len(list(tmp_path.iterdir()))}"
        shutil.copytree(RULES, folder)
        path = folder / "accounts" / "vuln_placed.toml"
        text = path.read_text(encoding="utf-8").replace('"domain:OU=Serveurs,OU=DSI"', ", ".join(map(repr, places)))
        path.write_text(text.replace('"computers", "objects"', needs), encoding="utf-8")
        return load_rules(folder)

    return load


def never_expires(audit: Audit) -> Result:
    return next(result for result in audit.results if result.rule.id == "vuln_never_expires")


def told(gaps: tuple[Gap, ...]) -> list[tuple[str, str, int, tuple[str, ...]]]:
    return [(g.table, g.column, g.count, g.examples) for g in gaps]


def test_examples_are_the_first_three_dns_each_told_once(judged: Judge) -> None:
    dns = ["CN=d", "CN=b", "CN=a", "CN=c", "CN=a", None]
    rows = [gap("users", "*", dn=dn, detail=str(number)) for number, dn in enumerate(dns)]
    assert told(never_expires(judged(*rows)).gaps) == [("users", "*", 6, ("CN=a", "CN=b", "CN=c"))]


def test_gaps_are_told_in_the_order_of_their_facts_those_that_matter_most_first(judged: Judge) -> None:
    columns = ("password_last_set_at", "password_never_expires", "admin_count", "is_enabled")
    gaps = never_expires(judged(account(1), *(gap("users", column) for column in columns))).gaps
    assert [g.column for g in gaps] == ["is_enabled", "password_never_expires", "admin_count", "password_last_set_at"]


def test_what_is_missing_of_an_object_counts_where_the_rule_examines_it(judged: Judge) -> None:
    def system_missing(object_id: int) -> Status:
        return placed(
            judged(PARTITIONS, server("new"), gap("computers", "operating_system", object_id=object_id))
        ).status

    assert system_missing(1) is Status.NOT_ASSESSED
    assert system_missing(0) is Status.COMPLIANT


@pytest.mark.parametrize(
    ("dn", "status"),
    [
        ("CN=x,OU=Serveurs,OU=DSI,DC=ehpad,DC=chu,DC=example", Status.NOT_ASSESSED),
        ("DC=ehpad,DC=chu,DC=example", Status.NOT_ASSESSED),
        ("OU=Soins,DC=ehpad,DC=chu,DC=example", Status.COMPLIANT),
    ],
)
def test_a_dn_is_placed_in_every_naming_context_that_holds_it(judged: Judge, dn: str, status: Status) -> None:
    context = {"partitions": [*PARTITIONS["partitions"], *CHILD["partitions"]]}
    assert placed(judged(context, gap("computers", "*", dn=dn))).status is status


def test_a_naming_context_that_was_not_read_counts_where_a_place_is_in_one_of_its_kind(
    judged: Judge, placed_at: Callable[..., RuleBook]
) -> None:
    unread = gap("objects", "*", detail="configuration", status="not_attempted", reason="not_in_source")
    for places, status in (
        (("configuration:CN=Sites",), Status.NOT_ASSESSED),
        (("domain:", "configuration:"), Status.NOT_ASSESSED),
        (("domain:", "schema:"), Status.COMPLIANT),
        ((), Status.COMPLIANT),
    ):
        assert placed(judged(PARTITIONS, unread, rules=placed_at(*places))).status is status


def test_one_of_several_places_is_enough(judged: Judge, placed_at: Callable[..., RuleBook]) -> None:
    rules = placed_at("schema:", "configuration:CN=Sites", "domain:OU=Soins")
    for dn, status in (
        ("CN=Paris,CN=Sites,CN=Configuration,DC=chu,DC=example", Status.NOT_ASSESSED),
        ("OU=Soins,DC=chu,DC=example", Status.NOT_ASSESSED),
        ("OU=Serveurs,OU=DSI,DC=chu,DC=example", Status.COMPLIANT),
    ):
        assert placed(judged(PARTITIONS, gap("computers", "*", dn=dn), rules=rules)).status is status


def test_what_nobody_sees_counts_at_a_place_beside_that_of_its_whole_naming_context(
    judged: Judge, placed_at: Callable[..., RuleBook]
) -> None:
    hidden = gap("objects", "*", dn="CN=secret,OU=Soins,DC=chu,DC=example", **HIDDEN)
    assert placed(judged(PARTITIONS, hidden, rules=placed_at("domain:"))).status is Status.COMPLIANT
    assert (
        placed(judged(PARTITIONS, hidden, rules=placed_at("domain:", "domain:OU=Soins"))).status is Status.NOT_ASSESSED
    )


def test_gaps_of_computed_tables_count_wherever_their_objects_are(
    judged: Judge, placed_at: Callable[..., RuleBook]
) -> None:
    elsewhere = gap("nested_groups", "*", dn="OU=Soins,DC=chu,DC=example")
    rules = placed_at("domain:OU=DSI", needs='"computers", "objects", "nested_groups"')
    assert placed(judged(PARTITIONS, elsewhere, rules=rules)).status is Status.NOT_ASSESSED


def test_everything_that_was_not_collected_is_told_whatever_reads_it(judged: Judge) -> None:
    hidden = [gap("objects", "*", dn=f"CN={name},DC=chu,DC=example", **HIDDEN) for name in "ab"]
    audit = judged(PARTITIONS, *hidden, gap("users", "mail", object_id=0), gap("groups", "*", status="collected"))
    assert told(tuple(g for g in audit.coverage if g.table not in COMPUTED)) == [
        ("objects", "*", 2, ("CN=a,DC=chu,DC=example", "CN=b,DC=chu,DC=example")),
        ("users", "mail", 1, ("DC=chu,DC=example",)),
    ]
