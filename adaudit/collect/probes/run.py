"""Ask servers what a plan says, one connection after the other; what they do not answer is an answer too."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adaudit.collect.authentication import Credentials
from adaudit.collect.probes.account import Account, AccountRefused
from adaudit.collect.probes.line import Line
from adaudit.collect.probes.model import ERROR, NOT_ATTEMPTED, Answer, Fact, Means, PlannedProbe
from adaudit.errors import ConnectionFailed
from adaudit.ingest.ingest import Ingest, utc_now

DEFAULT_TIMEOUT: Final = 5.0

_LONGEST_VALUE: Final = 2000
_MOST_FACTS: Final = 200
_NO_ACCOUNT: Final = "only a password or a Kerberos ticket can be presented here"
_REFUSED_BEFORE: Final = "the account was refused before: it is not presented again"


@dataclass(frozen=True)
class Asked:
    """One probe that is over: what a log tells of it. ``seconds`` it took; ``error`` is None when it was answered."""

    probe: PlannedProbe
    answers: tuple[Answer, ...]
    seconds: float
    error: str | None


def run_probes(
    probes: Iterable[PlannedProbe],
    credentials: Credentials | None,
    *,
    trust: ssl.SSLContext,
    timeout: float = DEFAULT_TIMEOUT,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Asked]:
    """Carry out a ``plan``, one connection for each probe, ended after ``timeout`` seconds.

    ``trust`` judges certificates as the collection does; ``clock`` gives naive UTC. Once the account is refused it is
    presented no more. Never raises: a probe without a whole answer ends in a fact called error, and one that could
    not be tried in one called not_attempted.
    """
    means = Means(Account.of(credentials) if credentials is not None else None, trust)
    reason = _NO_ACCOUNT
    for probe in probes:
        asked_at, started = clock(), time.monotonic()
        asked_by = means.account.name if probe.needs_account and means.account is not None else None
        facts: list[Fact] = []
        error: str | None = None
        if probe.needs_account and means.account is None:
            facts, error = [(NOT_ATTEMPTED, reason)], reason
        else:
            try:
                _ask(probe, means, timeout, facts)
            except ConnectionFailed as failure:
                error = failure.message
                facts.append((ERROR, error))
                if isinstance(failure, AccountRefused):
                    means, reason = Means(None, trust), _REFUSED_BEFORE
        answers = tuple(
            Answer(probe.server, probe.probe, name, _text(value), asked_at, asked_by) for name, value in facts
        )
        yield Asked(probe, answers, time.monotonic() - started, error)


def record(asked: Asked, ingest: Ingest) -> None:
    """Take the facts of a probe into a snapshot, and what it could not tell into its coverage."""
    for answer in asked.answers:
        ingest.probe(answer.server, answer.probe, answer.name, answer.value, answer.asked_at, answer.asked_by)
    for answer in asked.answers:
        detail = f"{answer.server} {answer.probe}: {answer.value}"
        if answer.name == ERROR:
            ingest.note("failed", "server_error", table="probes", detail=detail)
        elif answer.name == NOT_ATTEMPTED:
            ingest.note("not_attempted", "probe_off", table="probes", detail=detail)


def _ask(probe: PlannedProbe, means: Means, timeout: float, facts: list[Fact]) -> None:
    with Line(probe.server, probe.port, timeout=timeout, address=probe.address) as line:
        for fact in probe.ask(line, means):
            facts.append(fact)
            if len(facts) == _MOST_FACTS:
                return


def _text(value: str) -> str:
    return value[:_LONGEST_VALUE].encode("utf-8", "backslashreplace").decode()
