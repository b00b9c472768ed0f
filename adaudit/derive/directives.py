"""What each GPO does to the settings that GPOs of lower precedence left."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adaudit.derive.facts import Facts, in_order

ACCUMULATING: Final = {"preference", "scheduled_task", "script", "software"}
"""Kinds of which everything applies, whatever other GPOs hold."""

OVERRIDING: Final = {"registry", "security_template", "audit", "redirection"}
"""Kinds of which the last GPO to set a name wins."""

_SOFT, _DELETION = "**soft.", "**del."
_INSTRUCTION: Final = "**"

_MOST_REMOVED: Final = 1 << 24
"""Values that the instructions of all GPOs together remove, each counted whenever it is removed."""


class Key(NamedTuple):
    """What settings share when one overrides the other; ``row`` tells apart those that never do."""

    kind: str
    section: str
    name: str
    row: int = -1


class _Setting(NamedTuple):
    row: int
    gpo_id: int | None
    side: str | None
    file: str | None
    position: int | None
    kind: str | None
    section: str | None
    name: str | None
    value: str | None

    def begins(self, instruction: str) -> bool:
        """It is such an instruction of Registry.pol."""
        return self.kind == "registry" and (self.name or "").lower().startswith(instruction)


@dataclass(frozen=True)
class Policy:
    """A side of a GPO. ``removed``: keys it takes away; ``keys`` it sets, each with its row of ``gpo_settings``.

    A soft one sets only what is not there; after a deletion nothing is there, although it is told as a setting.
    """

    removed: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    is_soft: npt.NDArray[np.bool_]
    is_deletion: npt.NDArray[np.bool_]


@dataclass
class _Draft:
    removed: set[int] = field(default_factory=set)
    rows: dict[int, _Setting] = field(default_factory=dict)

    def remove(self, keys: set[int]) -> None:
        self.removed |= keys
        for key in keys & self.rows.keys():
            del self.rows[key]

    def done(self) -> Policy:
        rows = self.rows.values()
        return Policy(
            np.array(sorted(self.removed), np.int64),
            np.array(list(self.rows), np.int64),
            np.array([setting.row for setting in rows], np.int32),
            np.array([setting.begins(_SOFT) for setting in rows], np.bool_),
            np.array([setting.begins(_DELETION) for setting in rows], np.bool_),
        )


def policies(facts: Facts) -> tuple[dict[str, dict[int, Policy]], int]:
    """By side and GPO, what it does to keys, which are numbered from 0; and how many keys there are.

    Within a GPO the settings follow one another as in its files, so that its last word counts. Instructions beyond
    ``_MOST_REMOVED`` are left out, and policy_scopes is cut.
    """
    settings = _settings(facts)
    numbers: dict[Key, int] = {}
    for setting in settings:
        numbers.setdefault(_key(setting), len(numbers))
    values_of = _ValuesOf(numbers)
    allowed = _MOST_REMOVED
    drafts: dict[str, dict[int, _Draft]] = {"computer": {}, "user": {}}
    for setting in settings:
        if setting.gpo_id is not None and setting.side in drafts:
            draft = drafts[setting.side].setdefault(setting.gpo_id, _Draft())
            if setting.begins(_INSTRUCTION) and allowed >= 0:
                removed = values_of.removed_by(setting)
                allowed -= len(removed)
                draft.remove(removed)
            number = numbers[_key(setting)]
            if setting.begins(_SOFT) and number in draft.rows and draft.rows[number].begins(_DELETION):
                draft.remove({number})
            if not setting.begins(_SOFT) or number not in draft.rows:
                draft.rows[number] = setting
    if allowed < 0:
        facts.cut("policy_scopes")
    done = {side: {gpo: draft.done() for gpo, draft in by_gpo.items()} for side, by_gpo in drafts.items()}
    return done, len(numbers)


def _settings(facts: Facts) -> list[_Setting]:
    columns = ("gpo_id", "side", "file", "position", "kind", "section", "name", "value")
    rows = ((row, *values) for row, values in enumerate(facts.rows("gpo_settings", *columns)))
    known = (row for row in rows if row[5] in ACCUMULATING | OVERRIDING)
    return [_Setting(*row) for row in in_order(known, 3, 4)]


def _key(setting: _Setting) -> Key:
    """Keys of the registry, sections and names are alike in any case; audit subcategories are known by name alone."""
    kind, section, name = (text or "" for text in (setting.kind, setting.section, setting.name))
    if kind in ACCUMULATING:
        return Key(kind, section, name, setting.row)
    section, name = section.lower(), name.lower()
    if kind == "audit":
        section = ""
    if kind == "registry":
        for prefix in (_DELETION, _SOFT):
            name = name.removeprefix(prefix)
    return Key(kind, section, name)


class _ValuesOf:
    """Values of registry keys, by number."""

    def __init__(self, numbers: dict[Key, int]) -> None:
        self._by_key: dict[str, dict[str, int]] = {}
        for key, number in numbers.items():
            if key.kind == "registry" and not key.name.startswith("**"):
                self._by_key.setdefault(key.section, {})[key.name] = number
        self._paths = sorted(f"{key}\\" for key in self._by_key)

    def removed_by(self, setting: _Setting) -> set[int]:
        """What an instruction of Registry.pol removes: values of its key, listed ones, or keys below it.

        MS-GPREG 2.2.1.1.
        """
        name, section = (setting.name or "").lower(), (setting.section or "").lower()
        values = self._by_key.get(section, {})
        listed = {text.strip().lower() for text in (setting.value or "").split(";")}
        if name.startswith("**delvals"):
            return set(values.values())
        if name.startswith("**deletevalues"):
            return {number for value, number in values.items() if value in listed}
        if name.startswith("**deletekeys"):
            keys = {key for removed in listed if removed for key in self._below(f"{section}\\{removed}\\")}
            return {number for key in keys for number in self._by_key[key].values()}
        return set()

    def _below(self, path: str) -> Iterator[str]:
        """The key at a path, which ends with a backslash, and those below it."""
        for found in islice(self._paths, bisect_left(self._paths, path), None):
            if not found.startswith(path):
                return
            yield found[:-1]
