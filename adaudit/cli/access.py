"""Options that say which server, who reads it and how that is proved and protected."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Final, TypeVar

import click

from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.errors import UsageError
from adaudit.visible import visible

VARIABLE: Final = "ADAUDIT_PASSWORD"

_PATH: Final = click.Path(path_type=Path)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Access:
    """What was asked for; ``server`` is None when none was named."""

    server: str | None
    user: str | None
    auth: str
    ccache: Path | None
    keytab: Path | None
    client_cert: Path | None
    client_key: Path | None
    ca_file: Path | None
    security: Security
    port: int | None
    password_file: Path | None
    timeout: float

    @property
    def endpoint(self) -> Endpoint:
        """The server that was named. Raises UsageError when none was."""
        if self.server is None:
            raise UsageError("name a domain controller with --server")
        return self.endpoint_of(self.server)

    def endpoint_of(self, host: str, address: str | None = None) -> Endpoint:
        """Another server, reached in the same way; ``address`` is its IP when it is known."""
        return Endpoint(host, self.security, self.port, self.ca_file, self.timeout, address)

    @property
    def names_domain(self) -> bool:
        """Whether every domain of a forest takes the account for the same one."""
        bare_names = self.auth in ("simple", "ntlm") and self.user is not None
        return not bare_names or any(mark in (self.user or "") for mark in "@\\=")

    def credentials(self) -> Credentials:
        """Who reads; asks for the password when one is needed and none was given. Raises UsageError."""
        if self.auth == "certificate":
            if self.client_cert is None:
                raise UsageError("--auth certificate needs --client-cert")
            return ClientCertificate(self.client_cert, self.client_key)
        if self.auth == "kerberos":
            from adaudit.collect.kerberos import identified

            asks = self.user is not None and self.ccache is None and self.keytab is None
            password = self._password() if asks else None
            return identified(Kerberos(self.user, password, self.ccache, self.keytab))
        if self.user is None:
            raise UsageError("say who reads with --user")
        return Ntlm(self.user, self._password()) if self.auth == "ntlm" else Simple(self.user, self._password())

    def _password(self) -> str:
        if self.password_file is not None:
            try:
                return self.password_file.read_text(encoding="utf-8-sig").rstrip("\r\n")
            except OSError as error:
                raise UsageError(f"cannot be read: {error.strerror}", place=str(self.password_file)) from error
            except UnicodeDecodeError:
                raise UsageError("holds no text in UTF-8", place=str(self.password_file)) from None
        if VARIABLE in os.environ:
            return os.environ[VARIABLE]
        if not sys.stdin.isatty():
            raise UsageError(f"no password: set {VARIABLE}, or give --password-file")
        password: str = click.prompt(f"Password of {visible(self.user or '')}", hide_input=True, err=True)
        return password


def access_options(callback: Callable[..., _Answer]) -> Callable[..., _Answer]:
    """Adds the options and hands them to ``callback`` as one ``Access``, in its keyword argument ``access``."""

    @click.option("--server", metavar="HOST", help="Domain controller, by the name its certificate bears.")
    @click.option("--user", help="Who reads: user@domain, DOMAIN\\name or a DN. An ordinary account will do.")
    @click.option(
        "--auth",
        type=click.Choice(["simple", "ntlm", "kerberos", "certificate"]),
        help="How to log on. Default: simple, or what --ccache, --keytab or --client-cert call for. "
        "kerberos without --user takes the tickets at hand: the logged-on user's, or kinit's.",
    )
    @click.option("--ccache", type=_PATH, metavar="FILE", help="Kerberos tickets, as kinit makes them.")
    @click.option("--keytab", type=_PATH, metavar="FILE", help="Kerberos key of the account.")
    @click.option("--client-cert", type=_PATH, metavar="FILE", help="Certificate of the account, PEM.")
    @click.option("--client-key", type=_PATH, metavar="FILE", help="Its key, when it is not in the same file.")
    @click.option(
        "--ca-file", type=_PATH, metavar="FILE", help="Certificates to trust instead of the system's, PEM or DER."
    )
    @click.option("--start-tls", is_flag=True, help="Secure port 389 by TLS instead of using LDAPS on 636.")
    @click.option("--sealed", is_flag=True, help="Sign and encrypt on port 389 by NTLM or Kerberos, without TLS.")
    @click.option("--allow-plaintext", is_flag=True, help="Send the password and read the directory unencrypted.")
    @click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Default: 636 for LDAPS, else 389.")
    @click.option(
        "--password-file",
        type=_PATH,
        metavar="FILE",
        help=f"File that holds the password; else the variable {VARIABLE}, else a prompt.",
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(min=1, max=86400),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for each answer.",
    )
    @wraps(callback)
    def with_access(
        *,
        server: str | None,
        user: str | None,
        auth: str | None,
        ccache: Path | None,
        keytab: Path | None,
        client_cert: Path | None,
        client_key: Path | None,
        ca_file: Path | None,
        start_tls: bool,
        sealed: bool,
        allow_plaintext: bool,
        port: int | None,
        password_file: Path | None,
        timeout: float,
        **others: object,
    ) -> _Answer:
        method = auth or _implied(ccache or keytab, client_cert)
        access = Access(
            server=server,
            user=user,
            auth=method,
            ccache=ccache,
            keytab=keytab,
            client_cert=client_cert,
            client_key=client_key,
            ca_file=ca_file,
            security=_security(start_tls=start_tls, sealed=sealed, allow_plaintext=allow_plaintext),
            port=port,
            password_file=password_file,
            timeout=timeout,
        )
        _check(access)
        return callback(access=access, **others)

    return with_access


def _implied(tickets: Path | None, client_cert: Path | None) -> str:
    if tickets is not None:
        return "kerberos"
    return "simple" if client_cert is None else "certificate"


def _security(*, start_tls: bool, sealed: bool, allow_plaintext: bool) -> Security:
    asked = {
        "--start-tls": (start_tls, Security.START_TLS),
        "--sealed": (sealed, Security.SEALED),
        "--allow-plaintext": (allow_plaintext, Security.PLAINTEXT),
    }
    given = {option: security for option, (is_given, security) in asked.items() if is_given}
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other")
    return next(iter(given.values()), Security.LDAPS)


def _check(access: Access) -> None:
    """Refuse now what contradicts itself, before any password is asked for."""
    for option, value, methods in (
        ("--ccache", access.ccache, ("kerberos",)),
        ("--keytab", access.keytab, ("kerberos",)),
        ("--client-cert", access.client_cert, ("certificate",)),
        ("--client-key", access.client_key, ("certificate",)),
        ("--user", access.user, ("simple", "ntlm", "kerberos")),
        ("--password-file", access.password_file, ("simple", "ntlm", "kerberos")),
    ):
        if value is not None and access.auth not in methods:
            raise UsageError(f"{option} has no meaning with --auth {access.auth}")
    if access.ccache is not None and access.keytab is not None:
        raise UsageError("--ccache and --keytab exclude each other")
    if access.password_file is not None and (access.ccache or access.keytab):
        raise UsageError("--password-file has no meaning with --ccache or --keytab")
    if access.security is Security.SEALED and access.auth not in ("ntlm", "kerberos"):
        raise UsageError("--sealed needs --auth ntlm or --auth kerberos")
    if access.auth == "certificate" and not access.security.has_tls:
        raise UsageError("a client certificate needs TLS: leave out --allow-plaintext")
