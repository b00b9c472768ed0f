"""Data flows one way: which package may import which, read from the code itself."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "adaudit"

LEAVES = {"errors", "visible"}
MAY_IMPORT = {
    "errors": set(),
    "visible": set(),
    "schema": set(),
    "decode": set(),
    "snapshot": {"schema"},
    "ingest": {"snapshot", "schema", "decode"},
    "collect": {"ingest", "snapshot", "schema", "decode"},
    "importers": {"ingest", "snapshot", "schema", "decode"},
    "samples": {"ingest", "snapshot", "schema", "decode"},
    "derive": {"snapshot", "schema", "decode"},
    "graph": {"derive", "snapshot", "schema", "decode"},
    "engine": {"graph", "derive", "snapshot", "schema"},
    "report": {"engine", "graph", "snapshot", "schema"},
    "cli": {
        *("report", "engine", "graph", "derive", "collect", "importers", "samples"),
        *("ingest", "snapshot", "schema", "decode"),
    },
}
ONLY_IN = {
    "ldap3": {"collect"},
    "impacket": {"decode", "collect"},
    "dns": {"collect"},
    "spnego": {"collect"},
    "krb5": {"collect"},
    "socket": {"collect"},
    "click": {"cli"},
    "rich": {"cli"},
}
FIRST_PARTY_ROOT = {"__init__", "__main__"}


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if package_of(path) not in FIRST_PARTY_ROOT]


def test_every_package_is_in_the_contract() -> None:
    assert {package_of(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    package = package_of(path)
    allowed = MAY_IMPORT[package] | LEAVES | {package}
    for name in imports(path):
        root, _, rest = name.partition(".")
        if root == "adaudit" and rest:
            assert rest.split(".")[0] in allowed, f"{package} imports {name}"
        assert package in ONLY_IN.get(root, {package}), f"{package} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_imported_is_declared_as_a_dependency_or_built_in(path: Path) -> None:
    declared = {"click", "cryptography", "dns", "duckdb", "impacket", "jinja2", "krb5"} | {
        *("ldap3", "matplotlib", "networkx", "numpy", "pyarrow", "pydantic", "rich", "scipy", "spnego"),
    }
    roots = {name.partition(".")[0] for name in imports(path)}
    assert roots - declared - {"adaudit", "_typeshed"} - sys.stdlib_module_names == set()


def test_only_the_command_line_prints_or_exits() -> None:
    for path in FILES:
        if package_of(path) == "cli":
            continue
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"print", "input", "exit", "quit"}, path
