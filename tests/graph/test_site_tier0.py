"""What a site adds to tier 0 and leaves out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.engine.site_tier0 import read_site_tier0
from adaudit.engine.source import RuleErrors
from adaudit.errors import InputError
from adaudit.graph.nodes import Nodes
from adaudit.graph.site_tier0 import site_tier0
from adaudit.schema import TABLES

DOMAIN = "S-1-5-21-1-2-3"


def identity(object_id: int, sid: str, name: str, kind: str = "group", domain_id: int = 0) -> dict[str, Any]:
    return {
        "principal_id": object_id,
        "object_id": object_id,
        "sid": sid,
        "rid": int(sid.rpartition("-")[2]),
        "name": name,
        "type": kind,
        "domain_id": domain_id,
        "dn": f"CN={name},OU=Accès,DC=chu,DC=example",
    }


IDENTITIES = [
    identity(1, f"{DOMAIN}-512", "Admins du domaine"),
    identity(2, "S-1-5-32-550", "Opérateurs d'impression"),
    identity(3, f"{DOMAIN}-1200", "Équipe sauvegarde"),
    identity(4, f"{DOMAIN}-1201", "veilleur", "user"),
    identity(5, "S-1-5-32-550", "Opérateurs d'impression", domain_id=1),
    identity(6, f"{DOMAIN}-1202", "dédoublé", "user"),
    identity(7, "S-1-5-21-4-5-6-1202", "dédoublé", "user", domain_id=1),
]


@pytest.fixture
def facts() -> Facts:
    given = {
        "domains": [
            {"domain_id": 0, "dn": "DC=chu,DC=example", "sid": DOMAIN, "is_root": True, "is_collected": True},
            {"domain_id": 1, "dn": "DC=b,DC=chu,DC=example", "sid": "S-1-5-21-4-5-6", "is_collected": True},
        ],
        "objects": [
            {"object_id": 20, "dn": "OU=Accès,DC=chu,DC=example", "object_class": "organizationalUnit"},
            *({"object_id": p["object_id"], "dn": p["dn"], "parent_id": 20} for p in IDENTITIES),
        ],
        "principals": IDENTITIES,
        "memberships": [{"member_id": 4, "group_id": 3}, {"member_id": 4, "group_id": 2}],
    }
    tables = {name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in given.items()}
    return Facts(tables | derive(tables))


def told(facts: Facts, tmp_path: Path, text: str) -> set[tuple[int | None, str, str]]:
    path = tmp_path / "tier0.toml"
    path.write_text(text, encoding="utf-8")
    rows = site_tier0(facts, Nodes(facts), read_site_tier0(path)).to_pylist()
    return {(row["principal_id"], row["layer"], row["reason"]) for row in rows if row["layer"] != "closure"}


BEFORE = {
    (1, "core", "RID 512"),
    (2, "extended", "S-1-5-32-550"),
    (5, "extended", "S-1-5-32-550"),
    (4, "member", "S-1-5-32-550"),
}


def test_a_file_without_entries_changes_nothing(facts: Facts, tmp_path: Path) -> None:
    assert told(facts, tmp_path, "") == BEFORE
    assert site_tier0(facts, Nodes(facts), read_site_tier0(tmp_path / "tier0.toml")).equals(facts.table("tier0"))


def test_a_group_that_is_added_brings_its_members(facts: Facts, tmp_path: Path) -> None:
    text = '[[add]]\nname = "équipe Sauvegarde"\nreason = "restaure les contrôleurs"\n'
    added = {(3, "site", "restaure les contrôleurs"), (4, "member", "restaure les contrôleurs")}
    assert told(facts, tmp_path, text) == BEFORE | added


def test_an_extended_group_that_is_removed_takes_its_members_along_in_every_domain(
    facts: Facts, tmp_path: Path
) -> None:
    text = '[[remove]]\nsid = "s-1-5-32-550"\nreason = "aucun serveur d\'impression"\n'
    assert told(facts, tmp_path, text) == {(1, "core", "RID 512")}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (f'[[remove]]\nsid = "{DOMAIN}-512"', "tier0.toml:1: .*core of tier 0, which cannot be removed"),
        ('[[remove]]\nname = "veilleur"', "tier0.toml:1: .*no entry of tier 0 that can be removed"),
        ('[[add]]\nname = "absent"', "tier0.toml:1: nothing is called absent"),
        ('[[add]]\nsid = "S-1-5-21-9-9-9-1"', "tier0.toml:1: no identity has the SID S-1-5-21-9-9-9-1"),
        ('[[add]]\nname = "dédoublé"', "tier0.toml:1: dédoublé is ambiguous; .*-3-1202 .*-6-1202"),
        (
            f'[[add]]\nname = "veilleur"\nreason = "r"\n\n[[remove]]\nsid = "{DOMAIN}-512"',
            "tier0.toml:5: .*core of tier 0",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_told_with_its_line(
    facts: Facts, tmp_path: Path, entry: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        told(facts, tmp_path, f'{entry}\nreason = "r"\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[add]]\nreason = "r"\n', "tier0.toml:1: add.0: needs one of sid, dn and name"),
        ('[[add]]\nsid = "S-1-1-0"\nname = "x"\nreason = "r"\n', "needs one of sid, dn and name"),
        ('[[add]]\nname = "x"\n', "missing"),
        ('[[add]]\nsid = "DOMAIN\\\\x"\nreason = "r"\n', "tier0.toml:2: "),
        ('[[ajout]]\nname = "x"\nreason = "r"\n', "unknown key"),
        ("[[add", "is not TOML"),
    ],
)
def test_a_file_that_is_not_one_is_refused(facts: Facts, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((RuleErrors, InputError), match=message):
        told(facts, tmp_path, text)
