"""Load and check rules, run them on a snapshot, and tell the level."""

from __future__ import annotations

from adaudit.engine.book import RuleBook
from adaudit.engine.cases import Outcome, empty_database, run_cases
from adaudit.engine.exceptions import read_exceptions
from adaudit.engine.load import load_rules, rules_folder
from adaudit.engine.pack import Pack, load_pack, run_pack_cases
from adaudit.engine.run import audit
from adaudit.engine.site_tier0 import read_site_tier0
from adaudit.engine.source import RuleError, RuleErrors

__all__ = [
    "Outcome",
    "Pack",
    "RuleBook",
    "RuleError",
    "RuleErrors",
    "audit",
    "empty_database",
    "load_pack",
    "load_rules",
    "read_exceptions",
    "read_site_tier0",
    "rules_folder",
    "run_cases",
    "run_pack_cases",
]
