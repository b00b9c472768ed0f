"""Who reads a directory, and how it is proved: what the connection presents to the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from adaudit.errors import UsageError


@dataclass(frozen=True)
class _WithPassword:
    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_account(self.user, self.password)

    @property
    def name(self) -> str:
        """How logs and the manifest call the account."""
        return self.user


class Simple(_WithPassword):
    """A simple bind; ``user`` is a UPN, DOMAIN\\name or DN. The server receives the password itself."""

    @property
    def as_ntlm(self) -> Ntlm | None:
        """The same account where there is no simple bind; None for a DN, which LDAP alone understands."""
        return None if "=" in self.user else Ntlm(self.user, self.password)


class Ntlm(_WithPassword):
    """NTLMv2; ``user`` is DOMAIN\\name, a UPN or a name of the server's own domain."""


@dataclass(frozen=True)
class Kerberos:
    """A password, a keytab or a cache of tickets; with none of them what this session of the system holds:
    the logged-on user on Windows, the default cache (``KRB5CCNAME``) elsewhere.

    ``user`` is name@domain. Without it a keytab means its first entry, a cache the account it belongs to.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ccache: Path | None = None
    keytab: Path | None = None

    def __post_init__(self) -> None:
        given = [source for source in (self.password, self.ccache, self.keytab) if source is not None]
        if len(given) > 1:
            raise UsageError("of a password, a ccache and a keytab, Kerberos takes one")
        if self.user is not None:
            _check_account(self.user, "unused" if self.password is None else self.password)
        elif self.password is not None:
            raise UsageError("a password without a user")

    @property
    def name(self) -> str:
        """How logs and the manifest call the account."""
        return self.user or "the logged-on user"


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate that the directory maps to an account, and its key, both PEM; one file may hold the two."""

    certificate: Path
    key: Path | None = None

    @property
    def name(self) -> str:
        """The subject of the certificate. Raises UsageError when it cannot be read."""
        from cryptography import x509

        try:
            return x509.load_pem_x509_certificate(self.certificate.read_bytes()).subject.rfc4514_string()
        except (OSError, ValueError) as error:
            raise UsageError("holds no PEM certificate that can be read", place=str(self.certificate)) from error


Credentials = Simple | Ntlm | Kerberos | ClientCertificate


def _check_account(user: str, password: str) -> None:
    """An empty password asks for an anonymous session (RFC 4513 section 5.1.2), which no account refuses; one that is
    not text cannot be the right one."""
    if not user:
        raise UsageError("the name of the account is empty")
    if not password:
        raise UsageError("the password is empty", place=user)
    try:
        user.encode()
    except UnicodeEncodeError:
        raise UsageError("the name of the account is not text", place=ascii(user)) from None
    try:
        password.encode()
    except UnicodeEncodeError:
        raise UsageError("the password is not text: it must be given in UTF-8", place=user) from None
