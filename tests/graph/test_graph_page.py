"""docs/graph.md tells every kind of edge and change as the code has it."""

from __future__ import annotations

from pathlib import Path

from adaudit.graph.blocks import CHANGE_KINDS
from adaudit.graph.kinds import EDGE_KINDS, NOT_MODELLED

PAGE = (Path(__file__).parents[2] / "docs" / "graph.md").read_text(encoding="utf-8")


def rows(title: str) -> list[list[str]]:
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_tells_every_kind_of_edge_as_it_is_followed() -> None:
    yes = {True: "yes", False: "no"}
    told = {(name, followed, difficulty, known) for name, _, followed, difficulty, known in rows("Edges")}
    assert told == {
        (kind.name, yes[kind.is_traversable], kind.difficulty.name.lower(), yes[kind.is_bloodhound])
        for kind in EDGE_KINDS
    }


def test_the_page_tells_every_kind_of_change() -> None:
    assert [name.strip("`") for name, _ in rows("Changes")] == list(CHANGE_KINDS)


def test_the_page_tells_every_edge_that_is_not_modelled() -> None:
    told = {edge for _, edges in rows("Not modelled") for edge in edges.split(", ")}
    assert told == {edge for edges in NOT_MODELLED.values() for edge in edges}
