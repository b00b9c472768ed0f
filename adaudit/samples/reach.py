"""What the attack graph of a hospital must say: who reaches tier 0, by which planted steps, and by which not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlantedPath:
    """``kinds``: those of its steps, in order. ``source`` and ``target``: dn, SID or name of a policy."""

    source: str
    target: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """``everyone_like``: identities that stand for everybody and reach tier 0; ``foreign``: trusts whose partner does.
    ``exposes_all``: every account does; else ``exposed`` are all those that do. ``fewest_changes``: that end it.
    ``no_step``: pairs of source and target between which no step leads."""

    exposes_all: bool
    everyone_like: tuple[str, ...]
    foreign: tuple[str, ...]
    exposed: tuple[str, ...]
    fewest_changes: int
    paths: tuple[PlantedPath, ...]
    no_step: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Reach:
        """From ``[graph]`` of a hospital or of its truth."""
        return cls(
            exposes_all=told["exposes_all"],
            everyone_like=tuple(told["everyone_like"]),
            foreign=tuple(told["foreign"]),
            exposed=tuple(told["exposed"]),
            fewest_changes=told["fewest_changes"],
            paths=tuple(PlantedPath(each["source"], each["target"], tuple(each["kinds"])) for each in told["path"]),
            no_step=tuple((source, target) for source, target in told["no_step"]),
        )

    def lines(self) -> Iterator[str]:
        """As TOML."""
        yield "[graph]"
        yield f"exposes_all = {_value(self.exposes_all)}"
        for name in ("everyone_like", "foreign", "exposed", "no_step"):
            values = getattr(self, name)
            yield from (f"{name} = [", *(f"  {_value(each)}," for each in values), "]") if values else (f"{name} = []",)
        yield f"fewest_changes = {self.fewest_changes}"
        for path in self.paths:
            yield ""
            yield "[[graph.path]]"
            yield f"source = {_value(path.source)}"
            yield f"target = {_value(path.target)}"
            yield f"kinds = {_value(path.kinds)}"


def _value(value: bool | str | tuple[str, ...]) -> str:
    """JSON's literals are among those of TOML."""
    return json.dumps(value, ensure_ascii=False)
