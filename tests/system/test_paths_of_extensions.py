"""Ways that exist once a directory is extended: LAPS, and delegated managed service accounts of Windows Server 2025."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import testbed
from tests.system.drawn import Drawn, drawn
from tests.testbed import Directory, running

pytestmark = pytest.mark.samba

EXTENSIONS = Path(testbed.__file__).parent / "scenario/paths/extensions.ldif"
WAYS = {
    "copie-filtree": ("SyncLAPSPassword", "CoerceToTGT"),
    "laps": ("ReadLAPSPassword", "CoerceToTGT"),
    "unite-remplit": ("CanUseBadSuccessor",),
}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    with running("paths", settings=("dsdb:schema update allowed = yes",)) as directory:
        extend(directory)
        with drawn(directory, "auditor", tmp_path_factory.mktemp("extended")) as found:
            yield found


def extend(directory: Directory) -> None:
    command = ["ldapmodify", "-x", "-H", directory.ldaps_url, "-f", str(EXTENSIONS)]
    subprocess.run(
        [*command, "-D", directory.admin.user, "-w", directory.admin.password],
        env={**os.environ, "LDAPTLS_CACERT": str(directory.ca_file), "LDAPTLS_REQCERT": "demand"},
        check=True,
    )


@pytest.mark.parametrize("source", WAYS)
def test_the_extension_opens_a_way(extended: Drawn, source: str) -> None:
    [way] = extended.questions.paths(source, "tier0")
    assert tuple(step.kind for step in way.edges) == WAYS[source]


def test_it_opens_no_other(extended: Drawn) -> None:
    sources = {extended.node(name) for name in (*WAYS, *(route.source for route in extended.scenario.routes))}
    assert extended.names(extended.exposed(extended.analysis.graph) - sources) == []
