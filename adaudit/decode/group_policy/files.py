"""Which decoder reads which file of a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adaudit.decode.errors import DecodeError
from adaudit.decode.group_policy.audit_policy import read_audit_policy
from adaudit.decode.group_policy.builder import Builder
from adaudit.decode.group_policy.ini import read_ini, read_scripts
from adaudit.decode.group_policy.preferences import read_preferences
from adaudit.decode.group_policy.registry_policy import read_registry_policy
from adaudit.decode.group_policy.secrets import mask_secrets
from adaudit.decode.group_policy.security_template import read_security_template
from adaudit.decode.group_policy.setting import Decoded
from adaudit.decode.group_policy.text import read_text

Read = Callable[[bytes, Builder], None]

_BY_NAME: Final[dict[str, tuple[str, Read]]] = {
    "gpttmpl.inf": ("security_template", read_security_template),
    "registry.pol": ("registry", read_registry_policy),
    "audit.csv": ("audit", read_audit_policy),
    "scripts.ini": ("script", read_scripts),
    "psscripts.ini": ("script", read_scripts),
    "gpt.ini": ("policy_version", read_ini),
    "fdeploy.ini": ("redirection", read_ini),
    "fdeploy1.ini": ("redirection", read_ini),
}


_ENCODED_SCRIPT: Final = "#@~^"
"""Begins what the Windows Script Encoder made (.vbe, .jse)."""


def decode_policy_file(path: str, content: bytes) -> Decoded | None:
    """The settings of a file of a policy; None when adaudit has no decoder for such a file.

    ``path``: below the folder of the policy, with backslashes, in any case. Never raises: what cannot be read is an
    error in the result, beside what could. Software installation (``.aas``, binary) is told by the name of its file;
    comments of the editor (``comment.cmtx``) set nothing.
    """
    folders, _, name = path.rpartition("\\")
    lowered = name.lower()
    if lowered in _BY_NAME:
        kind, read = _BY_NAME[lowered]
        return _decode(kind, read, content)
    if lowered.endswith(".xml") and "preferences" in folders.lower().split("\\"):
        kind = "scheduled_task" if lowered == "scheduledtasks.xml" else "preference"
        return _decode(kind, read_preferences, content)
    if lowered.endswith(".aas"):
        return _decode("software", lambda _, builder: builder.add("", name, ""), content)
    return Decoded() if lowered == "comment.cmtx" else None


def decode_script(content: bytes) -> Decoded:
    """The lines of a script, or of any text, that hold a secret: kind ``script_secret``, section the line number.

    ``name`` is the form in which the secret stands (``net use``), ``value`` the line, masked. Never raises.
    """
    return _decode("script_secret", _read_script, content)


def _decode(kind: str, read: Read, content: bytes) -> Decoded:
    builder = Builder(kind)
    try:
        read(content, builder)
    except DecodeError as error:
        builder.fail(str(error))
    return builder.done()


def _read_script(content: bytes, builder: Builder) -> None:
    text = read_text(content)[0].replace("\0", "")  # of UTF-16 behind a part in another encoding
    if _ENCODED_SCRIPT in text:
        builder.fail("an encoded script, which is not decoded")
    masked, found = mask_secrets(text)
    lines = masked.split("\n")
    for line, what in found:
        builder.add_masked(str(line), what, lines[line - 1].strip())
