"""Who may write what: the attack graph and the domain controller, which judges each access itself, say the same."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from adaudit.graph.kinds import EDGE_KINDS
from tests import testbed
from tests.system.drawn import Drawn, drawn
from tests.testbed import Directory
from tests.testbed.requirements import SYSTEM_PYTHON

pytestmark = pytest.mark.samba

PUBLIC = {"WritePublicInformation"}
ON_ACCOUNTS = {
    "msDS-KeyCredentialLink": {"AddKeyCredentialLink"},
    "altSecurityIdentities": {"WriteAltSecurityIdentities"} | PUBLIC,
}
ON_ALL = {"DACL": {"WriteDacl", "Owns", "NullDacl"}, "owner": {"WriteOwner"}}
ATTRIBUTES = {
    "user": {
        **ON_ACCOUNTS,
        "servicePrincipalName": {"WriteSPN"} | PUBLIC,
        "scriptPath": {"WriteScriptPath"},
        "profilePath": {"WriteProfilePath"},
    },
    "computer": ON_ACCOUNTS,
    "msDS-GroupManagedServiceAccount": {**ON_ACCOUNTS, "msDS-GroupMSAMembership": {"WriteMsDSGroupMSAMembership"}},
    "group": {"member": {"AddMember"}},
    "organizationalUnit": {"gPLink": {"WriteGPLink"}},
    "domainDNS": {"gPLink": {"WriteGPLink"}},
    "site": {"gPLink": {"WriteGPLink"}},
    "groupPolicyContainer": {"gPCFileSysPath": {"WriteGPCFileSysPath"}},
    "pKICertificateTemplate": {
        "msPKI-Certificate-Name-Flag": {"WritePKINameFlag"},
        "msPKI-Enrollment-Flag": {"WritePKIEnrollmentFlag"},
    },
    "pKIEnrollmentService": {"cACertificate": set[str]()},
    "certificationAuthority": {"cACertificate": set[str]()},
    "msPKI-Enterprise-Oid": {"msDS-OIDToGroupLink": set[str]()},
}
"""By class, what is written and the edges that say so beside GenericAll and, of attributes, GenericWrite."""

UNKNOWN_TO_SAMBA = {
    ("CN=possede-limite,OU=Personnel,DC=corp,DC=test", "CN=adm-limite,OU=Administration SI,DC=corp,DC=test", "DACL")
}
"""Samba 4.17 gives owners their implicit rights in spite of ACEs for OWNER RIGHTS (MS-DTYP 2.5.3.2)."""

Right = tuple[str, str, str]
"""Who, what object (both by DN), what is written."""


@pytest.fixture(scope="module")
def planted(samba_paths: Directory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    with drawn(samba_paths, "auditor", tmp_path_factory.mktemp("rights")) as found:
        yield found


def test_the_graph_and_the_controller_agree_on_who_may_write_what(planted: Drawn, samba_paths: Directory) -> None:
    accounts, objects = accounts_of(planted), objects_of(planted)
    granted = by_the_controller(samba_paths, accounts, objects) - UNKNOWN_TO_SAMBA
    told = by_the_graph(planted, accounts, objects)
    assert len(granted) > 1000
    assert sorted(granted - told) == [], "granted and not drawn"
    assert sorted(told - granted) == [], "drawn and not granted"


def accounts_of(here: Drawn) -> dict[str, int]:
    """Nodes of the accounts for which a way was planted or not, and of an administrator, by DN."""
    asked = {route.source for route in here.scenario.routes} | {*here.scenario.no_routes, "Administrator"}
    nodes = {here.node(name) for name in asked} & set(here.analysis.sources.accounts.tolist())
    return {dn: node for dn, node, _ in named(here) if node in nodes}


def objects_of(here: Drawn) -> dict[str, tuple[int, str]]:
    """Nodes and classes of the objects that the graph tells the rights of, by DN."""
    heads = {domain.object_id for domain in here.analysis.facts.domains}
    domains = set(here.analysis.nodes.of_objects(np.array(sorted(heads), np.int64)).tolist())
    return {
        dn: (node, kind)
        for dn, node, kind in named(here)
        if kind in ATTRIBUTES and (kind != "domainDNS" or node in domains)
    }


def named(here: Drawn) -> Iterator[tuple[str, int, str]]:
    for object_id, dn, kind, is_deleted in here.analysis.facts.rows(
        "objects", "object_id", "dn", "object_class", "is_deleted"
    ):
        if not is_deleted:
            yield dn, here.analysis.nodes.of_object(object_id), kind


def by_the_controller(
    directory: Directory, accounts: dict[str, int], objects: dict[str, tuple[int, str]]
) -> set[Right]:
    attributes = {name for asked in ATTRIBUTES.values() for name in asked}
    done = subprocess.run(
        [
            SYSTEM_PYTHON,
            Path(testbed.__file__).with_name("effective.py"),
            directory.config,
            directory.folder / "private/sam.ldb",
        ],
        input=json.dumps({"accounts": list(accounts), "objects": list(objects), "attributes": list(attributes)}),
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        (who, dn, what) for who, dn, what in json.loads(done.stdout) if who != dn and what in asked_of(objects[dn][1])
    }


def asked_of(kind: str) -> dict[str, set[str]]:
    """Edges that let their source write, by what is written on an object of that class."""
    written = {name: edges | {"GenericAll", "GenericWrite"} for name, edges in ATTRIBUTES[kind].items()}
    return {**written, **{name: edges | {"GenericAll"} for name, edges in ON_ALL.items()}}


def by_the_graph(here: Drawn, accounts: dict[str, int], objects: dict[str, tuple[int, str]]) -> set[Right]:
    graph, nodes = here.analysis.graph, here.analysis.nodes
    names = [EDGE_KINDS[code].name for code in graph.kind.tolist()]
    groups: defaultdict[int, set[int]] = defaultdict(set)
    rights: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for source, target, name in zip(graph.source.tolist(), graph.target.tolist(), names, strict=True):
        (groups[source].add(target) if name == "MemberOf" else rights[source, target].add(name))
    found = set()
    for who, node in accounts.items():
        token = closure(node, groups)
        for dn, (target, kind) in objects.items():
            ends = (target, nodes.settings_of(int(nodes.object_id[target])))
            held = set[str]().union(*(rights.get((each, end), ()) for each in token for end in ends))
            found |= {(who, dn, what) for what, edges in asked_of(kind).items() if held & edges and who != dn}
    return found


def closure(node: int, groups: Mapping[int, set[int]]) -> set[int]:
    """A node with all that it is a member of."""
    found, waiting = {node}, [node]
    while waiting:
        new = groups.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
