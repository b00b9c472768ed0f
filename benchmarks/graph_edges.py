"""How long the edges of descriptors take, and how the time grows: ``python benchmarks/graph_edges.py [accounts]``.

Each account has a descriptor of its own with a hundred ACEs, of which forty inherited from its OU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adaudit.derive.facts import Facts
from adaudit.graph.families.rights import rights
from adaudit.graph.graph import assemble
from adaudit.graph.nodes import Nodes

DOMAIN = "S-1-5-21-1-2-3"
ACES_PER_DESCRIPTOR, INHERITED = 100, 40
ACCOUNTS_PER_OU = 500
ACCOUNTS_PER_GROUP = 20
MEMBERSHIPS_PER_ACCOUNT = 5
GRANTS = (
    (0xF01FF, None, 2),
    (0x40000, None, 2),
    (0x20094, None, 38),
    (0x10, "e48d0154-bcf8-11d1-8702-00c04fb96050", 26),
    (0x20, "bf9679c0-0de6-11d0-a285-00aa003049e2", 6),
    (0x20, "f3a64788-5306-11d1-a9c5-0000f80367c1", 6),
    (0x20, "5b47d60f-6090-40b2-9f37-2a4de88f3063", 6),
    (0x100, "00299570-246d-11d0-a768-00aa006e0529", 8),
    (0x100, "ab721a53-1e2f-11d0-9819-00aa0040529b", 6),
)
"""Masks and object types of allow ACEs, and how many of a hundred have them."""
DENIED = 0x10040
"""To delete, as the protection from accidental deletion denies."""
SOME_DENIED = 0x100

Ids = npt.NDArray[np.int32]


def forest(accounts: int) -> dict[str, pa.Table]:
    """A domain of users in OUs and groups; an ACE in fifty denies, one in a thousand a right that takes objects."""
    random = np.random.default_rng(7)
    ous, groups = accounts // ACCOUNTS_PER_OU + 1, accounts // ACCOUNTS_PER_GROUP
    count = 1 + ous + accounts + groups
    ids = np.arange(count, dtype=np.int32)
    parent = np.zeros(count, np.int32)
    parent[1 + ous :] = 1 + (np.arange(accounts + groups) % ous)
    classes = ["domainDNS", *["organizationalUnit"] * ous, *["user"] * accounts, *["group"] * groups]
    principals = np.concatenate((ids[:1], ids[1 + ous :]))
    members = random.choice(ids[1 + ous : 1 + ous + accounts], accounts * MEMBERSHIPS_PER_ACCOUNT)
    group_ids = ids[1 + ous + accounts :]
    return {
        "domains": pa.table({"domain_id": [0], "dn": ["DC=corp,DC=test"], "sid": [DOMAIN], "object_id": [0]}),
        "objects": pa.table(
            {
                "object_id": ids,
                "dn": [f"CN={n},DC=corp,DC=test" for n in range(count)],
                "parent_id": pa.array(parent, mask=ids == 0),
                "partition_id": np.zeros(count, np.int32),
                "object_class": classes,
                "sd_id": ids,
            }
        ),
        "users": pa.table({"object_id": ids[1 + ous : 1 + ous + accounts]}),
        "organizational_units": pa.table({"object_id": ids[: 1 + ous]}),
        "principals": pa.table(
            {
                "principal_id": principals,
                "object_id": principals,
                "sid": [f"{DOMAIN}-{n + 1000}" for n in principals.tolist()],
                "type": ["group" if n > ous + accounts else "user" for n in principals.tolist()],
            }
        ),
        "memberships": pa.table({"member_id": members, "group_id": random.choice(group_ids, len(members))}),
        "security_descriptors": pa.table(
            {
                "sd_id": ids,
                "role": ["object"] * count,
                "dacl_state": ["present"] * count,
                "owner_id": np.full(count, group_ids[0]),
                "owner_sid": [f"{DOMAIN}-{group_ids[0] + 1000}"] * count,
            }
        ),
        "aces": aces(random, parent, group_ids, ous),
    }


def aces(random: np.random.Generator, parent: Ids, groups: Ids, ous: int) -> pa.Table:
    """Explicit ACEs by lot; the inherited ones of an object are the last of its OU's."""
    count = len(parent)
    shape = (count, ACES_PER_DESCRIPTOR)
    share = np.array([each for _, _, each in GRANTS]) / 100
    grant = random.choice(len(GRANTS), shape, p=share).astype(np.int8)
    trustee = random.choice(groups, shape).astype(np.int32)
    lot = random.random(shape)
    is_denied = lot < 0.02
    masks = np.array([mask for mask, _, _ in GRANTS])[grant]
    masks[is_denied] = DENIED
    masks[lot < 0.001] = SOME_DENIED
    types = np.where(is_denied & (lot >= 0.001), 1, grant)
    inherits = np.arange(count) > ous
    last = slice(ACES_PER_DESCRIPTOR - INHERITED, None)
    for table in (trustee, masks, types, is_denied):
        table[inherits, last] = table[parent[inherits], last]
    is_inherited = np.zeros(shape, bool)
    is_inherited[inherits, last] = True
    flags = np.where(is_inherited, 0x12, 0x2).astype(np.uint32)
    sids = pa.array([f"{DOMAIN}-{n + 1000}" for n in groups.tolist()])
    return pa.table(
        {
            "sd_id": np.repeat(np.arange(count, dtype=np.int32), ACES_PER_DESCRIPTOR),
            "position": np.tile(np.arange(ACES_PER_DESCRIPTOR), count),
            "is_allow": ~is_denied.ravel(),
            "flags": flags.ravel(),
            "is_inherited": is_inherited.ravel(),
            "mask": masks.ravel(),
            "object_type": pa.array([guid for _, guid, _ in GRANTS]).take(pa.array(types.ravel())),
            "trustee_id": trustee.ravel(),
            "trustee_sid": sids.take(pa.array(trustee.ravel() - groups[0])),
        }
    )


def measure(accounts: int) -> None:
    """Print edges, ACEs, seconds of processor and megabytes for that many accounts."""
    tables = forest(accounts)
    before = _most_megabytes()
    facts = Facts(tables)
    started = time.process_time()
    nodes = Nodes(facts)
    graph = assemble(nodes.count, rights(facts, nodes))
    seconds = time.process_time() - started
    print(accounts, tables["aces"].num_rows, len(graph), seconds, before, _most_megabytes())


def _most_megabytes() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        measure(int(sys.argv[2]))
        return
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    spent = []
    for size in (accounts // 10, accounts):
        command = [sys.executable, __file__, "--one", str(size)]
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout.split()
        count, rows, edges = map(int, told[:3])
        seconds, before, peak = map(float, told[3:])
        print(f"{count:,} accounts, {rows:,} ACEs: {edges:,} edges, {seconds:.1f} s, {before:.0f} to {peak:.0f} MB")
        spent.append(seconds)
    print(f"10 times the ACEs cost {spent[1] / spent[0]:.1f} times as much")


if __name__ == "__main__":
    main()
