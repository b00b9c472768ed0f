"""Options that say what a collection covers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import click

from adaudit.collect.scope import PARTITION_KINDS, Scope

_Answer = TypeVar("_Answer")


def scope_options(callback: Callable[..., _Answer]) -> Callable[..., _Answer]:
    """Adds the options and hands them to ``callback`` as one ``Scope``, in its keyword argument ``scope``."""

    @click.option(
        "--domain", metavar="NAME", help="Find a controller of this domain by the DNS, instead of naming one."
    )
    @click.option(
        "--dns-server",
        metavar="IP",
        help="Name server to ask instead of the system's: a controller of the domain is one.",
    )
    @click.option("--forest", is_flag=True, help="Read every domain of the forest, each from one of its controllers.")
    @click.option(
        "--partition",
        "partitions",
        multiple=True,
        metavar=f"DN|{'|'.join(PARTITION_KINDS)}",
        help="Read only this naming context, or those of this kind. Can be repeated.",
    )
    @click.option(
        "--exclude",
        "excluded",
        multiple=True,
        metavar="ATTRIBUTE",
        help="Keep no value of this attribute: what follows from it is told as not collected. Can be repeated.",
    )
    @click.option(
        "--all-controllers",
        is_flag=True,
        help="Ask every controller for the last logons and failed passwords that it alone knows.",
    )
    @wraps(callback)
    def with_scope(
        *,
        domain: str | None,
        dns_server: str | None,
        forest: bool,
        partitions: tuple[str, ...],
        excluded: tuple[str, ...],
        all_controllers: bool,
        **others: object,
    ) -> _Answer:
        return callback(scope=Scope(domain, dns_server, forest, partitions, excluded, all_controllers), **others)

    return with_scope
