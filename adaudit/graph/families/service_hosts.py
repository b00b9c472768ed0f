"""SQLAdmin and AdConnectSync: accounts of services and the computers on which these run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.derive.tier0 import ENTRA_CONNECT_PREFIXES
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.directory.host_names import HostNames
from adaudit.graph.directory.identities import disabled_accounts
from adaudit.graph.nodes import Nodes

_SQL_SERVER: Final = "mssqlsvc"
_NAME: Final = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_MOST_OF_DESCRIPTION: Final = 4096


def service_hosts(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Services whose account and host the directory tells."""
    hosts = HostNames(facts)
    yield block_of(_sql_servers(facts, nodes, hosts))
    yield block_of(_entra_connect(facts, nodes, hosts))


def _sql_servers(facts: Facts, nodes: Nodes, hosts: HostNames) -> Iterator[Edge]:
    """The account that runs an instance of SQL Server, taken for one of its administrators.

    What stops it is an account of the instance's own: the SPNs go with the service, those of one computer together.
    """
    tables = ("users", "managed_service_accounts")
    accounts = {row for table in tables for (row,) in facts.rows(table, "object_id")} - disabled_accounts(facts)
    for account, spn, computer in sql_servers(facts, hosts):
        if account in accounts:
            ends = (nodes.of_object(account), nodes.of_object(computer))
            change = Change("move_service", account, facts.principal_of_object.get(computer, NONE))
            yield Edge("SQLAdmin", *ends, account, "servicePrincipalName", change, detail=spn)


def sql_servers(facts: Facts, hosts: HostNames) -> Iterator[tuple[int, str, int]]:
    """Object of the account, SPN and object of the computer, for each SPN of SQL Server and each computer it names."""
    for account, spn, service, host in facts.rows("spns", "object_id", "spn", "service_class", "host"):
        if service == _SQL_SERVER and account is not None:
            yield from ((account, spn or "", computer) for computer in hosts.computers(host))


def _entra_connect(facts: Facts, nodes: Nodes, hosts: HostNames) -> Iterator[Edge]:
    """The computer that keeps the password of the synchronisation's account: the installer names it in the
    description, in the language of the system, so that whatever names a computer there is taken for it."""
    names = facts.rows("users", "object_id", "sam_account_name")
    accounts = [row for row, name in names if row is not None and (name or "").startswith(ENTRA_CONNECT_PREFIXES)]
    objects = facts.table("objects")
    here = Facts({"objects": objects.filter(pc.is_in(objects["object_id"], pa.array(accounts, pa.int32())))})
    for account, description in here.rows("objects", "object_id", "description"):
        for name in dict.fromkeys(_NAME.findall((description or "")[:_MOST_OF_DESCRIPTION])):
            for computer in hosts.computers(name):
                ends = (nodes.of_object(computer), nodes.of_object(account))
                yield Edge("AdConnectSync", *ends, account, "description", detail=name)
