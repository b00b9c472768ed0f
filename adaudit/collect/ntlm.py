"""NTLM by pyspnego itself on every system, so that the one tested is the one used: NTLMv2 with full keys, or none."""

from __future__ import annotations

import os
from typing import Final

import spnego
from spnego.channel_bindings import GssChannelBindings

from adaudit.collect.authentication import Ntlm
from adaudit.errors import UsageError

_KEY_EXCHANGE: Final = 0x40000000
_STRONG: Final = 0x20000000 | 0x00080000
"""NTLMSSP_NEGOTIATE_KEY_EXCH; _128 and _EXTENDED_SESSIONSECURITY (MS-NLMP 2.2.2.5)."""

_LEVEL: Final = "LM_COMPAT_LEVEL"
_LEVELS_OF_NTLMV2: Final = ("3", "4", "5")


def client(
    credentials: Ntlm,
    service: str,
    host: str,
    flags: spnego.ContextReq,
    bindings: GssChannelBindings | None = None,
) -> spnego.ContextProxy:
    """The client's side of a logon to ``service`` of ``host``. Raises UsageError when the environment wants NTLMv1."""
    if os.environ.get(_LEVEL, _LEVELS_OF_NTLMV2[0]) not in _LEVELS_OF_NTLMV2:
        raise UsageError(f"{_LEVEL} asks for less than NTLMv2, which no controller should take: unset it")
    context = spnego.client(
        spnego.Password(credentials.user, credentials.password),
        None,
        host,
        service,
        bindings,
        context_req=flags,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
    )
    if not flags & spnego.ContextReq.integrity:
        # It would ask for a key exchange all the same and send a key of one byte, which Samba refuses.
        context._context_req &= ~_KEY_EXCHANGE
    return context


def has_strong_keys(context: spnego.ContextProxy) -> bool:
    """Whether 128 bits protect what follows, in the way of NTLMv2: a challenge that was tampered with may say less."""
    return context._context_attr & _STRONG == _STRONG
