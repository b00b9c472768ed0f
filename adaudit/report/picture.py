"""The picture of the main paths: what is drawn where, in which shape, and what stands in the list beside it."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Final, NamedTuple

from adaudit.graph.answers.told import Drawn
from adaudit.report.figure import Arrow, Dot, figure
from adaudit.report.steps import Named, Proof, Steps, short
from adaudit.report.texts import Texts
from adaudit.report.values import Format

LONGEST_LABEL: Final = 26


class Look(NamedTuple):
    """``corners``: a polygon between -1 and 1, y downwards."""

    name: str
    colour: str
    corners: tuple[tuple[float, float], ...]


def _regular(sides: int, turned: float = 0.0) -> tuple[tuple[float, float], ...]:
    angles = (2 * math.pi * n / sides + math.radians(turned) for n in range(sides))
    return tuple((round(math.sin(a), 3), round(-math.cos(a), 3)) for a in angles)


LOOKS: Final = (
    Look("user", "#2f6db3", _regular(20)),
    Look("service", "#5a4fa3", _regular(5)),
    Look("computer", "#3d7a52", ((-1, -0.75), (1, -0.75), (1, 0.75), (-1, 0.75))),
    Look("group", "#b06a00", _regular(6, 30)),
    Look("policy", "#96508a", _regular(4)),
    Look("container", "#6a7480", ((-1, -0.7), (-0.2, -0.7), (0, -0.4), (1, -0.4), (1, 0.75), (-1, 0.75))),
    Look("domain", "#16324f", _regular(3)),
    Look("other", "#8a8f96", _regular(8, 22.5)),
)

_LOOK_OF: Final = {
    **dict.fromkeys(("user", "inetOrgPerson"), "user"),
    **dict.fromkeys(("managed_service_account", "msDS-ManagedServiceAccount"), "service"),
    **dict.fromkeys(("msDS-GroupManagedServiceAccount", "msDS-DelegatedManagedServiceAccount"), "service"),
    "computer": "computer",
    **dict.fromkeys(("group", "well_known", "foreign", "foreignSecurityPrincipal", "dangling", "unseen"), "group"),
    "groupPolicyContainer": "policy",
    **dict.fromkeys(("organizationalUnit", "container", "builtinDomain", "site"), "container"),
    **dict.fromkeys(("domainDNS", "domain", "trustedDomain"), "domain"),
}


@dataclass(frozen=True)
class Node:
    """``passing``: accounts whose paths pass here, in words; ``alike``: how many it stands for, in words."""

    number: int
    named: Named
    look: str
    is_goal: bool
    passing: str
    alike: str
    leaving: tuple[Proof, ...]


@dataclass(frozen=True)
class PictureView:
    """``data``: JSON for the script, safe within an element of HTML. ``image``: the figure as an address that holds
    it. ``looks``: shapes, colours and words of the types drawn."""

    nodes: tuple[Node, ...]
    edges: int
    data: str
    image: str
    alt: str
    left_out: str
    looks: tuple[tuple[Look, str], ...]


def picture_view(drawn: Drawn, steps: Steps, texts: Texts) -> PictureView:
    """The picture of what was chosen to be drawn; ``steps`` numbers the proofs."""
    number = Format(texts).number
    proofs = steps.known(drawn.edges, {thing.key: thing for thing in drawn.nodes})
    leaving: dict[str, list[Proof]] = defaultdict(list)
    for proof in proofs:
        leaving[proof.source.key].append(proof)
    nodes = []
    for place, thing in enumerate(drawn.nodes):
        passing, alike = drawn.exposed.get(thing.key, 0), drawn.alike.get(thing.key, 0)
        nodes.append(
            Node(
                number=place,
                named=steps.named(thing),
                look=_LOOK_OF.get(thing.type, "other"),
                is_goal=thing.key in drawn.goals,
                passing=texts.count("paths.passing", passing, number(passing)) if passing > alike else "",
                alike=texts.count("paths.alike", alike, number(alike)) if alike else "",
                leaving=tuple(leaving[thing.key]),
            )
        )
    used = {node.look for node in nodes}
    looks = tuple((look, texts(f"looks.{look.name}")) for look in LOOKS if look.name in used)
    left_out = drawn.left_out
    return PictureView(
        nodes=tuple(nodes),
        edges=len(proofs),
        data=_data(nodes, proofs, drawn),
        image=_image(nodes, proofs, drawn),
        alt=texts("picture.alt", nodes=number(len(nodes)), edges=number(len(proofs))),
        left_out=texts.count("picture.left_out", left_out, number(left_out)) if left_out else "",
        looks=looks,
    )


def _data(nodes: list[Node], proofs: tuple[Proof, ...], drawn: Drawn) -> str:
    """Numbers and labels: everything else is read in the list."""
    numbers = {node.named.key: node.number for node in nodes}
    told = {
        "nodes": [
            {"id": n.number, "label": _label(n), "look": n.look, "goal": n.is_goal, "at": drawn.positions[n.named.key]}
            for n in nodes
        ],
        "edges": [
            {"proof": p.number, "from": numbers[p.source.key], "to": numbers[p.target.key], "label": p.kind}
            for p in proofs
        ],
        "looks": {look.name: [look.colour, [c for corner in look.corners for c in corner]] for look in LOOKS},
    }
    text = json.dumps(told, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _image(nodes: list[Node], proofs: tuple[Proof, ...], drawn: Drawn) -> str:
    looks = {look.name: look for look in LOOKS}
    dots = [
        Dot(*drawn.positions[n.named.key], _label(n), looks[n.look].colour, looks[n.look].corners, n.is_goal)
        for n in nodes
    ]
    numbers = {node.named.key: node.number for node in nodes}
    arrows = [Arrow(numbers[p.source.key], numbers[p.target.key], p.kind, p.number) for p in proofs]
    return figure(dots, arrows)


def _label(node: Node) -> str:
    """What is written under a node: how many it stands for, else its name."""
    return short(node.alike or node.named.name, LONGEST_LABEL)
