"""The transport below an SMB session, which hands over only answers that the server signed or sealed.

impacket signs and seals what it sends and believes whatever comes back: the checks of MS-SMB2 3.2.5.1 are made here.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

_MOST_ANSWERS: Final = 64
"""To one request: the answer, and before it words that it takes time."""

_SEALED: Final = b"\xfdSMB"
_STATUS_PENDING: Final = 0x00000103
_FLAG_SIGNED: Final = 0x8
_SIGNATURE: Final = slice(48, 64)
_SMB_3_0: Final = 0x0300


class NotSigned(Exception):
    """An answer that does not come from the server, or was changed on its way."""


class Answers:
    """Stands for impacket's transport. Before ``demand`` any answer passes: there is no key yet."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._latest = b""
        self._count = 0
        self._dialect = 0
        self._signing_key = b""
        self._sealing_key: bytes | None = None

    def demand(self, dialect: int, signing_key: bytes, sealing_key: bytes | None) -> None:
        """From here on, and of the latest answer, which ended the login, demand a signature, or a seal when
        ``sealing_key`` is given. Raises NotSigned."""
        self._dialect, self._signing_key = dialect, signing_key
        self._check_signature(self._latest)
        self._sealing_key = sealing_key

    def send_packet(self, data: bytes) -> None:
        self._count = 0
        self._transport.send_packet(data)

    def recv_packet(self, timeout: float | None = None) -> Any:
        """The next answer. Raises NotSigned, besides what impacket raises."""
        self._count += 1
        if self._count > _MOST_ANSWERS:
            raise NotSigned(f"more than {_MOST_ANSWERS} answers to one request")
        packet = self._transport.recv_packet(timeout)
        self._latest = packet.get_trailer()
        if self._sealing_key is not None:
            self._check_seal(self._latest, self._sealing_key)
        elif self._signing_key:
            self._check_signature(self._latest)
        return packet

    def get_socket(self) -> Any:
        return self._transport.get_socket()

    def close(self) -> None:
        self._transport.close()

    def _check_seal(self, answer: bytes, key: bytes) -> None:
        """AES-128-CCM with a nonce of 11 bytes; all of the header after the tag is authenticated (MS-SMB2 2.2.41)."""
        if not answer.startswith(_SEALED):
            raise NotSigned("an answer that is not encrypted in a session that is")
        tag, nonce, header = answer[4:20], answer[20:31], answer[20:52]
        try:
            AESCCM(key).decrypt(nonce, answer[52:] + tag, header)
        except InvalidTag:
            raise NotSigned("an encrypted answer that was changed on its way") from None

    def _check_signature(self, answer: bytes) -> None:
        """HMAC-SHA256 before SMB 3.0, AES-128-CMAC since (MS-SMB2 3.1.4.1); interim answers bear none."""
        status = int.from_bytes(answer[8:12], "little")
        if status == _STATUS_PENDING:
            return
        if not int.from_bytes(answer[16:20], "little") & _FLAG_SIGNED:
            raise NotSigned("an answer that is not signed")
        unsigned = answer[:48] + bytes(16) + answer[64:]
        if self._dialect < _SMB_3_0:
            expected = hmac.digest(self._signing_key, unsigned, hashlib.sha256)[:16]
        else:
            mac = CMAC(AES(self._signing_key))
            mac.update(unsigned)
            expected = mac.finalize()
        if not hmac.compare_digest(expected, answer[_SIGNATURE]):
            raise NotSigned("an answer whose signature is not the server's")
