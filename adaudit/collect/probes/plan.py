"""Which probes a server gets: a list to show before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from urllib.parse import quote

from adaudit.collect.probes.anonymous import OPEN_TO_NOBODY, ldap_anonymous, smb_null_session
from adaudit.collect.probes.ldap_binding import ldap_channel_binding, ldap_signing
from adaudit.collect.probes.model import Ask, PlannedProbe, Target, TargetKind
from adaudit.collect.probes.ntlm_negotiation import ntlm_over_ldap, ntlm_over_smb
from adaudit.collect.probes.pipes import PIPES, smb_pipes
from adaudit.collect.probes.smb_messages import Dialect
from adaudit.collect.probes.smb_negotiation import SmbDialect, smb_1
from adaudit.collect.probes.tls import VERSIONS, TlsVersion, ldaps_certificate, ldaps_trust, start_tls
from adaudit.collect.probes.web_enrolment import DEFAULT_PORTS, WebPage, web_address

_LDAP: Final = 389
_LDAPS: Final = 636
_SMB: Final = 445
_PAGE: Final = "/certsrv/"
_SERVICE: Final = "_CES_Kerberos/service.svc"
"""What follows the name of an authority in the path of its enrolment service by default."""


class _Kind(NamedTuple):
    probe: str
    port: int
    ask: Ask
    description: str
    needs_account: bool = False


def _words(name: str) -> str:
    """TLS 1.2 for tls_1_2."""
    protocol, _, version = name.partition("_")
    return f"{protocol.upper()} {version.replace('_', '.')}"


_CONTROLLER: Final = (
    _Kind("ldap_signing", _LDAP, ldap_signing, "SASL bind of your account without signing", needs_account=True),
    _Kind(
        "ldap_channel_binding",
        _LDAPS,
        ldap_channel_binding,
        "SASL bind of your account over TLS without channel binding",
        needs_account=True,
    ),
    _Kind("ldap_anonymous", _LDAP, ldap_anonymous, "anonymous bind, rootDSE, name of one object of the domain"),
    _Kind("ldaps_certificate", _LDAPS, ldaps_certificate, "TLS handshake, any certificate accepted"),
    _Kind("ldaps_trust", _LDAPS, ldaps_trust, "TLS handshake, certificate checked"),
    _Kind("ldap_start_tls", _LDAP, start_tls, "StartTLS and TLS handshake, any certificate accepted"),
    *(
        _Kind(name, _LDAPS, TlsVersion(version), f"TLS handshake with {_words(name)} alone")
        for name, version in VERSIONS.items()
    ),
    _Kind("smb_1", _SMB, smb_1, "negotiation of SMB 1 alone"),
    *(
        _Kind(name, _SMB, SmbDialect(dialect), f"negotiation of {_words(name)} alone")
        for name, dialect in ((dialect.name.lower(), dialect) for dialect in Dialect)
    ),
    _Kind(
        "smb_null_session",
        _SMB,
        smb_null_session,
        f"anonymous session, IPC$, pipes {', '.join(OPEN_TO_NOBODY)} opened and closed",
    ),
    _Kind("ntlm_ldap", _LDAP, ntlm_over_ldap, "first message of an NTLM bind, which names nobody"),
    _Kind("ntlm_smb", _SMB, ntlm_over_smb, "first message of an NTLM session, which names nobody"),
    _Kind(
        "smb_pipes",
        _SMB,
        smb_pipes,
        f"session of your account, IPC$, pipes {', '.join(PIPES.values())} opened and closed",
        needs_account=True,
    ),
)


def plan(targets: Iterable[Target]) -> list[PlannedProbe]:
    """Every connection that ``run_probes`` would make, in its order; nothing is sent."""
    probes: dict[tuple[str, int, str], PlannedProbe] = {}
    for target in targets:
        for probe in _of_controller(target) if target.kind is TargetKind.CONTROLLER else _of_enrolment(target):
            probes.setdefault((probe.server.lower(), probe.port, probe.probe), probe)
    return list(probes.values())


def _of_controller(target: Target) -> Iterator[PlannedProbe]:
    for kind in _CONTROLLER:
        yield PlannedProbe(
            target.host, kind.port, kind.probe, kind.description, kind.ask, target.address, kind.needs_account
        )


def _of_enrolment(target: Target) -> Iterator[PlannedProbe]:
    paths = [_PAGE, *(f"/{quote(name)}{_SERVICE}" for name in target.authorities)]
    for url in (*(f"{scheme}://{target.host}{path}" for path in paths for scheme in DEFAULT_PORTS), *target.urls):
        parts = web_address(url)
        if parts is None or parts.hostname is None:
            continue
        yield PlannedProbe(
            parts.hostname,
            parts.port or DEFAULT_PORTS[parts.scheme],
            f"web_enrolment {url}",
            "GET without credentials",
            WebPage(parts.path or "/", is_secure=parts.scheme == "https"),
            target.address if parts.hostname == target.host.lower() else None,
        )
