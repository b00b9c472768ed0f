"""The committed samples, and the entries a forest is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.samples import HOSPITALS

COMMITTED = Path(__file__).parents[2] / "samples"


@pytest.fixture(params=HOSPITALS)
def hospital(request: pytest.FixtureRequest) -> str:
    return str(request.param)
