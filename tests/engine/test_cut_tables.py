from __future__ import annotations

from collections.abc import Callable

import pytest

from adaudit.derive import bounds
from adaudit.engine import load_rules
from adaudit.engine.model import Audit, Status
from tests.engine.conftest import Rows

RULES = ("ext_everyone_in_privileged_group", "vuln_dnsadmins", "vuln_group_loop", "vuln_privileged_members_perm")
"""Rules that read nested_groups, themselves or through a view."""

PRIVILEGED = {
    **{rid: f"S-1-5-32-{rid}" for rid in (544, 548, 549, 550, 551)},
    **{rid: f"S-1-5-21-1-2-3-{rid}" for rid in (512, 516, 518, 519)},
}


def groups(length: int, loop: tuple[int, ...] = ()) -> Rows:
    """The privileged groups, and a chain of others, each in the next; those of ``loop`` in a ring of their own."""
    chain = [f"S-1-5-21-1-2-3-{10_000 + n}" for n in range(length + len(loop))]
    ids = dict(enumerate((*PRIVILEGED.values(), *chain), start=1))
    first = len(PRIVILEGED) + 1
    ring = range(first + length, first + length + len(loop))
    pairs = [(n, n + 1) for n in range(first, first + length - 1)]
    pairs += [(n, ring[place - 1]) for place, n in enumerate(ring)]
    dns = {n: f"CN=groupe{n},DC=chu,DC=example" for n in ids}
    return {
        "objects": [
            {"object_id": n, "guid": f"00000000-0000-0000-0000-{n:012x}", "dn": dns[n], "domain_id": 0} for n in ids
        ],
        "principals": [
            {"principal_id": n, "object_id": n, "domain_id": 0, "sid": sid, "rid": int(sid.rsplit("-", 1)[1])}
            | {"type": "group", "name": f"groupe{n}", "dn": dns[n]}
            for n, sid in ids.items()
        ],
        "groups": [{"object_id": n, "principal_id": n, "domain_id": 0, "sid": ids[n], "dn": dns[n]} for n in ids],
        "memberships": [{"member_id": member, "group_id": group, "origin": "member"} for member, group in pairs],
    }


def statuses(audit: Audit) -> dict[str, Status]:
    return {result.rule.id: result.status for result in audit.results}


def test_rules_about_nested_groups_are_not_assessed_where_the_nesting_is_cut(
    judged: Callable[..., Audit], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = load_rules(only=RULES, with_cases=False)
    monkeypatch.setattr(bounds, "MOST_ROWS", 4950)
    assert set(statuses(judged(groups(100), rules=rules)).values()) == {Status.COMPLIANT}
    cut = judged(groups(101), rules=rules)
    assert set(statuses(cut).values()) == {Status.NOT_ASSESSED}
    (told,) = {gap for result in cut.results for gap in result.gaps if gap.reason == "too_many"}
    assert (told.table, told.column, told.status, told.is_required) == ("nested_groups", "*", "truncated", True)


def test_what_is_found_beside_a_cut_chain_is_told_as_incomplete(
    judged: Callable[..., Audit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_ROWS", 4950)
    (found,) = judged(
        groups(110, loop=(0, 1, 2)), rules=load_rules(only=("vuln_group_loop",), with_cases=False)
    ).results
    assert (found.status, found.incomplete) == (Status.VIOLATIONS, True)
    assert len(found.subjects) == 3
