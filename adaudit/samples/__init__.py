"""A synthetic group of hospitals: invented directories whose weaknesses are known, of any size, from a seed."""

from adaudit.samples.generate import DEFAULT_SEED, generate
from adaudit.samples.profile import AS_OF, HOSPITALS
from adaudit.samples.shared import write_shared_staff
from adaudit.samples.truth import Truth, read_truth

__all__ = ["AS_OF", "DEFAULT_SEED", "HOSPITALS", "Truth", "generate", "read_truth", "write_shared_staff"]
