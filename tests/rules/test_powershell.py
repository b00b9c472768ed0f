"""The PowerShell texts that rules show: they parse, they only simulate, and they hold no secret."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from adaudit.engine import rules_folder
from adaudit.engine.load import CASES_SUFFIX

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
READING = re.compile(
    "(compare|convertfrom|convertto|export|foreach|format|get|group|import|join|measure|out|resolve|search|select"
    "|sort|split|tee|test|where|write)-"
)
"""Cmdlets that change nothing in a directory, by their verbs."""
IN_MEMORY = {"new-object", "new-timespan"}
WRITING_METHODS = {"commitchanges", "setinfo", "deletetree", "setpassword", "invokeset"}
SECRET = re.compile(r"securestring|-AsPlainText|-\w*password\b|credential", re.IGNORECASE)


def texts() -> dict[str, str]:
    """Every PowerShell text of the rules, by rule and key."""
    found = {}
    for path in sorted(rules_folder().glob("*/*.toml")):
        if not path.name.endswith(CASES_SUFFIX):
            shown: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get("powershell", {})
            found |= {f"{path.stem}.{key}": text for key, text in shown.items()}
    return found


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def said(node: tree_sitter.Node) -> str:
    return node.text.decode() if node.text else ""


def faults(text: str) -> list[str]:
    """All that keeps a text from being shown."""
    tree = PARSER.parse(text.encode()).root_node
    found = [f"line {n.start_point.row + 1} does not parse" for n in nodes(tree) if n.is_error or n.is_missing]
    found += [f"{match.group()} speaks of a secret" for match in SECRET.finditer(text)]
    for node in nodes(tree):
        if node.type == "command":
            found += command_faults(node)
        elif node.type == "member_name" and said(node).lower() in WRITING_METHODS:
            found.append(f"{said(node)} writes and cannot simulate")
    return found


def command_faults(command: tree_sitter.Node) -> Iterator[str]:
    name = next((said(child) for child in command.children if child.type == "command_name"), "")
    if "-" not in name or name.lower().startswith("invoke-"):
        yield f"{name or said(command)} is not a cmdlet by its full name that a reader can check"
    elif not READING.match(name.lower()) and name.lower() not in IN_MEMORY and not simulates(command):
        yield f"{name} has no -WhatIf"


def simulates(command: tree_sitter.Node) -> bool:
    elements = next((child for child in command.children if child.type == "command_elements"), None)
    words = [said(child) for child in elements.children] if elements else []
    return any(w.lower() == "-whatif" and ":" not in "".join(words[i + 1 : i + 2]) for i, w in enumerate(words))


def test_every_text_parses_simulates_and_holds_no_secret() -> None:
    shown = texts()
    assert len(shown) > 20
    assert {name: found for name, text in shown.items() if (found := faults(text))} == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Set-ADUser -Identity x -Clear adminCount", "Set-ADUser has no -WhatIf"),
        ("Set-ADUser -Identity x -Clear adminCount -WhatIf:$false", "Set-ADUser has no -WhatIf"),
        ("Get-ADUser x | Disable-ADAccount", "Disable-ADAccount has no -WhatIf"),
        ("foreach ($u in $x) { Remove-ADUser $u }", "Remove-ADUser has no -WhatIf"),
        ("Invoke-Expression 'x'", "Invoke-Expression is not a cmdlet"),
        ("iex 'x'", "iex is not a cmdlet"),
        ("& $tool x", "& $tool x is not a cmdlet"),
        ("netdom trust x", "netdom is not a cmdlet"),
        ("$entry.CommitChanges()", "CommitChanges writes"),
        ("Set-ADAccountPassword x -NewPassword $p -WhatIf", "-NewPassword speaks of a secret"),
        ("Get-ADUser -Filter {", "line 1 does not parse"),
    ],
)
def test_a_text_that_could_do_harm_is_refused(text: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(text)), faults(text)


def test_a_text_that_reads_and_simulates_is_accepted() -> None:
    text = """
    Get-ADUser -LDAPFilter '(adminCount=1)' | Export-Csv -Path before.csv -NoTypeInformation
    Get-ADUser -LDAPFilter '(adminCount=1)' | ForEach-Object { Set-ADUser -Identity $_ -Clear adminCount -WhatIf }
    """
    assert faults(text) == []
