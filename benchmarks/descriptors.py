"""Security descriptors: adaudit's decoder beside impacket's on the same bytes, as ratios of CPU time in one run.

``python benchmarks/descriptors.py`` makes a directory's worth of descriptors: 43 ACEs each, of which 35 are shared
as inherited ones are, and one object in 25 with a descriptor of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from impacket.ldap.ldaptypes import SR_SECURITY_DESCRIPTOR

from adaudit.decode.descriptor import parse_descriptor
from adaudit.decode.descriptor_encode import NewAce, encode_descriptor

DISTINCT = 1000
REPEATS = 25
REFEREE_SAMPLE = 60
SHARED_ACES, OWN_ACES = 35, 8


def make_descriptors(seed: int) -> list[bytes]:
    """Distinct descriptors, the same for a seed and with nothing in common between seeds."""
    rng = np.random.default_rng(seed)
    domain = f"S-1-5-21-{seed}-1177238915-682003330"
    guids = [f"{seed:08x}-{number:04x}-11d0-a285-00aa003049e2" for number in range(300)]
    trustees = [f"{domain}-{rid}" for rid in range(500, 3000)]

    def aces(count: int, flags: int) -> list[NewAce]:
        masks = rng.choice((0x10, 0x20, 0x30, 0x100), count).tolist()
        return [
            NewAce(5, mask, str(rng.choice(trustees)), flags, str(rng.choice(guids)))
            if mask != 0x100
            else NewAce(0, 0xF01FF, str(rng.choice(trustees)), flags)
            for mask in masks
        ]

    shared = aces(SHARED_ACES, 0x12)
    return [encode_descriptor(f"{domain}-512", f"{domain}-513", [*aces(OWN_ACES, 0), *shared]) for _ in range(DISTINCT)]


def cpu_seconds(decode: Callable[[bytes], object], values: Sequence[bytes]) -> float:
    """CPU seconds per value."""
    start = time.process_time()
    for value in values:
        decode(value)
    return (time.process_time() - start) / len(values)


def main() -> None:
    once = make_descriptors(seed=1)
    repeated = [bytes(bytearray(value)) for value in make_descriptors(seed=2) for _ in range(REPEATS)]
    referee = cpu_seconds(SR_SECURITY_DESCRIPTOR, once[:REFEREE_SAMPLE])
    for label, values in (("distinct descriptors", once), ("repeats included", repeated)):
        ours = cpu_seconds(parse_descriptor, values)
        print(f"{label:>22}: impacket {referee * 1e6:8.1f} µs, adaudit {ours * 1e6:6.1f} µs, {referee / ours:6.0f}×")


if __name__ == "__main__":
    main()
