"""How long the computed tables take, and how the time grows: ``python benchmarks/derive.py [accounts]``."""

from __future__ import annotations

import sys
import time

import numpy as np
import pyarrow as pa

from adaudit.derive.computation import COMPUTATIONS
from adaudit.derive.facts import Facts
from adaudit.derive.inheritance import computed_coverage

DOMAIN = "S-1-5-21-1-2-3"
ACES_PER_DESCRIPTOR = 43
MEMBERSHIPS_PER_ACCOUNT = 10
OBJECT_TYPES = (
    None,
    None,
    "bf9679c0-0de6-11d0-a285-00aa003049e2",
    "e48d0154-bcf8-11d1-8702-00c04fb96050",
    "00299570-246d-11d0-a768-00aa006e0529",
    "5b47d60f-6090-40b2-9f37-2a4de88f3063",
    "72e39547-7b18-11d1-adef-00c04fd8d5cd",
)
MASKS = (0xF01FF, 0x20094, 0x20, 0x30, 0x10, 0x100, 0x8, 0x10000, 0x40000)
USER_CLASSES = ["top", "person", "organizationalPerson", "user"]


def forest(accounts: int, descriptors: int) -> dict[str, pa.Table]:
    """A domain with nested groups, and descriptors of which one ACE in twenty denies."""
    random = np.random.default_rng(7)
    groups = max(accounts // 10, 20)
    count = accounts + groups + 2
    rids = np.arange(count) + 1000
    rids[accounts] = 512
    sids = [f"{DOMAIN}-{rid}" for rid in rids]
    sids[-2:] = ["S-1-1-0", "S-1-5-11"]
    ids = np.arange(count, dtype=np.int32)
    users, group_ids = ids[:accounts], ids[accounts:-2]
    pairs = accounts * MEMBERSHIPS_PER_ACCOUNT
    nested = group_ids[2:]
    admins = np.concatenate((random.choice(users, 50), group_ids[-1:]))
    aces = descriptors * ACES_PER_DESCRIPTOR
    trustees = random.choice(ids[accounts:], aces)
    is_allow = random.random(aces) > 0.05
    return {
        "domains": pa.table(
            {
                "domain_id": pa.array([0], pa.int32()),
                "dn": ["DC=corp,DC=test"],
                "sid": [DOMAIN],
                "is_root": [True],
                "is_collected": [True],
            }
        ),
        "principals": pa.table(
            {
                "principal_id": ids,
                "sid": sids,
                "rid": rids,
                "domain_id": np.zeros(count, np.int32),
                "object_id": ids,
                "type": ["user"] * accounts + ["group"] * groups + ["well_known"] * 2,
            }
        ),
        "users": pa.table({"object_id": users, "principal_id": users, "domain_id": np.zeros(accounts, np.int32)}),
        "memberships": pa.table(
            {
                "member_id": np.concatenate((random.choice(users, pairs), nested, admins)),
                "group_id": np.concatenate(
                    (random.choice(group_ids[1:], pairs), (nested + accounts + 1) // 2, np.full(51, accounts))
                ),
            }
        ),
        "objects": pa.table(
            {
                "object_id": ids,
                "dn": [f"CN={n},OU=Site,DC=corp,DC=test" for n in range(count)],
                "object_class": ["user"] * accounts + ["group"] * (groups + 2),
                "object_classes": [USER_CLASSES] * accounts + [["top", "group"]] * (groups + 2),
                "sd_id": random.integers(0, descriptors, count, dtype=np.int32),
            }
        ),
        "security_descriptors": pa.table(
            {
                "sd_id": np.arange(descriptors, dtype=np.int32),
                "role": ["object"] * descriptors,
                "dacl_state": ["present"] * descriptors,
                "owner_id": np.full(descriptors, accounts, np.int32),
                "owner_sid": [sids[accounts]] * descriptors,
            }
        ),
        "aces": pa.table(
            {
                "sd_id": np.repeat(np.arange(descriptors, dtype=np.int32), ACES_PER_DESCRIPTOR),
                "position": np.tile(np.arange(ACES_PER_DESCRIPTOR), descriptors),
                "is_allow": is_allow,
                "mask": np.where(is_allow, random.choice(MASKS, aces), 0x10000),
                "object_type": pa.array(OBJECT_TYPES).take(pa.array(random.integers(0, len(OBJECT_TYPES), aces))),
                "trustee_id": trustees,
                "trustee_sid": pa.array(sids).take(pa.array(trustees)),
            }
        ),
    }


def measure(accounts: int, descriptors: int) -> float:
    """Seconds of processor for every computed table, printed one by one."""
    facts = Facts(forest(accounts, descriptors))
    total = 0.0
    print(f"{accounts:,} accounts, {descriptors:,} descriptors")
    for computation in COMPUTATIONS:
        started = time.process_time()
        table = computation(facts)
        seconds = time.process_time() - started
        facts.add(computation.__name__, table)
        total += seconds
        print(f"  {computation.__name__:24}{table.num_rows:>12,} rows {seconds:8.2f} s")
    started = time.process_time()
    computed_coverage(facts)
    total += time.process_time() - started
    print(f"  {'all':24}{'':17} {total:8.2f} s")
    return total


def main() -> None:
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    small, large = measure(accounts // 10, accounts // 25), measure(accounts, accounts * 2 // 5)
    print(f"10 times the objects costs {large / small:.1f} times as much")


if __name__ == "__main__":
    main()
