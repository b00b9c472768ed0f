"""What an audit of a sample must find, written beside it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from adaudit.samples.declared import Declared, Expectation
from adaudit.samples.reach import Reach

_BEST_LEVEL = 5
_MOVES_THE_LEVEL = "vuln_"


@dataclass(frozen=True)
class Truth:
    """``weaknesses``: every finding at any level about what was declared. ``population``: rule → level of what is found
    about some of the people and machines made in any number. ``not_assessed``: rules that an ordinary account cannot
    answer in this directory. ``reach``: what its attack graph says."""

    hospital: str
    title: str
    finess: str
    seed: int
    accounts: int
    indicative_level: int
    not_assessed: tuple[str, ...]
    weaknesses: tuple[Expectation, ...]
    population: dict[str, int]
    reach: Reach

    @classmethod
    def of(cls, declared: Declared) -> Truth:
        """The truth of what was declared."""
        forest = declared.forest
        population = dict(sorted(forest.declarations.get("of_population", {}).items()))
        levels = {(each.rule, each.level) for each in declared.expected} | population.items()
        return cls(
            forest.profile.name,
            forest.profile.title,
            forest.profile.finess,
            forest.seed,
            forest.accounts,
            min((level for rule, level in levels if rule.startswith(_MOVES_THE_LEVEL)), default=_BEST_LEVEL),
            tuple(declared.not_assessed),
            tuple(sorted(declared.expected)),
            population,
            declared.reach,
        )

    def write(self, path: Path) -> None:
        """Write it as TOML."""
        lines = [
            f"hospital = {_text(self.hospital)}",
            f"title = {_text(self.title)}",
            f"finess = {_text(self.finess)}",
            f"seed = {self.seed}",
            f"accounts = {self.accounts}",
            f"indicative_level = {self.indicative_level}",
            "not_assessed = [",
            *(f"  {_text(rule)}," for rule in self.not_assessed),
            "]",
        ]
        lines += ["", *self.reach.lines()]
        lines += ["", "[population]", *(f"{rule} = {level}" for rule, level in self.population.items())]
        for each in self.weaknesses:
            lines += ["", "[[weakness]]", f"rule = {_text(each.rule)}", f"subject = {_text(each.subject)}"]
            lines.append(f"level = {each.level}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def read_truth(path: Path) -> Truth:
    """The truth written by ``Truth.write``."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    weaknesses = tuple(Expectation(**each) for each in document.pop("weakness", []))
    not_assessed = tuple(document.pop("not_assessed"))
    reach = Reach.of(document.pop("graph"))
    return Truth(**document, reach=reach, not_assessed=not_assessed, weaknesses=weaknesses)


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are among its own."""
    return json.dumps(value, ensure_ascii=False)
