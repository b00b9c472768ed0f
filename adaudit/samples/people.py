"""Invented people: person number n of a seed has the same name in every hospital that employs them."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from adaudit.samples.draw import Draw

_STRIDE = 30_011
"""Prime, so that walking the combinations of names by it meets each of them once."""
_LONGEST_LOGIN = 20


@dataclass(frozen=True, slots=True)
class Person:
    """``homonym``: how many people before this one bear the same name; ``registration``: a practitioner's number in
    the form of an RPPS one, the same in every hospital, empty for other professions."""

    first: str
    last: str
    homonym: int
    profession: str
    registration: str

    @property
    def full_name(self) -> str:
        return f"{self.first} {self.last.upper()}"

    def login(self, convention: str, rank: int) -> str:
        """Logon name by a hospital's habit: ``first.last``, ``initial``, or ``number``, from the rank in the staff."""
        if convention == "number":
            return f"m{100_000 + rank}"
        first, last = plain(self.first), plain(self.last)
        if convention == "first.last":
            number = str(self.homonym + 1) if self.homonym else ""
            return f"{first}.{last}"[: _LONGEST_LOGIN - len(number)] + number
        place, alike = _names().initials[self.first]
        before = self.homonym * alike + place
        return f"{first[0]}{last}" + (str(before + 1) if before else "")


@dataclass(frozen=True)
class _Names:
    """``initials``: for a first name, how many before it begin with the same letter, and how many do at all."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    professions: tuple[str, ...]
    registered: frozenset[str]
    initials: dict[str, tuple[int, int]]


@cache
def _names() -> _Names:
    data = tomllib.loads((files("adaudit.samples") / "data" / "people.toml").read_text(encoding="utf-8"))
    first = tuple(data["first_names"])
    letters = [plain(name)[0] for name in first]
    return _Names(
        first,
        tuple(start + end for start in data["last_name_beginnings"] for end in data["last_name_ends"]),
        tuple(data["professions"]),
        frozenset(data["registered"]),
        {name: (letters[:n].count(letters[n]), letters.count(letters[n])) for n, name in enumerate(first)},
    )


def person(seed: int, number: int) -> Person:
    """Person ``number``; names repeat after some fifty thousand people."""
    names = _names()
    combinations = len(names.first) * len(names.last)
    homonym, place = divmod(number, combinations)
    last, first = divmod((place * _STRIDE + seed) % combinations, len(names.first))
    draw = Draw(seed, "person", number)
    profession = draw.pick(names.professions)
    registration = f"8{draw.below(10**10):010}" if profession in names.registered else ""
    return Person(names.first[first], names.last[last], homonym, profession, registration)


@cache
def plain(name: str) -> str:
    """``name`` in lower case ASCII letters and digits."""
    folded = unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode().lower()
    return "".join(c for c in folded if c.isalnum())
