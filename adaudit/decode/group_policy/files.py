"""Which decoder reads which file of a policy."""

from __future__ import annotations

from adaudit.decode.group_policy.setting import Decoded


def decode_policy_file(path: str, content: bytes) -> Decoded | None:
    """The settings of a file of a policy; None when adaudit has no decoder for such a file.

    ``path``: below the folder of the policy, with backslashes, in any case. Never raises: what cannot be read is an
    error in the result, beside what could.
    """
    return None


def decode_script(content: bytes) -> Decoded:
    """The lines of a script, or of any text, that hold a secret: kind ``script_secret``, section the line number.

    ``name`` is the form in which the secret stands (``net use``), ``value`` the line, masked. Never raises.
    """
    return Decoded()
