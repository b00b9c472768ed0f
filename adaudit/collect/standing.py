"""Whether the account of a collection may still be presented."""

from __future__ import annotations

from adaudit.collect.failures import BindRefused


class Standing:
    """Shared by everything that authenticates: once a server or a KDC has refused the account, it is presented to
    none any more, by no protocol. ``refusal``: what was said then."""

    def __init__(self) -> None:
        self.refusal: str | None = None

    def check(self) -> None:
        """Raises BindRefused once the account was refused."""
        if self.refusal is not None:
            raise BindRefused(f"not tried, the account was refused before: {self.refusal}")
