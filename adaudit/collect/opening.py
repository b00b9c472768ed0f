"""From the first packet to the end of the bind: the part of a connection that ldap3 does."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import ldap3
from ldap3.core.exceptions import LDAPExceptionError
from ldap3.protocol.sasl.sasl import send_sasl_negotiation

from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.connection import ReadOnlyConnection
from adaudit.collect.failures import BindRefused, open_failure, tls_failure
from adaudit.collect.messages import Scope, Search, decode_entry
from adaudit.collect.refusals import ClockSkew, bind_failure
from adaudit.collect.transport import Transport
from adaudit.decode.times import generalized_time
from adaudit.errors import ConnectionFailed, UsageError

_START_TLS_OID: Final = "1.3.6.1.4.1.1466.20037"
_SUCCESS: Final = 0
_SASL_BIND_IN_PROGRESS: Final = 14

_UNSOUND_ANSWER: Final = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What ldap3 raises, besides errors of its own, for an answer that is not sound LDAP."""

_MOST_BYTES: Final = 1 << 20
"""What all answers before the end of the bind may amount to; ldap3 has no limit of its own."""

_ISSUED_BY_A_DOMAIN: Final = bytes.fromhex("01 05 000000000005 15000000")
"""How the SID of an account begins, S-1-5-21 and four more parts: nobody's token holds one without a bind."""


