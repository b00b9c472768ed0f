"""What a file of a policy holds, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MASK: Final = "******"
"""Stands for a secret, whatever its length."""


@dataclass(frozen=True)
class Setting:
    """One setting, as text. Where a secret stood, ``is_secret`` is true and ``value`` bears ``MASK`` in its place.

    ``kind``: security_template, registry, preference, scheduled_task, audit, script, redirection, software,
    policy_version or script_secret.
    ``section``: registry key, [section], element or line; ``value_type``: REG_DWORD, REG_SZ … or "" when none.
    """

    kind: str
    section: str
    name: str
    value: str
    value_type: str = ""
    is_secret: bool = False


@dataclass(frozen=True)
class Decoded:
    """The settings of a file in its order, and what in it could not be read, with the place (``line 12: …``)."""

    settings: tuple[Setting, ...] = ()
    errors: tuple[str, ...] = ()
