"""Whether LDAP asks for signing and for channel binding: the auditor's own account, bound once with neither."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from adaudit.collect.messages import Result
from adaudit.collect.probes.account import AccountRefused
from adaudit.collect.probes.ldap_line import SASL_BIND_IN_PROGRESS, LdapLine
from adaudit.collect.probes.line import Line, Unanswered
from adaudit.collect.probes.model import Fact, Means, fact
from adaudit.collect.probes.tls import secure_unchecked

_SUCCESS: Final = 0
_STRONGER_AUTH_REQUIRED: Final = 8
_INVALID_CREDENTIALS: Final = 49
_BAD_BINDINGS: Final = re.compile(r"\bdata 80090346\b")
"""SEC_E_BAD_BINDINGS in the text of Windows' refusal (MS-ERREF 2.1.1)."""

_LONGEST_LOGON: Final = 4


def ldap_signing(line: Line, means: Means) -> Iterator[Fact]:
    """Binds over port 389 by SASL, without signing or sealing (MS-ADTS 5.1.1.1.2: LDAPServerIntegrity)."""
    result = _bind_unprotected(line, means)
    if result.code not in (_SUCCESS, _STRONGER_AUTH_REQUIRED):
        raise _refusal(result)
    yield fact("required", not result.is_success)
    yield "result", str(result)


def ldap_channel_binding(line: Line, means: Means) -> Iterator[Fact]:
    """Binds over LDAPS by SASL without channel binding (MS-ADTS 5.1.1.1.2: LdapEnforceChannelBinding).

    "never" and "when supported" look the same from here: to tell them apart takes a binding that is wrong on
    purpose, which Windows books as a failed logon.
    """
    secure_unchecked(line)
    result = _bind_unprotected(line, means)
    is_refused_for_it = result.code == _INVALID_CREDENTIALS and _BAD_BINDINGS.search(result.message) is not None
    if not result.is_success and not is_refused_for_it:
        raise _refusal(result)
    yield fact("required", is_refused_for_it)
    yield "result", str(result)


def _bind_unprotected(line: Line, means: Means) -> Result:
    if means.account is None:
        raise Unanswered("no account")
    ldap = LdapLine(line)
    with means.account.log_on("ldap", line.host, signing=False) as exchange:
        token = exchange.step()
        for _ in range(_LONGEST_LOGON):
            result, answer = ldap.bind_spnego(token)
            if result.code != SASL_BIND_IN_PROGRESS:
                break
            token = exchange.step(answer)
        if result.is_success and exchange.can_sign:
            raise Unanswered("signing was agreed upon although it was not asked for")
        return result


def _refusal(result: Result) -> Unanswered:
    kind = AccountRefused if result.code == _INVALID_CREDENTIALS else Unanswered
    return kind(f"the bind is refused, {result}")
