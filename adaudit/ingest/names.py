"""Distinguished names as keys: comparable without case, with their parent."""

from __future__ import annotations


def dn_key(dn: str) -> str:
    """``dn`` as compared: two spellings of one server differ at most in case."""
    return dn.lower()


def parent_of(dn: str) -> str:
    """``dn`` without its first RDN; empty for a single RDN. An escaped comma does not end an RDN (RFC 4514)."""
    cut = dn.find(",")
    while cut > 0:
        if dn[cut - 1] != "\\" or (cut - len(dn[:cut].rstrip("\\"))) % 2 == 0:
            return dn[cut + 1 :]
        cut = dn.find(",", cut + 1)
    return ""


def is_below(key: str, head: str) -> bool:
    """``key`` is the DN key ``head`` or one below it."""
    return key == head or key.endswith("," + head)
