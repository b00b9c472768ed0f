"""The test directory: Samba AD domain controllers on loopback addresses, filled from scenarios written as data."""

from __future__ import annotations

from .audit import AuditLog, database_state, files_state
from .bulk import bulk_scenario
from .controller import restartable, running
from .directory import Account, Directory
from .domain import BASE_DN, DOMAIN_SID, REALM
from .errors import TestbedError
from .kerberos import kinit, write_keytab
from .scenario import Denied, Expectation, Scenario, load_scenario

__all__ = [
    "BASE_DN",
    "DOMAIN_SID",
    "REALM",
    "Account",
    "AuditLog",
    "Denied",
    "Directory",
    "Expectation",
    "Scenario",
    "TestbedError",
    "bulk_scenario",
    "database_state",
    "files_state",
    "kinit",
    "load_scenario",
    "restartable",
    "running",
    "write_keytab",
]
