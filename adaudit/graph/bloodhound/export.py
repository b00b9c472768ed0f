"""Export the facts of a snapshot as a collection for BloodHound CE."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.errors import IncompleteError, UsageError
from adaudit.graph.bloodhound.accounts import Accounts
from adaudit.graph.bloodhound.archive import CollectionArchive
from adaudit.graph.bloodhound.certificates import Authorities, issuance_policies, templates
from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.containers import containers, domains, organizational_units, policies
from adaudit.graph.bloodhound.groups import groups
from adaudit.graph.bloodhound.identifiers import Json
from adaudit.graph.bloodhound.policies import PolicyChanges
from adaudit.graph.graph import Graph
from adaudit.graph.kinds import EDGE_KINDS


@dataclass(frozen=True)
class Exported:
    """What was written, and what was not.

    ``objects``: how many of each type. ``lacking``: edges of the graph of which BloodHound has no kind, by kind.
    ``denied``: deny ACEs that apply to these objects, which BloodHound does not know: it may show rights that they
    take away. ``unnamed``: references to what no SID or type names. ``nameless``: objects whose SID or GUID
    was not read.
    """

    objects: Mapping[str, int]
    lacking: Mapping[str, int]
    denied: int
    unnamed: int
    nameless: int


def export_bloodhound(
    facts: Facts,
    graph: Graph,
    destination: Path,
    *,
    as_of: datetime,
    mask: Callable[[str], str],
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda _type: None,
) -> Exported:
    """Write ``destination``, readable by its owner alone, in one step.

    ``facts`` holds the computed tables too; ``graph`` is that of the same facts. ``mask`` hides the passwords that
    people write in texts; ``progress`` is told each type before it is written. Raises UsageError when the
    destination exists and ``overwrite`` is not set, or cannot be written to; IncompleteError when writing fails.
    """
    collection = Collection(facts, mask)
    with _replacing(destination, overwrite=overwrite) as path, CollectionArchive(path, as_of) as archive:
        objects = {}
        for type_, found in _by_type(collection):
            progress(type_)
            objects[type_] = archive.add(type_, found)
    return Exported(
        objects=objects,
        lacking=_lacking(graph),
        denied=collection.aces.denied,
        unnamed=collection.unnamed,
        nameless=collection.identifiers.nameless,
    )


def _by_type(collection: Collection) -> Iterator[tuple[str, Iterable[Json]]]:
    """Groups come last: they include the well-known identities that the others refer to."""
    accounts, authorities, changes = Accounts(collection), Authorities(collection), PolicyChanges(collection)
    yield "users", accounts.users()
    yield "computers", accounts.computers()
    yield "domains", domains(collection, changes)
    yield "ous", organizational_units(collection, changes)
    yield "gpos", policies(collection)
    yield "containers", containers(collection)
    yield "certtemplates", templates(collection)
    yield "enterprisecas", authorities.enterprise()
    yield "rootcas", authorities.stored("RootCA")
    yield "aiacas", authorities.stored("AIACA")
    yield "ntauthstores", authorities.stored("NTAuthStore")
    yield "issuancepolicies", issuance_policies(collection)
    yield "groups", groups(collection)


def _lacking(graph: Graph) -> dict[str, int]:
    counts = np.bincount(graph.kind, minlength=len(EDGE_KINDS)).tolist()
    told = zip(EDGE_KINDS, counts, strict=True)
    return {kind.name: count for kind, count in told if count and not kind.is_bloodhound}


@contextmanager
def _replacing(destination: Path, *, overwrite: bool) -> Iterator[Path]:
    """A file beside ``destination`` that takes its place once written whole."""
    place = str(destination)
    if not destination.parent.is_dir():
        raise UsageError(f"the folder {destination.parent} does not exist", place=place)
    if destination.is_dir():
        raise UsageError("is a folder", place=place)
    if destination.exists() and not overwrite:
        raise UsageError("exists already (--overwrite replaces it)", place=place)
    try:
        with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".adaudit-") as private:
            built = Path(private) / "collection.zip"
            os.close(os.open(built, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield built
            built.replace(destination)
    except OSError as error:
        raise IncompleteError(f"cannot be written: {error.strerror}", place=place) from error
