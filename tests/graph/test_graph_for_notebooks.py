"""A notebook gets the part of the graph that it asks for, with names."""

from __future__ import annotations

from pathlib import Path

import networkx
import pytest

from adaudit.graph.questions import Questions, ask
from adaudit.snapshot import open_snapshot

CHU = Path(__file__).parents[2] / "samples" / "chu-valmorand.adsnap"


@pytest.fixture(scope="module")
def questions() -> Questions:
    with open_snapshot(CHU) as snapshot:
        return ask(snapshot)


def test_what_lies_between_two_names_holds_the_shortest_path(questions: Questions) -> None:
    between = questions.to_networkx("pascal.querulard", "tier0")
    keys = {attributes["key"]: node for node, attributes in between.nodes(data=True)}
    [path] = questions.paths("pascal.querulard", "tier0")
    followed = networkx.DiGraph((a, b) for a, b, edge in between.edges(data=True) if edge["is_traversable"])
    ends = keys[path.nodes[0].key], keys[path.nodes[-1].key]
    assert networkx.shortest_path_length(followed, *ends) == path.length


def test_a_part_is_smaller_than_the_whole_and_bears_names(questions: Questions) -> None:
    part, whole = questions.to_networkx(target="SRV-PACS"), questions.to_networkx()
    assert 0 < len(part) < len(whole)
    assert "SRV-PACS$" in {attributes["name"] for _, attributes in part.nodes(data=True)}
