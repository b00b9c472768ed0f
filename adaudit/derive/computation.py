"""Every computed table, in the order in which they need one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from adaudit.derive.accepted import privileged_principals
from adaudit.derive.addresses import controller_addresses
from adaudit.derive.assignments import local_group_members, user_rights
from adaudit.derive.control import control_rights
from adaudit.derive.controllers import domain_controllers
from adaudit.derive.creators import computer_creators
from adaudit.derive.default_aces import default_aces
from adaudit.derive.delegation import delegation_targets
from adaudit.derive.effective import descriptor_rights
from adaudit.derive.facts import Facts
from adaudit.derive.file_rights import file_rights
from adaudit.derive.groups import nested_groups, privileged_accounts, privileged_groups
from adaudit.derive.inheritance import computed_coverage
from adaudit.derive.policy import applied_gpos
from adaudit.derive.policy_paths import policy_paths
from adaudit.derive.registry import registry_in_force
from adaudit.derive.resultant import policy_scopes, resultant_settings
from adaudit.derive.targets import policy_targets
from adaudit.derive.tier0 import tier0

COMPUTATIONS: tuple[Callable[[Facts], pa.Table], ...] = (
    nested_groups,
    privileged_groups,
    privileged_accounts,
    privileged_principals,
    domain_controllers,
    controller_addresses,
    descriptor_rights,
    control_rights,
    delegation_targets,
    default_aces,
    applied_gpos,
    tier0,
    computer_creators,
    policy_scopes,
    resultant_settings,
    policy_targets,
    registry_in_force,
    user_rights,
    local_group_members,
    policy_paths,
    file_rights,
)
"""Each is named as the table it returns."""


def derive(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Every table of ``schema.DERIVED``, and ``coverage``: the given rows with those of the computed tables.

    ``tables`` are collected ones; one that is missing is empty, a column that is missing is null.
    """
    return dict(derived(Facts(tables)))


def derived(facts: Facts) -> Iterator[tuple[str, pa.Table]]:
    """What ``derive`` returns, one table at a time, each computed when asked for; ``facts`` holds it from then on."""
    for computation in COMPUTATIONS:
        table = computation(facts)
        facts.add(computation.__name__, table)
        yield computation.__name__, table
    coverage = pa.concat_tables([facts.table("coverage"), computed_coverage(facts)])
    facts.add("coverage", coverage)
    yield "coverage", coverage
