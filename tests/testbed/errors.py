from __future__ import annotations


class TestbedError(Exception):
    """The test directory cannot be made or started here; the message says what is missing."""

    __test__ = False
