"""Kerberos whatever the system: MIT's library where there is one, SSPI on Windows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from types import ModuleType
from typing import Any, Final

import spnego

from adaudit.collect.authentication import Kerberos
from adaudit.collect.refusals import gss_failure
from adaudit.errors import UsageError

_WINDOWS: Final = os.name == "nt"


@dataclass(frozen=True)
class ServiceTicket:
    """``ticket`` is what impacket's ``kerberosLogin`` takes as TGS, for ``user`` of ``realm``."""

    ticket: dict[str, Any] = field(repr=False)
    user: str
    realm: str


@contextmanager
def login(credentials: Kerberos, host: str) -> Iterator[spnego.Credential]:
    """What proves the account to a service of ``host``, as long as the context lasts; tickets got for it then go.

    Raises UsageError for what cannot be tried, ConnectionFailed when the KDC refuses; a password is tried once.
    """
    _check_host(host)
    if not _WINDOWS:
        with _tickets().cache(credentials, host) as cache:
            yield spnego.KerberosCCache(cache.name)
        return
    if credentials.ccache is not None or credentials.keytab is not None:
        raise UsageError("on Windows Kerberos takes a password or the logged-on user, no ccache and no keytab")
    if credentials.user is None or credentials.password is None:
        yield spnego.CredentialCache(credentials.user)
    else:
        yield spnego.Password(credentials.user, credentials.password)


def service_ticket(credentials: Kerberos, service: str, host: str) -> ServiceTicket:
    """A ticket for ``service/host``, in the shape that impacket expects.

    impacket asks for none itself: its request lacks the checksum that Heimdal's KDC insists on. Raises UsageError,
    on Windows always, as SSPI shows no ticket; ConnectionFailed when the KDC refuses.
    """
    if _WINDOWS:
        raise UsageError("on Windows no Kerberos ticket can be had for impacket: give a user and a password")
    _check_host(host)
    with _tickets().cache(credentials, host) as cache:
        try:
            context = spnego.client(spnego.KerberosCCache(cache.name), None, host, service, protocol="kerberos")
            context.step()
        except spnego.exceptions.SpnegoError as error:
            raise gss_failure(error, f"{service}/{host}", host) from error
        return ServiceTicket(cache.for_impacket(service, host), cache.user, cache.realm)


def identified(credentials: Kerberos) -> Kerberos:
    """The same with the user whom its cache or keytab names. Raises UsageError when that cannot be read, or when what
    Kerberos needs is not installed."""
    if _WINDOWS:
        return credentials
    tickets = _tickets()
    return credentials if credentials.user is not None else replace(credentials, user=tickets.holder(credentials))


def _tickets() -> ModuleType:
    try:
        from adaudit.collect import tickets
    except ImportError as error:
        raise UsageError(
            "Kerberos needs packages that are not installed: pip install 'adaudit[kerberos]' "
            "(it compiles: on Debian, apt install gcc python3-dev libkrb5-dev)"
        ) from error
    return tickets


def _check_host(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        return
    raise UsageError("Kerberos knows servers by name: give --server the name of the domain controller", place=host)
