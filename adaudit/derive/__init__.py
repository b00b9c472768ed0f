"""Tables computed from the collected ones."""

from adaudit.derive.computation import derive, derived

__all__ = ["derive", "derived"]
