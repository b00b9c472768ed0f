"""The fingerprint of RSA keys that a faulty generator made (ROCA, CVE-2017-15361)."""

from __future__ import annotations

from functools import cache

_GENERATOR = 65537
_LARGEST_PRIME = 167
"""Keys of every size share the 39 smallest primes, up to this one, in the construction below."""


@cache
def _subgroups() -> tuple[tuple[int, frozenset[int]], ...]:
    """Odd primes with the powers of 65537 modulo each, where those are not all the residues: the others say nothing."""
    primes = [p for p in range(3, _LARGEST_PRIME + 1) if all(p % d for d in range(2, p))]
    subgroups = ((p, frozenset(pow(_GENERATOR, exponent, p) for exponent in range(p))) for p in primes)
    return tuple((p, powers) for p, powers in subgroups if len(powers) < p - 1)


def has_roca_fingerprint(modulus: int) -> bool:
    """The modulus of an RSA key looks as if both primes came from the faulty generator.

    That generator makes primes ``k·M + (65537^a mod M)``, with ``M`` the product of the first primes: modulo each of
    them the modulus is a power of 65537. A sound modulus passes about once in 2**27.
    """
    return all(modulus % prime in powers for prime, powers in _subgroups())
