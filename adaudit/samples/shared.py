"""Who works in several hospitals, under which logins: the known truth of matching identities."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from adaudit.samples.people import person
from adaudit.samples.population import Population
from adaudit.samples.profile import load_forest


def write_shared_staff(hospitals: Iterable[str], path: Path, *, seed: int, accounts: int | None = None) -> None:
    """Write a CSV of the accounts of those who have one in two of ``hospitals`` or more, person by person."""
    found: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for name in hospitals:
        population = Population(load_forest(name, seed, accounts))
        for number in range(population.staff):
            who = found[population.person_number(number)]
            who.append((name, population.login(number), population.staff_sid(number)))
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("person", "full_name", "hospital", "login", "sid"))
        for number, held in sorted(found.items()):
            if len(held) > 1:
                writer.writerows((number, person(seed, number).full_name, *each) for each in held)
