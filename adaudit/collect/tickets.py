"""Kerberos tickets by MIT's library, which ``adaudit[kerberos]`` brings; Windows does without this module."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import krb5
from impacket.krb5.ccache import Credential

from adaudit.collect.authentication import Kerberos
from adaudit.collect.failures import BindRefused
from adaudit.collect.refusals import kerberos_failure
from adaudit.errors import UsageError

_SETTINGS_REALM: Final = b"X-CACHECONF:"
"""The realm under which a cache keeps its settings among its tickets."""


class Cache:
    """An open cache of tickets. ``name`` is TYPE:residual."""

    def __init__(self, context: krb5.Context, cache: krb5.CCache) -> None:
        self._context = context
        self._cache = cache
        principal = krb5.cc_get_principal(context, cache)
        self.realm = principal.realm.decode(errors="replace")
        self.user = _text(krb5.unparse_name_flags(context, principal, krb5.PrincipalUnparseFlags.no_realm))

    @property
    def name(self) -> str:
        return f"{_text(self._cache.cache_type)}:{_text(self._cache.name)}"

    @property
    def ends_at(self) -> int | None:
        """When the last of its tickets expires, in seconds of the epoch; None when it holds none."""
        tickets = (ticket for ticket in self._cache if ticket.server.realm != _SETTINGS_REALM)
        return max((ticket.times.endtime for ticket in tickets), default=None)

    def for_impacket(self, service: str, host: str) -> dict[str, Any]:
        """The ticket for ``service/host``, as impacket's ``kerberosLogin`` takes it. Raises LookupError."""
        wanted = [service.encode().lower(), host.encode().lower()]
        for ticket in self._cache:
            if [component.lower() for component in ticket.server.components] == wanted:
                tgs: dict[str, Any] = Credential(krb5.marshal_credentials(self._context, ticket)).toTGS()
                return tgs
        raise LookupError(f"{service}/{host}")


@contextmanager
def cache(credentials: Kerberos, host: str) -> Iterator[Cache]:
    """The cache that ``credentials`` name, or one in memory with a new ticket, destroyed at the end.

    Raises UsageError when a cache or keytab cannot be used, BindRefused when the KDC refuses or the tickets expired.
    """
    context = krb5.init_context()
    if credentials.password is None and credentials.keytab is None:
        yield _existing(context, credentials)
        return
    memory = krb5.cc_new_unique(context, b"MEMORY")
    try:
        ticket = _initial_ticket(context, credentials, host)
        krb5.cc_initialize(context, memory, ticket.client)
        krb5.cc_store_cred(context, memory, ticket)
        yield Cache(context, memory)
    finally:
        krb5.cc_destroy(context, memory)


def holder(credentials: Kerberos) -> str:
    """Whom the cache or the keytab belongs to. Raises UsageError when it cannot be read."""
    context = krb5.init_context()
    if credentials.keytab is not None:
        return _text(_keytab_principals(context, credentials)[0].name)
    found = _existing(context, credentials)
    return f"{found.user}@{found.realm}"


def _existing(context: krb5.Context, credentials: Kerberos) -> Cache:
    path = credentials.ccache
    try:
        opened = krb5.cc_default(context) if path is None else krb5.cc_resolve(context, f"FILE:{path}".encode())
        found = Cache(context, opened)
        ends_at = found.ends_at
    except krb5.Krb5Error as error:
        place = "Kerberos" if path is None else str(path)
        raise UsageError(f"no cache of tickets that can be read: run kinit ({_message(error)})", place=place) from error
    owner = f"{found.user}@{found.realm}"
    if credentials.user is not None and credentials.user.casefold() not in (owner.casefold(), found.user.casefold()):
        raise UsageError(f"this cache holds the tickets of {owner}, not of {credentials.user}", place=found.name)
    if ends_at is None:
        raise BindRefused(f"this cache holds no ticket of {owner}: run kinit", place=found.name)
    if ends_at <= time.time():
        expired = datetime.fromtimestamp(ends_at, UTC).isoformat(timespec="seconds")
        raise BindRefused(f"the tickets of {owner} expired at {expired}: run kinit", place=found.name)
    return found


def _initial_ticket(context: krb5.Context, credentials: Kerberos, host: str) -> krb5.Creds:
    """A ticket-granting ticket, asked for once.

    ``get_init_creds_password`` would try a refused password a second time, on the realm's primary KDC.
    """
    if credentials.keytab is not None:
        principal = _keytab_principal(context, credentials)
    else:
        principal = _account(context, credentials.user or "", host)
    options = krb5.get_init_creds_opt_alloc(context)
    krb5.get_init_creds_opt_set_canonicalize(options, True)
    request = krb5.init_creds_init(context, principal, options)
    try:
        if credentials.keytab is not None:
            keytab = _open_keytab(context, credentials)  # the binding keeps no hold of it for the request
            krb5.init_creds_set_keytab(context, request, keytab)
        else:
            krb5.init_creds_set_password(context, request, (credentials.password or "").encode())
        krb5.init_creds_get(context, request)
        return krb5.init_creds_get_creds(context, request)
    except krb5.Krb5Error as error:
        raise kerberos_failure(
            error.err_code, _message(error), account=credentials.name, realm=_text(principal.realm), host=host
        ) from error
    finally:
        del request  # pykrb5 0.10 crashes when the garbage collector finds it in the frame of an exception


def _account(context: krb5.Context, user: str, host: str) -> krb5.Principal:
    """The principal of name@suffix, asked for in the realm of the server: a suffix need not be the name of a domain
    (RFC 6806 section 5), and the KDC refers to another realm where that is the account's."""
    if "\\" in user:
        raise UsageError("Kerberos takes the account as name@domain", place=user)
    realm = host.partition(".")[2].upper()
    if realm:
        krb5.set_default_realm(context, realm.encode())
    flag = krb5.PrincipalParseFlags.enterprise if "@" in user else krb5.PrincipalParseFlags.none
    try:
        return krb5.parse_name_flags(context, user.encode(), flag)
    except krb5.Krb5Error as error:
        raise UsageError(f"is no account for Kerberos: {_message(error)}", place=user) from error


def _keytab_principal(context: krb5.Context, credentials: Kerberos) -> krb5.Principal:
    principals = _keytab_principals(context, credentials)
    if credentials.user is None:
        return principals[0]
    for principal in principals:
        if _text(principal.name).casefold() == credentials.user.casefold():
            return principal
    held = ", ".join(sorted({_text(principal.name) for principal in principals}))
    raise UsageError(f"this keytab has no key of {credentials.user}, only of {held}", place=str(credentials.keytab))


def _keytab_principals(context: krb5.Context, credentials: Kerberos) -> list[krb5.Principal]:
    try:
        principals = [krb5.copy_principal(context, key.principal) for key in _open_keytab(context, credentials)]
    except krb5.Krb5Error as error:
        raise UsageError(f"no keytab that can be read ({_message(error)})", place=str(credentials.keytab)) from error
    if not principals:
        raise UsageError("this keytab is empty", place=str(credentials.keytab))
    return principals


def _open_keytab(context: krb5.Context, credentials: Kerberos) -> krb5.KeyTab:
    return krb5.kt_resolve(context, f"FILE:{credentials.keytab}".encode())


def _message(error: krb5.Krb5Error) -> str:
    """What MIT says, without the number that the binding adds."""
    return str(error).removesuffix(str(error.err_code)).strip()


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
