"""The groups of a hospital: units nested in departments nested in applications, shares, lists, rings of machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adaudit.samples.draft import Draft, sid, text
from adaudit.samples.draw import Draw
from adaudit.samples.machines import computer_dn
from adaudit.samples.organisation import DEPARTMENTS, GROUPS_OU, department_of
from adaudit.samples.population import APPLICATIONS, Population

_GLOBAL, _LOCAL, _LIST = -2147483646, -2147483644, 8
_MEMBERSHIPS = 9
"""Of each person, beside the group of the unit."""
_RINGS = 3
"""Groups that each computer is in."""
_MEMBERS = 60


def groups(population: Population) -> Iterator[Draft]:
    """Every group of the population, with its members."""
    rid = population.first_computer_rid + population.computers
    base = population.forest.base
    for number, (name, kind, members) in enumerate(_named(population)):
        attributes = {
            "objectSid": sid(population.sid(rid + number)),
            "sAMAccountName": text(name),
            "groupType": text(kind),
            "member": text(*members),
        }
        yield Draft(f"CN={name},{GROUPS_OU},{base}", "group", attributes, is_leaf=True)


def _named(population: Population) -> Iterator[tuple[str, int, Iterable[str]]]:
    """Name, groupType and members of each group."""

    def dn(name: str) -> str:
        return f"CN={name},{GROUPS_OU},{population.forest.base}"

    key = population.forest.key
    by_department: dict[str, list[str]] = {department: [] for department in DEPARTMENTS}
    for unit in range(population.units):
        department = department_of(unit)
        name = f"GG-{department}-UF{unit:04}"
        by_department[department].append(dn(name))
        first = unit * population.unit_size
        end = min(first + population.unit_size, population.staff)
        yield name, _GLOBAL, [population.member(n).dn for n in range(first, end)]
    for department, units in by_department.items():
        yield f"GG-{department}", _GLOBAL, units
    for application in APPLICATIONS:
        draw = Draw(*key("application", application))
        chosen = sorted({draw.pick(DEPARTMENTS) for _ in range(4)})
        yield f"DL-{application}", _LOCAL, [dn(f"GG-{department}") for department in chosen]
    for number in range(population.staff * _MEMBERSHIPS // _MEMBERS):
        people = _spread(Draw(*key("share", number)), population.staff)
        name, kind = (f"LST-{number:05}", _LIST) if number % 3 == 0 else (f"GG-Partage-{number:05}", _GLOBAL)
        yield name, kind, [population.member(n).dn for n in people]
    for number in range(population.computers * _RINGS // _MEMBERS):
        machines = _spread(Draw(*key("ring", number)), population.computers)
        yield f"GC-Deploiement-{number:05}", _GLOBAL, [computer_dn(population, n) for n in machines]


def _spread(draw: Draw, count: int) -> list[int]:
    """Up to ``_MEMBERS`` different numbers below ``count``."""
    stride = draw.between(1, max(count // _MEMBERS, 1))
    start = draw.below(count)
    return [(start + n * stride) % count for n in range(min(_MEMBERS, count))]
