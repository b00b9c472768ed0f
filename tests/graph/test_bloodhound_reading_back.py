"""What a collection holds, read back from its files alone, beside the attack graph of the same snapshot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adaudit.cli.main import run
from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.graph.kinds import CODE_OF, EDGE_KINDS
from adaudit.snapshot import SnapshotTables, open_snapshot
from tests.graph.bloodhound_format import RIGHT_NAMES, TEMPLATE_BOOLEANS, check
from tests.graph.bloodhound_reader import Edge, edges, files, objects
from tests.testbed import Directory

SAMPLES = Path(__file__).parents[2] / "samples"

_EVERYTHING = ("GenericAll", "AllExtendedRights")
WIDER = {
    "ForceChangePassword": ("AllExtendedRights",),
    "ReadLAPSPassword": _EVERYTHING,
    "Enroll": _EVERYTHING,
    "GetChanges": _EVERYTHING,
    "GetChangesAll": _EVERYTHING,
}
"""Rights that BloodHound takes for a narrower one."""


class Case(NamedTuple):
    """A snapshot, its collection, and the edges of its graph under the identifiers of BloodHound."""

    snapshot: Path
    archive: Path
    told: set[Edge]
    graph: dict[Edge, dict[str, Any]]
    facts: Facts


@pytest.fixture(scope="module", params=["chu-valmorand", "hl-troisormes", "samba"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("bloodhound")
    snapshot = SAMPLES / f"{request.param}.adsnap"
    if request.param == "samba":
        snapshot = folder / "collected.adsnap"
        collect(request.getfixturevalue("samba_scenario"), snapshot)
    archive = folder / "collection.zip"
    assert run(["export", "bloodhound", str(snapshot), "-o", str(archive)]) == 0
    with open_snapshot(snapshot) as opened:
        tables = dict(SnapshotTables(opened))
    facts = Facts({**tables, **derive(tables)})
    return Case(snapshot, archive, edges(archive), dict(graph_edges(facts)), facts)


def collect(directory: Directory, destination: Path) -> None:
    command = [sys.executable, "-m", "adaudit", "collect", "--server", directory.ip, "--user", directory.auditor.user]
    subprocess.run(
        [*command, "--ca-file", str(directory.ca_file), "-o", str(destination)],
        env={**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password},
        check=True,
    )


def graph_edges(facts: Facts) -> Iterator[tuple[Edge, dict[str, Any]]]:
    """Edges of the graph with the row that proves each. BloodHound has no node for the settings of a container: what
    leads to them leads to the container that bears the link or the descriptor."""
    analysis = Analysis(facts)
    names = list(identifiers(facts, analysis))
    is_settings = analysis.nodes.table(facts)["aspect"].is_valid().to_pylist()
    for row in analysis.graph.edges_table().to_pylist():
        target = row["target_id"]
        if is_settings[target]:
            target = analysis.nodes.of_object(row["object_id"])
        yield Edge(row["kind"], names[row["source_id"]], names[target]), row


def identifiers(facts: Facts, analysis: Analysis) -> Iterator[str]:
    """By the page of the format, node by node: SID, with the domain before a well-known one, else GUID."""
    guids = dict(facts.rows("objects", "object_id", "guid"))
    heads = {domain.object_id: domain.sid for domain in facts.domains}
    fqdn = {domain.domain_id: (domain.dns_name or "").upper() for domain in facts.domains}
    (root,) = (domain.domain_id for domain in facts.domains if domain.is_root)
    for row in analysis.nodes.table(facts).to_pylist():
        principal = facts.principals.get(row["principal_id"])
        sid = principal.sid if principal else heads.get(row["object_id"])
        if sid is None:
            yield (guids.get(row["object_id"]) or "").upper()
        elif sid.startswith("S-1-5-21-"):
            yield sid
        else:
            home = principal.domain_id if principal else None
            yield f"{fqdn[root if home is None else home]}-{sid}"


def of_kind(case: Case, kind: str) -> set[Edge]:
    return {edge for edge in case.told if edge.kind == kind}


def drawn(case: Case, kind: str) -> set[Edge]:
    """Edges of the graph that an attribute or descriptor shows."""
    return {edge for edge, row in case.graph.items() if edge.kind == kind and row["attribute"] != "implicit"}


def test_every_file_is_as_the_format_has_it(case: Case) -> None:
    seen = set()
    for _, content in files(case.archive):
        check(content)
        seen.add(content["meta"]["type"])
    assert len(seen) == 13


def test_identifiers_and_names_tell_objects_apart(case: Case) -> None:
    every = [each["ObjectIdentifier"] for data in objects(case.archive).values() for each in data]
    assert len(every) == len(set(every))


def test_memberships_are_those_of_the_graph(case: Case) -> None:
    """Members known by their DN alone have no identifier: they are counted and left out."""
    direct = {edge for edge in drawn(case, "MemberOf") if edge.source}
    assert direct
    assert direct - of_kind(case, "MemberOf") == set()


@pytest.mark.parametrize(
    "kind",
    [
        *("AllowedToAct", "AllowedToDelegate", "ReadGMSAPassword", "DumpSMSAPassword", "CoerceToTGT", "GPLink"),
        *("DCFor", "HasSIDHistory", "SQLAdmin", "PublishedTo", "HostsCAService", "OIDGroupLink"),
    ],
)
def test_every_edge_of_one_attribute_is_there(case: Case, kind: str) -> None:
    assert drawn(case, kind) - of_kind(case, kind) == set()


def test_every_right_of_the_graph_is_an_ace(case: Case) -> None:
    """Deny ACEs take rights away in the graph only, so that BloodHound is told at least as much.

    Sites have no type there. Rights over AdminSDHolder count in the graph as over the accounts and groups that get
    them; BloodHound knows no right to write to a container, and no extended right over a group. It derives narrow
    rights from wider ones itself.
    """
    types = {each["ObjectIdentifier"]: type_ for type_, data in objects(case.archive).items() for each in data}
    rights = RIGHT_NAMES & {kind.name for kind in EDGE_KINDS}
    missing = {
        edge
        for edge in case.graph
        if edge.kind in rights and edge.target in types and edge not in case.told
        if types[edge.target] != "containers" or edge.kind in ("Owns", "GenericAll", "WriteDacl", "WriteOwner")
        if types[edge.target] != "groups" or edge.kind not in ("AllExtendedRights", "ForceChangePassword")
        if not any(edge._replace(kind=wider) in case.told for wider in WIDER.get(edge.kind, ()))
    }
    assert missing == set()
    assert len(rights & {edge.kind for edge in case.graph}) > 8


def test_everything_lies_where_the_tree_has_it(case: Case) -> None:
    parents = dict(case.facts.rows("objects", "object_id", "parent_id"))
    dns = dict(case.facts.rows("objects", "object_id", "dn"))
    names = {(dn or "").upper(): object_id for object_id, dn in dns.items()}
    found = {
        each["ObjectIdentifier"]: names[each["Properties"]["distinguishedname"]]
        for data in objects(case.archive).values()
        for each in data
        if "distinguishedname" in each["Properties"]
    }
    contained = {edge.target: edge.source for edge in of_kind(case, "Contains")}
    for identifier, object_id in found.items():
        above = contained.get(identifier)
        assert (None if above is None else found[above]) == (parents[object_id] if above else None)
    heads = {domain.sid for domain in case.facts.domains}
    assert {identifier for identifier in found if identifier not in contained} <= heads


def test_templates_have_every_boolean(case: Case) -> None:
    for template in objects(case.archive)["certtemplates"]:
        assert all(isinstance(template["Properties"][name], bool) for name in TEMPLATE_BOOLEANS)


def test_what_is_left_out_is_counted_by_kind(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "bloodhound", str(case.snapshot), "-o", str(case.archive), "--overwrite", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = Analysis(case.facts).graph.edges_table()["kind"].to_pylist()
    lacking = {kind: rows.count(kind) for kind in set(rows) if not EDGE_KINDS[CODE_OF[kind]].is_bloodhound}
    assert told["left_out"]["edges"] == lacking
    assert told["objects"] == {type_: len(data) for type_, data in objects(case.archive).items()}


def test_the_command_replaces_a_file_on_request_only(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "bloodhound", str(case.snapshot), "-o", str(case.archive)]) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_a_snapshot_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "x.adsnap").write_bytes(b"PK")
    assert run(["export", "bloodhound", str(tmp_path / "x.adsnap"), "-o", str(tmp_path / "x.zip")]) == 4
    assert not (tmp_path / "x.zip").exists()
