"""Tables computed from the collected ones."""

from adaudit.derive.computation import derive

__all__ = ["derive"]
