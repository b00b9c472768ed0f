"""Ask servers what a plan says, one connection after the other; what they do not answer is an answer too."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adaudit.collect.authentication import Credentials
from adaudit.collect.log import CollectionLog
from adaudit.collect.log import Probe as LoggedProbe
from adaudit.collect.probes.account import Account, AccountRefused
from adaudit.collect.probes.line import Line, NotAttempted
from adaudit.collect.probes.model import ERROR, NOT_ATTEMPTED, Answer, Fact, Means, PlannedProbe
from adaudit.collect.standing import Standing
from adaudit.collect.wanted import PROBE_SECONDS
from adaudit.errors import ConnectionFailed
from adaudit.ingest.ingest import Ingest, utc_now

_LONGEST_VALUE: Final = 2000
_MOST_FACTS: Final = 200
_GAPS: Final = {ERROR: ("failed", "server_error"), NOT_ATTEMPTED: ("not_attempted", "probe_off")}
"""Status and reason of ``coverage`` for the facts that stand for those that are missing."""

_NO_ACCOUNT: Final = "only a password or a Kerberos ticket can be presented here"
_REFUSED_BEFORE: Final = "the account was refused before: it is not presented again"


@dataclass(frozen=True)
class Probed:
    """One probe that is over, after ``seconds``; ``error`` says why it was not answered, or not attempted."""

    probe: PlannedProbe
    answers: tuple[Answer, ...]
    seconds: float
    error: str | None


def run_probes(
    probes: Iterable[PlannedProbe],
    credentials: Credentials | None,
    *,
    trust: ssl.SSLContext,
    standing: Standing | None = None,
    timeout: float = PROBE_SECONDS,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Probed]:
    """Carry out a ``plan``, one connection for each probe, ended after ``timeout`` seconds.

    ``trust`` judges certificates as the collection does; ``standing`` is that of the account, when others present it
    too; ``clock`` gives naive UTC. Once the account is refused it is presented no more. Never raises: a probe without
    a whole answer ends in a fact called error, and one that could not be tried in one called not_attempted.
    """
    standing = standing or Standing()
    account = Account.of(credentials) if credentials is not None else None
    for probe in probes:
        means = Means(account if standing.refusal is None else None, trust)
        asked_at, started = clock(), time.monotonic()
        asked_by = means.account.name if probe.needs_account and means.account is not None else None
        facts: list[Fact] = []
        error: str | None = None
        try:
            if probe.needs_account and means.account is None:
                raise NotAttempted(_NO_ACCOUNT if standing.refusal is None else _REFUSED_BEFORE)
            _ask(probe, means, timeout, facts)
        except ConnectionFailed as failure:
            error = failure.message
            facts.append((NOT_ATTEMPTED if isinstance(failure, NotAttempted) else ERROR, error))
            if isinstance(failure, AccountRefused):
                standing.refusal = error
        answers = tuple(
            Answer(probe.server, probe.probe, name, _text(value), asked_at, asked_by) for name, value in facts
        )
        yield Probed(probe, answers, time.monotonic() - started, error)


def record(probed: Probed, ingest: Ingest, log: CollectionLog) -> None:
    """Take the facts of a probe into a snapshot, what it could not tell into its coverage, and both into the log."""
    for answer in probed.answers:
        ingest.probe(answer.server, answer.probe, answer.name, answer.value, answer.asked_at, answer.asked_by)
        if (gap := _GAPS.get(answer.name)) is not None:
            status, why = gap
            detail = f"{answer.server} {answer.probe}: {answer.value}"
            ingest.note(status, why, table="probes", detail=detail)
    facts = LoggedProbe(
        server=probed.probe.server,
        probe=probed.probe.probe,
        port=probed.probe.port,
        results=[f"{answer.name}={answer.value}" for answer in probed.answers],
        seconds=probed.seconds,
    )
    if probed.error is not None:
        facts["error"] = probed.error
    log.write("probe", **facts)


def _ask(probe: PlannedProbe, means: Means, timeout: float, facts: list[Fact]) -> None:
    with Line(probe.server, probe.port, timeout=timeout, address=probe.address) as line:
        for fact in probe.ask(line, means):
            facts.append(fact)
            if len(facts) == _MOST_FACTS:
                return


def _text(value: str) -> str:
    return value[:_LONGEST_VALUE].encode("utf-8", "backslashreplace").decode()
