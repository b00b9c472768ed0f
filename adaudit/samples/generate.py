"""From a hospital and a seed to a snapshot with its known truth beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from adaudit import __version__
from adaudit.ingest.ingest import Ingest
from adaudit.samples.declared import Declared
from adaudit.samples.directory import declare
from adaudit.samples.draft import Attributes, Draft
from adaudit.samples.groups import groups
from adaudit.samples.machines import computers
from adaudit.samples.population import Population
from adaudit.samples.profile import AS_OF, Forest, load_forest
from adaudit.samples.schema import schema_drafts
from adaudit.samples.stamp import Stamp
from adaudit.samples.sysvol import fill_sysvol
from adaudit.samples.truth import Truth
from adaudit.snapshot import SourceInfo

DEFAULT_SEED = 2026
_EVERY = 1000


def generate(
    hospital: str,
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    accounts: int | None = None,
    progress: Callable[[int], None] = lambda _objects: None,
) -> Path:
    """Write ``<hospital>.adsnap`` and ``<hospital>.truth.toml`` into ``folder``; returns the path of the snapshot.

    The same hospital, seed and number of accounts give the same tables. Memory does not grow with the accounts but
    for their distinct descriptors, one account in twenty-five. ``progress`` is told how many objects were made.
    """
    forest = load_forest(hospital, seed, accounts)
    declared = declare(forest)
    path = folder / f"{hospital}.adsnap"
    source = SourceInfo(
        kind="samples", tool=f"adaudit {__version__}", server=None, account=None, account_sid=None, files=()
    )
    with Ingest(path, source=source, clock=lambda: AS_OF) as ingest:
        for dn in forest.naming_contexts:
            ingest.partition(dn)
        for dn, attributes in entries(forest, declared):
            ingest.add(dn, attributes)
            if ingest.count % _EVERY == 0:
                progress(ingest.count)
        fill_sysvol(ingest, declared)
        ingest.seal(as_of=AS_OF, as_of_origin="source", account=forest.profile.reader)
    Truth.of(declared).write(folder / f"{hospital}.truth.toml")
    return path


def entries(forest: Forest, declared: Declared) -> Iterator[tuple[str, Attributes]]:
    """Every object that an ordinary account sees, parents first."""
    stamp = Stamp(forest)
    for draft in _drafts(forest, declared):
        yield stamp.entry(draft)


def _drafts(forest: Forest, declared: Declared) -> Iterator[Draft]:
    yield from declared.drafts.values()
    yield from schema_drafts(forest)
    population = Population(forest)
    yield from population.accounts()
    yield from computers(population)
    yield from groups(population)
