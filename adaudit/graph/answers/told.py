"""What the graph tells, with names in place of numbers: for reports, files and notebooks.

Names are those of the directory, as read: whoever shows them masks and escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Thing:
    """A node. ``key``: ``guid:…``, else ``sid:…``, else ``dn:…``, as in findings.json; the settings of a container bear
    the key of the container. ``type``: class of the object, or type of the identity."""

    key: str
    name: str
    type: str
    domain: str
    dn: str | None
    sid: str | None


@dataclass(frozen=True)
class Ace:
    """The ACE that proves an edge. ``position``: 0-based place in the DACL. ``sddl``: the ACE as SDDL text. ``origin``:
    object that bears it explicitly, when it is inherited and that object was found."""

    position: int
    sddl: str
    is_inherited: bool
    origin: Thing | None


@dataclass(frozen=True)
class Evidence:
    """``object`` bears the attribute or descriptor. ``attribute``: attribute, right or setting; ``detail``: its value.
    ``owner``: SID of the owner, when that is the proof."""

    object: Thing
    attribute: str
    detail: str
    ace: Ace | None
    owner: str | None


@dataclass(frozen=True)
class Step:
    """An edge of a path. ``source``, ``target``: keys. ``change``: number of the change that removes it, in ``changes``
    of what holds the step; None when no administrator can remove it."""

    source: str
    target: str
    kind: str
    difficulty: str
    evidence: Evidence
    change: int | None


@dataclass(frozen=True)
class Path:
    """``nodes`` in order, one more than ``edges``; a path of length 0 starts at its goal."""

    nodes: tuple[Thing, ...]
    edges: tuple[Step, ...]

    @property
    def length(self) -> int:
        return len(self.edges)


@dataclass(frozen=True)
class Change:
    """What an administrator can do: ``kind`` as in the table ``changes``, where, to whom, to what."""

    number: int
    kind: str
    object: Thing
    principal: Thing | None
    attribute: str
    detail: str
    ace: Ace | None


@dataclass(frozen=True)
class PlanStep:
    """``gain``: accounts that no longer reach tier 0 once this and the changes before are made; ``left``: those that
    still do. ``edges``: how many edges it removes; ``examples``: some of them."""

    change: Change
    gain: int
    left: int
    edges: int
    examples: tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """Changes in order. ``least``: the fewest changes that could bring exposure to what ``steps`` bring it to when all
    are made (a minimal cut); unless ``is_least`` fewer might. ``irreducible``: accounts that keep a path that no change
    removes, ``why``: the kinds of edges that such paths are made of, with how often they occur."""

    steps: tuple[PlanStep, ...]
    least: int
    is_least: bool
    irreducible: int
    why: Mapping[str, int]


@dataclass(frozen=True)
class ChokePoint:
    """``accounts``: exposed accounts that have no other way; an upper bound unless ``is_exact``."""

    thing: Thing | None
    change: Change | None
    accounts: int
    is_exact: bool


@dataclass(frozen=True)
class EntryPoint:
    """A host or account given from outside. ``thing`` is None when nothing of that name was found; ``candidates``: the
    names it could mean; ``path``: shortest way to tier 0, None when there is none."""

    given: str
    thing: Thing | None
    candidates: tuple[str, ...]
    path: Path | None


@dataclass(frozen=True)
class Drawn:
    """What the picture shows: nodes with positions between 0 and 1 (``x`` grows towards tier 0), edges between them.
    ``left_out``: nodes that the limit left out. ``exposed``: accounts whose paths pass a node, by key.
    ``alike``: accounts that a node stands for, by key, where it is more than one."""

    nodes: tuple[Thing, ...]
    positions: Mapping[str, tuple[float, float]]
    edges: tuple[Step, ...]
    goals: frozenset[str]
    exposed: Mapping[str, int]
    alike: Mapping[str, int]
    left_out: int


@dataclass(frozen=True)
class Outlook:
    """Who can reach tier 0, and what stops it.

    ``accounts``: enabled accounts outside tier 0; ``exposed``: those of them that reach it, by kind (user, computer,
    managed_service_account); ``distances``: how many by number of steps. ``everyone_like``: identities that stand for
    everybody and reach tier 0; ``foreign``: identities of other forests that do. ``paths``: the main ones, shortest
    from each choke point or group of accounts. ``missing``: facts of coverage that may hide paths, each with its count;
    the numbers are then lower bounds. ``not_modelled``: kinds of edges that no snapshot shows, by reason.
    ``uncertain``: edges told and not followed, by kind.
    """

    accounts: int
    exposed: Mapping[str, int]
    distances: Mapping[int, int]
    everyone_like: tuple[Path, ...]
    foreign: tuple[Path, ...]
    tier0: int
    plan: Plan
    choke_points: tuple[ChokePoint, ...]
    paths: tuple[Path, ...]
    entry_points: tuple[EntryPoint, ...]
    drawn: Drawn
    changes: tuple[Change, ...]
    missing: Mapping[str, int]
    not_modelled: Mapping[str, tuple[str, ...]]
    uncertain: Mapping[str, int]

    @property
    def exposed_accounts(self) -> int:
        return sum(self.exposed.values())
