"""TOML files read with a place for every error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from adaudit.errors import InputError

DocumentT = TypeVar("DocumentT", bound=BaseModel)

MOST_ERRORS: Final = 50
"""Errors told of one file: each is sought in its text."""

_HEADER = re.compile(r"\[+\s*([^\]]+?)\s*\]+")


class RuleError(InputError):
    """Something is wrong with a rule, its cases, a view, a catalogue or a framework."""


class RuleErrors(RuleError):
    """Everything that is wrong with a rules folder, told at once."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors = tuple({str(error): error for error in errors}.values())
        super().__init__("\n".join(map(str, self.errors)))


class Faults:
    """Errors met so far, to be told together."""

    def __init__(self) -> None:
        self._errors: list[RuleError] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keep the errors raised in this block and go on after it."""
        try:
            yield
        except RuleErrors as errors:
            self._errors += errors.errors
        except RuleError as error:
            self._errors.append(error)

    def add(self, errors: Iterable[RuleError]) -> None:
        self._errors += errors

    def tell(self) -> None:
        """Raise RuleErrors if there was any."""
        if self._errors:
            raise RuleErrors(self._errors)


@dataclass(frozen=True)
class Source:
    """A TOML file: ``name`` is its path below the rules folder, as errors show it."""

    path: Path
    name: str
    text: str

    def error(self, message: str, *keys: str | int) -> RuleError:
        """An error at a key, given as the path of keys that leads to it."""
        line = self.line(keys)
        place = f"{self.name}:{line}" if line else self.name
        key = ".".join(str(k) for k in keys)
        return RuleError(f"{key}: {message}" if key else message, place=place)

    def line(self, keys: Sequence[str | int]) -> int:
        """1-based line where the key, or the nearest one above it, is written; 0 when it is not."""
        wanted = [str(k) for k in keys if isinstance(k, str)]
        position = next((k for k in keys if isinstance(k, int)), 0)
        table: list[str] = []
        seen = -1
        best, depth = 0, 0
        for number, line in self._lines():
            if header := _HEADER.match(line.strip()):
                table = [part.strip(' "') for part in header.group(1).split(".")]
                seen += line.lstrip().startswith("[[") and table[:1] == wanted[:1]
                here = table
            elif "=" in line:
                here = [*table, line.split("=")[0].strip(' "')]
            else:
                continue
            if here == wanted[: len(here)] and len(here) > depth and (seen < 0 or seen == position):
                best, depth = number, len(here)
        return best

    def headers(self, name: str) -> list[int]:
        """1-based lines of the headers ``[[name]]``, in order."""
        return [number for number, line in self._lines() if line.replace(" ", "").startswith(f"[[{name}]]")]

    def _lines(self) -> Iterator[tuple[int, str]]:
        """The lines, with their numbers, that do not lie within a text of several lines."""
        in_text = False
        for number, line in enumerate(self.text.splitlines(), start=1):
            was_in_text, in_text = in_text, in_text ^ (line.count('"""') % 2 == 1 or line.count("'''") % 2 == 1)
            if not was_in_text:
                yield number, line


def read_document(path: Path, folder: Path, model: type[DocumentT]) -> tuple[Source, DocumentT]:
    """Read one file into its model.

    Raises RuleErrors with every key that does not fit, RuleError when it is no TOML at all.
    """
    name = path.relative_to(folder).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", place=name) from error
    except UnicodeDecodeError as error:
        raise RuleError(f"is not UTF-8 (byte {error.start})", place=name) from error
    except RecursionError as error:
        raise RuleError("is nested too deep", place=name) from error
    except ValueError as error:
        raise RuleError(f"is not TOML: {error}", place=name) from error
    source = Source(path, name, text)
    try:
        return source, model.model_validate(data)
    except ValidationError as error:
        told = [source.error(_reason(e["type"], e["msg"]), *e["loc"]) for e in error.errors()[:MOST_ERRORS]]
        if left := error.error_count() - len(told):
            told.append(source.error(f"and {left} more errors"))
        raise RuleErrors(told) from error


def _reason(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return "missing"
    return message[0].lower() + message[1:]
