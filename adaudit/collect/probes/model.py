"""What a probe is, and what it brings."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from adaudit.collect.probes.account import Account
from adaudit.collect.probes.line import Line

ERROR: Final = "error"
NOT_ATTEMPTED: Final = "not_attempted"
"""Names of the fact that tells why there are no others, or no more: its value is the cause."""

Fact = tuple[str, str]
"""Name and value."""


def fact(name: str, value: str | int | datetime) -> Fact:
    """A fact as it is kept: truth as yes or no, moments (naive UTC) in ISO 8601."""
    match value:
        case bool():
            return name, "yes" if value else "no"
        case datetime():
            return name, value.isoformat(timespec="seconds") + "Z"
        case _:
            return name, str(value)


def facts(values: Mapping[str, str | int | datetime | None]) -> Iterator[Fact]:
    """Those that are known."""
    return (fact(name, value) for name, value in values.items() if value is not None)


@dataclass(frozen=True)
class Means:
    """What a probe may use: who asks (None: nobody may authenticate) and which authorities are trusted."""

    account: Account | None
    trust: ssl.SSLContext


Ask = Callable[[Line, Means], Iterator[Fact]]
"""Asks over one open connection; raises ConnectionFailed when there is no answer, or none to be understood."""


class TargetKind(StrEnum):
    CONTROLLER = "controller"
    WEB_ENROLMENT = "web_enrolment"


@dataclass(frozen=True)
class Target:
    """A server to ask. ``address``: where to connect, when ``host`` need not be looked up.

    ``authorities``: names of the certification authorities on this host; ``urls``: enrolment services that they
    publish (``enrolment_urls``), beside the addresses where any may have one.
    """

    host: str
    kind: TargetKind = TargetKind.CONTROLLER
    address: str | None = None
    authorities: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedProbe:
    """One connection to ``port`` of ``server``; ``description`` says what is sent over it."""

    server: str
    port: int
    probe: str
    description: str
    ask: Ask
    address: str | None = None
    needs_account: bool = False


@dataclass(frozen=True)
class Answer:
    """One fact. ``asked_at`` is naive UTC; ``asked_by`` is None when the probe did not authenticate."""

    server: str
    probe: str
    name: str
    value: str
    asked_at: datetime
    asked_by: str | None
