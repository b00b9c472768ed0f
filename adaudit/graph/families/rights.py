"""Edges from descriptors: what trustees and owners can do to the objects that bear them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from adaudit.derive.facts import Facts, Ids
from adaudit.graph.blocks import NONE, Block, Texts
from adaudit.graph.kinds import CODE_OF, EDGE_KINDS, Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.changes import RightsChanges
from adaudit.graph.rights.denials import Keepers, Split
from adaudit.graph.rights.owners import Owners
from adaudit.graph.rights.powers import Powers, Proofs, ranges
from adaudit.graph.rights.targets import Targets, targets_of
from adaudit.graph.tree import settings_below

LENT: Final = "denied to some of its members"
"""Detail of an edge of a group that lends a right to members to whom it is denied: there were too many to tell
apart."""

_PROOFS_AT_ONCE: Final = 2_000_000
_DIFFICULTY: Final = np.array([int(kind.difficulty) for kind in EDGE_KINDS])


def rights(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """An edge for each ACE, owner and NULL DACL that lets an identity take an object that leads somewhere.

    Deny ACEs count, whomever of the holders they hit; conditional ACEs are followed as uncertain. Control of an OU, a
    domain head or a site leads to it; a right to link policies there leads to the settings of each container below.
    Blocks hold some million edges each.
    """
    targets = targets_of(facts)
    powers = Powers(facts, targets)
    split = Split(powers, Keepers(facts))
    owners = Owners(facts)
    changes = RightsChanges(facts, targets.sd, powers.grants, powers.judge, powers.texts)
    settings = settings_below(facts, nodes)
    for proofs in powers.proofs(_PROOFS_AT_ONCE):
        standing = proofs.take(~_is_void(powers, targets, owners, proofs))
        yield _block(nodes, targets, powers, changes, settings, split.apart(standing))


def _is_void(powers: Powers, targets: Targets, owners: Owners, proofs: Proofs) -> npt.NDArray[np.bool_]:
    """Ownership, or the right to take it, that gives nothing."""
    kind = powers.kind[proofs.power]
    is_owned, is_taken = kind == CODE_OF["Owns"], kind == CODE_OF["WriteOwner"]
    void: npt.NDArray[np.bool_] = is_taken & owners.keep_nothing(powers.grants.sd[proofs.grant])
    if owners.is_blocked:
        is_computer = targets.is_computer[proofs.target]
        void |= is_computer & (is_taken | (is_owned & ~owners.are_exempt(powers.grants.principal[proofs.grant])))
    return void


def _block(
    nodes: Nodes,
    targets: Targets,
    powers: Powers,
    changes: RightsChanges,
    settings: tuple[Ids, Ids],
    proofs: Proofs,
) -> Block:
    own = targets.object_id[proofs.target]
    change, told = changes.of(proofs.grant, own, proofs.is_part)
    texts = Texts(changes.texts)
    lent = texts.code(LENT)
    grants = powers.grants
    is_conditional = grants.is_conditional[proofs.grant]
    kind = powers.kind[proofs.power]
    proof, target = _led_to(nodes, powers, settings, proofs.power, own)
    columns = {
        "kind": kind,
        "source": nodes.of_principals(proofs.principal),
        "difficulty": np.where(is_conditional, int(Difficulty.UNCERTAIN), _DIFFICULTY[kind]),
        "bearer": own,
        "attribute": powers.attribute[proofs.power],
        "sd_id": grants.sd[proofs.grant],
        "position": grants.position[proofs.grant],
        "detail": np.where(proofs.is_lent, lent, NONE),
        "change": change,
    }
    rows = {name: values[proof] for name, values in columns.items()}
    return Block(**rows, target=target, changes=told, texts=texts.known())


def _led_to(nodes: Nodes, powers: Powers, settings: tuple[Ids, Ids], power: Ids, bearer: Ids) -> tuple[Ids, Ids]:
    """Rows of proofs with the nodes that each leads to: the object, or the settings below it."""
    containers, below = settings
    to_settings = np.nonzero(powers.is_over_settings[power])[0]
    to_object = np.nonzero(~powers.is_over_settings[power])[0]
    first, last = (np.searchsorted(containers, bearer[to_settings], side=side) for side in ("left", "right"))
    proof, within = ranges(last - first)
    every = np.concatenate((to_object, to_settings[proof]))
    return every, np.concatenate((nodes.of_objects(bearer[to_object]), below[first[proof] + within]))
