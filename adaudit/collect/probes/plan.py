"""Which probes a server gets: a list to show before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from adaudit.collect.probes.anonymous import ldap_anonymous, smb_null_session
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


class _Kind(NamedTuple):
    probe: str
    port: int
    ask: Ask
    description: str
    needs_account: bool = False


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
        _Kind(name, _LDAPS, TlsVersion(version), f"TLS handshake with {version.name.replace('_', '.')} alone")
        for name, version in VERSIONS.items()
    ),
    _Kind("smb_1", _SMB, smb_1, "negotiation of SMB 1 alone"),
    *(
        _Kind(dialect.name.lower(), _SMB, SmbDialect(dialect), f"negotiation of {dialect.name.replace('_', '.')} alone")
        for dialect in Dialect
    ),
    _Kind("smb_null_session", _SMB, smb_null_session, "anonymous session, IPC$, pipes lsarpc, samr, netlogon opened"),
    _Kind("ntlm_ldap", _LDAP, ntlm_over_ldap, "first message of an NTLM bind, of nobody"),
    _Kind("ntlm_smb", _SMB, ntlm_over_smb, "first message of an NTLM session, of nobody"),
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
    for url in (*(f"{scheme}://{target.host}{_PAGE}" for scheme in DEFAULT_PORTS), *target.urls):
        parts = web_address(url)
        if parts is None or parts.hostname is None:
            continue
        path = parts.path or "/"
        yield PlannedProbe(
            parts.hostname,
            parts.port or DEFAULT_PORTS[parts.scheme],
            f"web_enrolment {parts.scheme} {path}",
            f"GET {url}, of nobody",
            WebPage(path, is_secure=parts.scheme == "https"),
            target.address if parts.hostname == target.host.lower() else None,
        )
