"""The picture shows the main paths, each node once, in columns, and the same each time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.graph.answers.picture import picture
from adaudit.graph.answers.told import Drawn, Evidence, Path, Step, Thing


def thing(name: str) -> Thing:
    """Lower-case names are users, others are groups."""
    return Thing(f"guid:{name}", name, "user" if name.islower() else "group", "corp.test", f"CN={name}", None)


def path(*names: str, kind: str = "GenericAll") -> Path:
    nodes = tuple(map(thing, names))
    proof = Evidence(nodes[-1], "nTSecurityDescriptor", "", None, None)
    return Path(nodes, tuple(Step(a.key, b.key, kind, "direct", proof, None) for a, b in pairwise(nodes)))


def columns(drawn: Drawn) -> dict[str, float]:
    return {node.name: drawn.positions[node.key][0] for node in drawn.nodes}


def test_columns_go_by_the_distance_to_tier_0() -> None:
    drawn = picture([path("ann", "Helpdesk", "Servers", "Admins"), path("bob", "Servers", "Admins", kind="Owns")], {})
    assert columns(drawn) == {
        "ann": 0,
        "Helpdesk": pytest.approx(1 / 3),
        "Servers": pytest.approx(2 / 3),
        "Admins": 1,
        "bob": pytest.approx(1 / 3),
    }
    assert drawn.goals == {"guid:Admins"}


def test_accounts_with_the_same_next_steps_are_one_node() -> None:
    paths = [path(name, "Helpdesk", "Admins") for name in ("ann", "bob", "cyd")]
    drawn = picture([*paths, path("dan", "Helpdesk", "Admins", kind="MemberOf")], {}, {"guid:ann": 310})
    assert [node.name for node in drawn.nodes] == ["ann", "Helpdesk", "Admins", "dan"]
    assert drawn.alike == {"guid:ann": 312}
    assert [(step.source, step.kind) for step in drawn.edges if step.target == "guid:Helpdesk"] == [
        ("guid:ann", "GenericAll"),
        ("guid:dan", "MemberOf"),
    ]
    assert drawn.left_out == 0


def test_accounts_with_alike_steps_before_and_after_are_folded_with_them() -> None:
    paths = [path("solo", "Role", "Admins"), *(path(f"user{n}", f"host{n}", "Role", "Admins") for n in range(5))]
    drawn = picture([*paths, path("host4", "Role", "Admins")], {})
    assert {node.name for node in drawn.nodes} == {"solo", "user0", "host0", "Role", "Admins"}
    assert drawn.alike == {"guid:user0": 5, "guid:host0": 5}
    assert ("guid:user0", "guid:host0") in {(step.source, step.target) for step in drawn.edges}


def test_ends_of_paths_are_never_folded() -> None:
    assert len(picture([path("A", "dc1"), path("A", "dc2")], {}).nodes) == 3


def test_a_group_or_an_account_that_another_one_reaches_is_not_folded_with_one_that_nobody_does() -> None:
    drawn = picture([path("A", "Admins"), path("B", "Admins"), path("x", "ann", "Admins"), path("bob", "Admins")], {})
    assert {node.name for node in drawn.nodes} == {"A", "B", "x", "ann", "bob", "Admins"}
    assert drawn.alike == {}


def test_what_the_limit_leaves_out_is_counted_and_shorter_paths_still_fit() -> None:
    long = path("ann", *(f"Group{n}" for n in range(10)), "Admins")
    drawn = picture([path("bob", "Servers", "Admins"), long, path("Helpdesk", "Admins")], {}, most=5)
    assert {node.name for node in drawn.nodes} == {"bob", "Servers", "Admins", "Helpdesk"}
    assert drawn.left_out == 11


def test_two_crossed_lines_are_uncrossed() -> None:
    drawn = picture([path("A", "C", "Z"), path("B", "D", "Z"), path("D2", "D", "Z"), path("B", "C", "Z")], {})
    height = {node.name: drawn.positions[node.key][1] for node in drawn.nodes}
    order = sorted(("A", "B", "D2"), key=height.__getitem__)
    assert order[1] == "B"
    assert (height["C"] < height["D"]) == (order[0] == "A")


def test_nothing_to_draw_is_an_empty_picture() -> None:
    assert picture([], {}).nodes == ()


def test_a_container_and_its_settings_are_one_node() -> None:
    drawn = picture([path("ann", "Unit", "Unit", "Admins")], {})
    assert [(step.source, step.target) for step in drawn.edges] == [
        ("guid:ann", "guid:Unit"),
        ("guid:Unit", "guid:Admins"),
    ]


names = st.sampled_from([*"abcdefgh", *"ABCDEFGH"])
some_paths = st.lists(
    st.lists(names, min_size=1, max_size=6, unique=True).map(lambda names: path(*names, "Admins")), max_size=30
)


@given(some_paths, st.integers(2, 12))
def test_any_paths_give_a_bounded_picture_whose_edges_join_its_nodes(paths: list[Path], most: int) -> None:
    drawn = picture(paths, {"guid:a": 4}, most=most)
    keys = [node.key for node in drawn.nodes]
    assert len(keys) == len(set(keys)) <= most
    assert drawn.positions.keys() == set(keys)
    assert len(set(drawn.positions.values())) == len(keys)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in drawn.positions.values())
    assert {key for step in drawn.edges for key in (step.source, step.target)} <= set(keys)
    assert set(drawn.edges) <= {step for path in paths for step in path.edges}
    ends = {step.source for step in drawn.edges} | drawn.goals
    assert ends == set(keys)
    assert drawn == picture(paths, {"guid:a": 4}, most=most)
    for step in drawn.edges:
        nearest = max(drawn.positions[each.target][0] for each in drawn.edges if each.source == step.source)
        assert drawn.positions[step.source][0] < nearest


def test_a_thousand_nodes_are_laid_out_quickly() -> None:
    paths = [path(f"u{n}", f"Group{n % 300}", f"Role{n % 17}", "Admins") for n in range(1000)]
    drawn = picture(paths, {}, most=2000)
    assert len(drawn.nodes) > 600
