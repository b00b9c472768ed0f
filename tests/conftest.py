"""Fixtures shared by every folder of tests: the two test directories, started when a test first asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.testbed import Directory

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def samba_baseline() -> Iterator[Directory]:
    """A freshly provisioned Samba domain with one ordinary account added."""
    from tests.testbed import running  # POSIX only: the tests without a directory also run on Windows

    with running("baseline") as directory:
        yield directory


@pytest.fixture(scope="session")
def samba_scenario() -> Iterator[Directory]:
    """A hospital's domain full of weaknesses, each with a healthy control object beside it."""
    from tests.testbed import running

    with running("scenario") as directory:
        yield directory


@pytest.fixture(scope="session")
def samba_paths() -> Iterator[Directory]:
    """A domain whose only ways to tier 0 are planted, each beside one that gives nothing."""
    from tests.testbed import running

    with running("paths") as directory:
        yield directory


@pytest.fixture(scope="session")
def samba_second() -> Iterator[Directory]:
    """Another controller of the domain of ``samba_baseline``, which tells of two more domains in the forest."""
    from tests.testbed.forest import second_controller

    with second_controller() as directory:
        yield directory


@pytest.fixture(scope="session")
def samba_elsewhere() -> Iterator[Directory]:
    """The controller of one of those domains."""
    from tests.testbed.forest import second_domain

    with second_domain() as directory:
        yield directory
