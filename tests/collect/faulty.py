"""Collections over lines that fail: the domain and DNS partitions of the scenario, an ordinary account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adaudit.collect.authentication import Simple
from adaudit.collect.collector import Collector, Outcome
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.scope import Scope
from adaudit.collect.wanted import Pacing, Wanted

if TYPE_CHECKING:
    from tests.testbed import Account, Directory

SMALL: Final = Scope(partitions=("domain", "dns"))
PATIENT: Final = Pacing(retry_for=20)
AT_ONCE: Final = Pacing(retry_for=0)
"""A lost connection is not tried again."""


def collect(
    directory: Directory,
    port: int,
    output: Path,
    *,
    host: str = "127.0.0.1",
    account: Account | None = None,
    scope: Scope = SMALL,
    pacing: Pacing = PATIENT,
    **options: Any,
) -> Outcome:
    """Over the line that begins at ``port``."""
    account = account or directory.auditor
    endpoint = Endpoint(host, Security.PLAINTEXT, port, timeout=20)
    collector = Collector(endpoint, Simple(account.user, account.password), Wanted(scope), pacing=pacing, **options)
    return collector.run(output)