class Opening:
    """A connection that nobody has authenticated yet; ``bind`` makes it one that can only read."""

    def __init__(self, host: str, port: int, *, timeout: float, address: str | None = None) -> None:
        """Open it, to ``address`` when that is given; ``host`` is the name that the server must prove.

        ``timeout`` is in seconds, for the opening and then for each wait for an answer. Raises ConnectionFailed.
        """
        self._host = host
        self._port = port
        self._address = address
        self._timeout = timeout
        self._place = f"{host}:{port}"
        try:
            server = ldap3.Server(address or host, port=port, get_info=ldap3.NONE, connect_timeout=timeout)
            self._client = ldap3.Connection(server, auto_referrals=False, check_names=False, read_only=True)
            self._client.open(read_server_info=False)
        except (LDAPExceptionError, OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA refuses
            raise open_failure(error, host, port, timeout) from error
        self._transport = Transport(self._client.socket, host, self._place, timeout)
        self._client.socket = _Bounded(self._transport)
        self._started_tls = False

    def start_tls(self, tls: ssl.SSLContext) -> None:
        """Secure the open connection (RFC 4511 section 4.14). Raises ConnectionFailed."""
        self._ask_start_tls()
        self.secure(tls)

    def _ask_start_tls(self) -> None:
        result = self._ask("StartTLS", lambda: self._client.extended(_START_TLS_OID))
        if result["result"] != _SUCCESS:
            raise ConnectionFailed(
                f"the server refuses StartTLS ({result['description']}): "
                "it may lack a certificate for its LDAP service",
                place=self._place,
            )
        self._started_tls = True

    def secure(self, tls: ssl.SSLContext) -> None:
        """Begin TLS, the certificate checked as ``tls`` says. Raises ConnectionFailed."""
        try:
            self._transport.secure(tls)
        except OSError as error:
            untrusted = isinstance(error, ssl.SSLCertVerificationError)
            certificate = self._presented_certificate() if untrusted else None
            raise tls_failure(error, self._host, self._place, certificate) from error

    def _presented_certificate(self) -> bytes | None:
        """The certificate just refused, in DER: a failed handshake does not show it, so on a connection of its own."""
        anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anyone.check_hostname = False
        anyone.verify_mode = ssl.CERT_NONE
        try:
            second = Opening(self._host, self._port, timeout=self._timeout, address=self._address)
            try:
                if self._started_tls:
                    second._ask_start_tls()
                second._transport.secure(anyone)
                return second._transport.certificate
            finally:
                second.close()
        except (ConnectionFailed, OSError):
            return None

    def bind(
        self, credentials: Credentials, *, seal: bool = False, allow_plaintext: bool = False
    ) -> ReadOnlyConnection:
        """Authenticate, once. With ``seal`` NTLM and Kerberos sign and seal what follows.

        Raises UsageError, unless ``allow_plaintext``, when a password or the directory would travel unencrypted;
        ConnectionFailed when the server, or a KDC, refuses.
        """
        if not (self._transport.has_tls or seal or allow_plaintext):
            raise UsageError("the password would travel in plain text", place=self._place)
        match credentials:
            case Simple():
                self._bind_simple(credentials)
            case Ntlm() | Kerberos():
                self._bind_sasl(credentials, seal)
            case ClientCertificate():
                self._bind_certificate(credentials)
        self._client = None
        return ReadOnlyConnection(self._transport, self._place)

    def close(self) -> None:
        self._transport.close()

    def _bind_simple(self, credentials: Simple) -> None:
        client = self._client
        client.user, client.password = credentials.user, credentials.password.encode()
        client.authentication = ldap3.SIMPLE
        self._expect_success(self._ask("the bind", lambda: client.bind(read_server_info=False)), credentials.user)

    def _bind_sasl(self, credentials: Ntlm | Kerberos, seal: bool) -> None:
        from adaudit.collect.sasl import MECHANISM, channel_bindings, exchange  # a simple bind does without

        bindings = channel_bindings(self._transport.certificate, self._place)
        try:
            with exchange(credentials, self._host, seal=seal, bindings=bindings) as tokens:
                result = self._negotiate(MECHANISM, tokens.step())
                while result["result"] == _SASL_BIND_IN_PROGRESS and not tokens.is_complete:
                    result = self._negotiate(MECHANISM, tokens.step(result["saslCreds"]))
                self._expect_success(result, credentials.name)
                if not tokens.is_complete:
                    tokens.step(result["saslCreds"])
        except ClockSkew as error:
            raise ClockSkew(server_time=self._server_time(), place=self._place) from error
        if not tokens.is_complete:
            raise BindRefused("the server accepts the account but does not prove who it is", place=self._place)
        if seal:
            self._transport.add_layer(tokens.layer())

    def _bind_certificate(self, credentials: ClientCertificate) -> None:
        """After StartTLS by the mechanism EXTERNAL; on a port of LDAPS AD has authenticated the client during the
        handshake and refuses to do it again (MS-ADTS 5.1.1.2)."""
        if self._started_tls:
            self._expect_success(self._negotiate("EXTERNAL", b""), credentials.name)
        elif not any(value.startswith(_ISSUED_BY_A_DOMAIN) for value in self._root_dse("tokenGroups")):
            raise BindRefused(
                f"the server maps the certificate {credentials.name} to no account: is it issued by an authority of "
                "the forest (NTAuth), with the account's UPN, or named in altSecurityIdentities?",
                place=self._place,
            )

    def _negotiate(self, mechanism: str, token: bytes | None) -> dict[str, Any]:
        client = self._client
        client.sasl_mechanism = mechanism
        return self._ask("the bind", lambda: send_sasl_negotiation(client, None, token))

    def _ask(self, what: str, request: Callable[[], object]) -> dict[str, Any]:
        """The result of a request that ldap3 makes."""
        try:
            request()
        except (LDAPExceptionError, OSError) as error:
            raise ConnectionFailed(f"no answer to {what}: {error}", place=self._place) from error
        except _UNSOUND_ANSWER:
            raise MalformedAnswer(f"that to {what}", place=self._place) from None
        result: dict[str, Any] = self._client.result
        return result

    def _expect_success(self, result: dict[str, Any], account: str) -> None:
        if result["result"] != _SUCCESS:
            ReadOnlyConnection(self._transport, self._place).unbind()
            raise bind_failure(result["result"], result["message"], account, self._place)

    def _server_time(self) -> datetime | None:
        """Of the server's clock, which anyone may ask."""
        try:
            times = self._root_dse("currentTime")
        except ConnectionFailed:
            return None
        return generalized_time(times[0]) if times else None

    def _root_dse(self, attribute: str) -> list[bytes]:
        connection = ReadOnlyConnection(self._transport, self._place)
        page = next(connection.search(Search("", Scope.BASE, (attribute,)), page_size=None))
        return [value for entry in page.entries for value in decode_entry(entry)[1].get(attribute, [])]


class _Bounded:
    """The socket as ldap3 uses it, of which no more than ``_MOST_BYTES`` are read."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._left = _MOST_BYTES

    def recv(self, count: int) -> bytes:
        received = self._transport.socket.recv(count)
        self._left -= len(received)
        if self._left < 0:
            raise OSError(f"an answer of more than {_MOST_BYTES} bytes")
        return received

    def sendall(self, data: bytes) -> None:
        self._transport.socket.sendall(data)

    def shutdown(self, how: int) -> None:
        self._transport.socket.shutdown(how)

    def close(self) -> None:
        self._transport.close()
