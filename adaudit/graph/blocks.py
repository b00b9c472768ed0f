"""Edges as families tell them: arrays of one length, each edge with its proof and with the change that removes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adaudit.graph.kinds import CODE_OF, EDGE_KINDS, Difficulty

Ids = npt.NDArray[np.int64]
"""Row numbers or codes; -1 stands for none."""

NONE: Final = -1


class Change(NamedTuple):
    """What an administrator can do: where, to whom, to what. ``kind`` is one of ``CHANGE_KINDS``."""

    kind: str
    object_id: int
    principal_id: int = NONE
    attribute: str = ""
    sd_id: int = NONE
    position: int = NONE
    detail: str = ""


CHANGE_KINDS: Final = (
    "remove_ace",  # from the descriptor of the object: sd_id, position; principal: trustee
    "set_owner",  # of the object, to Domain Admins; principal: owner
    "remove_member",  # principal from the group (object)
    "change_primary_group",  # of the account (object); principal: group
    "remove_delegation_target",  # detail: SPNs of one service, from msDS-AllowedToDelegateTo of the object
    "remove_unconstrained_delegation",  # userAccountControl of the object
    "remove_rbcd_trustee",  # principal, from msDS-AllowedToActOnBehalfOfOtherIdentity of the object
    "remove_sid_history",  # detail: SID, from the object
    "remove_password_reader",  # principal, from msDS-GroupMSAMembership of the object
    "remove_host_service_account",  # principal: computer, of the standalone managed service account (object)
    "remove_gpo_link",  # principal: none; detail: DN of the GPO; object: container
    "remove_policy_setting",  # of the GPO (object); attribute: section and name; principal: whom it favours
    "restrict_file",  # of SYSVOL; object: GPO; detail: path; principal: trustee
    "delete_policy_secret",  # object: GPO; detail: file
    "change_template",  # object: certificate template; attribute: what to set
    "remove_group_link",  # msDS-OIDToGroupLink of the object
    "filter_sids",  # on the trust (object)
    "forbid_tgt_delegation",  # on the trust (object)
    "clear_managed_by",  # of the object; principal: manager
    "restrict_password_caching",  # msDS-RevealOnDemandGroup or -NeverRevealGroup of the RODC (object)
    "disable_account",  # the account (object)
    "remove_succession",  # principal: account that the delegated managed service account (object) takes the place of
    "move_service",  # SQL Server of the computer (principal), from the account (object) to one of its own
    "remove_local_member",  # principal, from the local group (attribute: its SID) of the computer (object)
    "delete_duplicate",  # the object, which bears the SID of the principal
)
"""Every kind of change; its place is its code."""

CHANGE_CODE: Final = {name: code for code, name in enumerate(CHANGE_KINDS)}


class Edge(NamedTuple):
    """One edge told by hand. ``bearer``: object that shows it. ``difficulty``: when it is not that of its kind."""

    kind: str
    source: int
    target: int
    bearer: int
    attribute: str
    change: Change | None = None
    sd_id: int = NONE
    position: int = NONE
    detail: str = ""
    difficulty: Difficulty | None = None


@dataclass(frozen=True)
class Changes:
    """Changes as arrays; ``attribute`` and ``detail`` are codes in ``texts`` of the block or graph."""

    kind: Ids
    object_id: Ids
    principal_id: Ids
    attribute: Ids
    sd_id: Ids
    position: Ids
    detail: Ids

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, index: Ids) -> Changes:
        return Changes(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


@dataclass(frozen=True)
class Block:
    """Edges as arrays. ``kind``: code in ``EDGE_KINDS``; ``attribute`` and ``detail``: codes in ``texts``;
    ``change``: row of ``changes``."""

    kind: Ids
    source: Ids
    target: Ids
    difficulty: Ids
    bearer: Ids
    attribute: Ids
    sd_id: Ids
    position: Ids
    detail: Ids
    change: Ids
    changes: Changes
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.kind)


class Texts:
    """Texts as small numbers; the empty text is ``NONE``."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._codes: dict[str, int] = {}
        for text in known:
            self.code(text)

    def code(self, text: str) -> int:
        return self._codes.setdefault(text, len(self._codes)) if text else NONE

    def known(self) -> tuple[str, ...]:
        return tuple(self._codes)


def no_changes() -> Changes:
    return Changes(*(np.zeros(0, np.int64) for _ in fields(Changes)))


def block_of(edges: Iterable[Edge]) -> Block:
    """A block of edges told by hand; edges whose source or target is ``NONE``, or is the other, are dropped.

    Families that tell more than some ten thousand edges build their arrays themselves: ``block``.
    """
    return _coded(e for e in edges if NONE not in (e.source, e.target) and e.source != e.target)


def fanned(edge: Edge, targets: Ids) -> Block:
    """The same edge, with its one change, to each of many nodes; its own ``target`` does not count."""
    one = _coded([edge])
    columns = {f.name: np.repeat(getattr(one, f.name), len(targets)) for f in fields(Block)[:-2]}
    return Block(**{**columns, "target": targets}, changes=one.changes, texts=one.texts)


def _coded(edges: Iterable[Edge]) -> Block:
    texts = Texts()
    changes: dict[Change, int] = {}
    rows = []
    for edge in edges:
        change = NONE if edge.change is None else changes.setdefault(edge.change, len(changes))
        kind = CODE_OF[edge.kind]
        difficulty = EDGE_KINDS[kind].difficulty if edge.difficulty is None else edge.difficulty
        attribute, detail = texts.code(edge.attribute), texts.code(edge.detail)
        place = (edge.source, edge.target, difficulty, edge.bearer)
        rows.append((kind, *place, attribute, edge.sd_id, edge.position, detail, change))
    told = [
        (CHANGE_CODE[c.kind], *c[1:3], texts.code(c.attribute), c.sd_id, c.position, texts.code(c.detail))
        for c in changes
    ]
    columns, change_columns = (np.array(each, np.int64).reshape(-1, width).T for each, width in ((rows, 10), (told, 7)))
    named = dict(zip((f.name for f in fields(Block)), columns, strict=False))
    return Block(**named, changes=Changes(*change_columns), texts=texts.known())


def block(
    kind: str,
    source: Ids,
    target: Ids,
    *,
    bearer: Ids | int,
    attribute: str,
    detail: str = "",
    change: Ids | None = None,
    changes: Changes | None = None,
    texts: Sequence[str] = (),
) -> Block:
    """Many edges of one kind with one attribute. ``texts``: what ``changes`` is coded in."""
    known = Texts(texts)
    attribute_code, detail_code = known.code(attribute), known.code(detail)
    code = CODE_OF[kind]

    def whole(value: Ids | int) -> Ids:
        return np.broadcast_to(np.asarray(value, np.int64), source.shape)

    return Block(
        kind=whole(code),
        source=source,
        target=target,
        difficulty=whole(int(EDGE_KINDS[code].difficulty)),
        bearer=whole(bearer),
        attribute=whole(attribute_code),
        sd_id=whole(NONE),
        position=whole(NONE),
        detail=whole(detail_code),
        change=whole(NONE) if change is None else change,
        changes=no_changes() if changes is None else changes,
        texts=known.known(),
    )
