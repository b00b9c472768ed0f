"""Options of the probes, their listing and the agreement to run them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

import click

from adaudit.collect.wanted import PROBE_SECONDS
from adaudit.errors import UsageError
from adaudit.visible import visible

if TYPE_CHECKING:
    from adaudit.collect.probes import PlannedProbe

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class ProbeChoice:
    """Whether probes are ``wanted``, and ``accepted`` without asking; ``timeout`` of each, in seconds."""

    wanted: bool = False
    accepted: bool = False
    timeout: float = PROBE_SECONDS

    def confirm(self, planned: Sequence[PlannedProbe]) -> None:
        """List what is planned on stderr and, unless it is accepted already, ask. Raises UsageError for a no."""
        if not planned:
            return
        click.echo(listing(planned, self.timeout), err=True)
        if self.accepted:
            return
        if not is_terminal():
            raise UsageError("the probes must be agreed to: read the list, then add --accept-probes")
        if not click.confirm("Run them?", err=True):
            raise UsageError("the probes were declined: leave out --probes to collect without them")


def is_terminal() -> bool:
    return sys.stdin.isatty()


def probing_options(callback: Callable[..., _Answer]) -> Callable[..., _Answer]:
    """Adds the options and hands them to ``callback`` as one ``ProbeChoice``, in its keyword argument ``probing``."""

    @click.option(
        "--probes",
        is_flag=True,
        help="Also ask the servers what the directory does not tell: signing, TLS, SMB, anonymous access, NTLM, "
        "print spooler, web enrolment. Listed and confirmed first.",
    )
    @click.option("--accept-probes", is_flag=True, help="With --probes: do not ask for confirmation (scripts).")
    @click.option(
        "--probe-timeout",
        type=click.FloatRange(min=0.1, max=600),
        default=PROBE_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="When the connection of a probe is ended.",
    )
    @wraps(callback)
    def with_probing(*, probes: bool, accept_probes: bool, probe_timeout: float, **others: object) -> _Answer:
        if accept_probes and not probes:
            raise UsageError("--accept-probes goes with --probes")
        return callback(probing=ProbeChoice(probes, accept_probes, probe_timeout), **others)

    return with_probing


def listing(planned: Sequence[PlannedProbe], timeout: float) -> str:
    """What would be asked, server by server: port, name of the probe, what is sent."""
    width = max((len(probe.probe) for probe in planned), default=0)
    lines = [
        f"{len(planned)} probes, one connection each, ended after {timeout:g} seconds. "
        "Nothing is written, exploited or guessed."
    ]
    for server, probes in groupby(planned, key=lambda probe: probe.server):
        lines.append(visible(server))
        lines += [f"  {probe.port:>5}  {visible(probe.probe):<{width}}  {probe.description}" for probe in probes]
    return "\n".join(lines)
