"""Addresses of domain controllers and the subnets that hold them."""

from __future__ import annotations

from typing import Any

import pytest

ZONE = {"object_id": 30, "name": "corp.test"}
CONTROLLER = {"object_id": 5, "domain_id": 0, "primary_group_rid": 516, "dns_host_name": "DC1.corp.test"}


def record(data: str, kind: str = "A", name: str = "dc1", zone: int = 30) -> dict[str, Any]:
    return {"zone_id": zone, "name": name, "type": kind, "data": data}


def subnet(object_id: int, prefix: str, site: int | None = 90) -> dict[str, Any]:
    return {"object_id": object_id, "prefix": prefix, "site_id": site}


def located(compute: Any, records: list[dict[str, Any]], subnets: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    found = compute(computers=[CONTROLLER], dns_zones=[ZONE], dns_records=records, subnets=subnets)
    return [tuple(row.values()) for row in found["controller_addresses"]]


def test_the_longest_subnet_that_holds_the_address_is_chosen(compute: Any) -> None:
    subnets = [subnet(1, "10.0.0.0/8"), subnet(2, "10.12.0.0/16", 91), subnet(3, "10.13.0.0/16")]
    assert located(compute, [record("10.12.0.11")], subnets) == [(5, "10.12.0.11", 2, 91)]


def test_an_address_of_version_6_is_compared_with_subnets_of_its_version_alone(compute: Any) -> None:
    subnets = [subnet(1, "0.0.0.0/0"), subnet(2, "2001:db8:12::/48", None)]
    records = [record("2001:db8:12::11", "AAAA"), record("2001:db8:13::11", "AAAA")]
    assert located(compute, records, subnets) == [(5, "2001:db8:12::11", 2, None), (5, "2001:db8:13::11", None, None)]


def test_a_record_at_the_head_of_a_zone_named_as_the_controller_counts(compute: Any) -> None:
    zone = {"object_id": 31, "name": "dc1.corp.test"}
    found = compute(computers=[CONTROLLER], dns_zones=[zone], dns_records=[record("10.1.0.1", name="@", zone=31)])
    assert [row["address"] for row in found["controller_addresses"]] == ["10.1.0.1"]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.7.7", "not an address", "::1"])
def test_addresses_that_no_subnet_can_hold_are_left_out(compute: Any, address: str) -> None:
    assert located(compute, [record(address), record(address, "AAAA")], []) == []


def test_a_malformed_subnet_holds_nothing(compute: Any) -> None:
    subnets = [subnet(1, "10.12.0.0/16\nCNF:1"), subnet(2, "10.12.0.1/16")]
    assert located(compute, [record("10.12.0.11")], subnets) == [(5, "10.12.0.11", None, None)]
