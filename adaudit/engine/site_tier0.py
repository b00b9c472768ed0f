"""``tier0.toml``: what a site adds to tier 0, and which extended entries it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from adaudit.engine.documents import Document, Text
from adaudit.engine.source import RuleError, RuleErrors, Source, read_document
from adaudit.graph.site_tier0 import SiteEntry, SiteTier0

Sid = Annotated[str, StringConstraints(pattern=r"^[Ss]-1-[0-9]+(-[0-9]+)*$", max_length=200)]


class EntryDocument(Document):
    sid: Sid | None = None
    dn: Text | None = None
    name: Text | None = None
    reason: Text


class SiteTier0Document(Document):
    add: list[EntryDocument] = Field(default_factory=list)
    remove: list[EntryDocument] = Field(default_factory=list)


def read_site_tier0(path: Path) -> SiteTier0:
    """The entries of a file. Raises RuleErrors with the line of each that cannot be used."""
    source, document = read_document(path, path.parent, SiteTier0Document)
    errors: list[RuleError] = []
    site = SiteTier0(
        add=tuple(_entries(source, "add", document.add, errors)),
        remove=tuple(_entries(source, "remove", document.remove, errors)),
    )
    if errors:
        raise RuleErrors(errors)
    return site


def _entries(source: Source, key: str, documents: list[EntryDocument], errors: list[RuleError]) -> Iterator[SiteEntry]:
    for position, entry in enumerate(documents):
        place = f"{source.name}:{source.line((key, position))}"
        match entry.sid, entry.dn, entry.name:
            case str(sid), None, None:
                yield SiteEntry("sid", sid, entry.reason, place)
            case None, str(dn), None:
                yield SiteEntry("dn", dn, entry.reason, place)
            case None, None, str(name):
                yield SiteEntry("name", name, entry.reason, place)
            case _:
                errors.append(source.error("needs one of sid, dn and name", key, position))
