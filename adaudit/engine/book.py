"""What a rules folder holds once read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa

from adaudit.engine.model import Control, Rule

ANSSI = "anssi"
OWN = "adaudit"
"""Frameworks that declare controls; the others map those ids to their own."""


@dataclass(frozen=True)
class View:
    """A SELECT shared by rules. Its output columns read the same columns of ``tables``, plus ``needs``."""

    name: str
    doc: str
    tables: tuple[str, ...]
    needs: tuple[str, ...]
    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """Dated public facts, as a table of its own."""

    name: str
    doc: str
    date: date
    source: str
    table: pa.Table


@dataclass(frozen=True)
class Framework:
    """A published list of controls (``levels``) or its ids for ours (``ids``)."""

    name: str
    date: date
    source: str
    reference: str
    levels: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def controls(self, control_id: str) -> tuple[Control, ...]:
        """What this framework says of one of our controls; empty when it says nothing."""
        own = (control_id,) if control_id in self.levels else self.ids.get(control_id, ())
        return tuple(Control(i, self.name, self.levels.get(i, ()), self.address(i)) for i in own)

    def address(self, control_id: str) -> str:
        return self.reference.format(id=control_id, path=control_id.replace(".", "/"))


Fact = tuple[str, str]
"""A table and one of its columns, or ``*`` for its rows."""


@dataclass(frozen=True)
class Reading:
    """What a rule reads, as facts of base tables: its needs with views and bare tables spelled out.

    ``columns``: what its statements may see of each table, view and catalogue.
    """

    required: frozenset[Fact]
    refining: frozenset[Fact]
    levels: Mapping[int, frozenset[Fact]]
    columns: Mapping[str, tuple[str, ...]]

    @property
    def facts(self) -> frozenset[Fact]:
        return self.required.union(self.refining, *self.levels.values())


@dataclass(frozen=True)
class RuleBook:
    """Rules that passed every check, in the order of their ids, with all that they refer to."""

    folder: Path
    rules: tuple[Rule, ...]
    readings: Mapping[str, Reading]
    views: Mapping[str, View]
    catalogues: Mapping[str, Catalogue]
    frameworks: Mapping[str, Framework]

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id; KeyError if there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def references(self, control_ids: Iterable[str]) -> dict[str, tuple[Control, ...]]:
        """For each control, what the frameworks say of it."""
        return {
            control_id: tuple(c for framework in self.frameworks.values() for c in framework.controls(control_id))
            for control_id in control_ids
        }

    @property
    def vulnerabilities(self) -> dict[str, tuple[int, ...]]:
        """Thresholds of each vulnerability control of the ANSSI catalogue."""
        anssi = self.frameworks.get(ANSSI)
        return {i: levels for i, levels in anssi.levels.items() if i.startswith("vuln_")} if anssi else {}
