"""Files of group policies and the scripts beside them, to settings: hostile bytes in, rows out, secrets masked."""

from __future__ import annotations

from adaudit.decode.group_policy.files import decode_policy_file, decode_script
from adaudit.decode.group_policy.setting import MASK, Decoded, Setting

__all__ = ["MASK", "Decoded", "Setting", "decode_policy_file", "decode_script"]
