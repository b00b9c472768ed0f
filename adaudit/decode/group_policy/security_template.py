"""GptTmpl.inf: account policy, rights, registry values, restricted groups, descriptors (MS-GPSB 2.2)."""

from __future__ import annotations

import re
from typing import Final

from adaudit.decode.group_policy.builder import Builder
from adaudit.decode.group_policy.ini import Line, lines
from adaudit.decode.group_policy.registry_types import type_name

_SECTIONS: Final = {
    name.lower(): name
    for name in (
        "System Access",
        "Kerberos Policy",
        "Event Audit",
        "System Log",
        "Security Log",
        "Application Log",
        "Registry Values",
        "Privilege Rights",
        "Group Membership",
        "File Security",
        "Registry Keys",
        "Service General Setting",
    )
}
_WITHOUT_SETTINGS: Final = {"unicode", "version", "profile description"}
_REGISTRY_VALUE: Final = re.compile(r"(?P<name>.+?)=\s{0,9}(?P<type>\d{1,10})\s{0,9},(?P<data>.*)")
_DESCRIPTOR: Final = re.compile(
    r'"?(?P<name>[^"]+?)"?\s{0,9},\s{0,9}(?P<mode>\d{0,10})\s{0,9},\s{0,9}"?(?P<sddl>[^"]*)"?'
)
_MULTI_SZ: Final = 7


def read_security_template(content: bytes, builder: Builder) -> None:
    """The lines of the template. Sections bear their English names, SIDs no asterisk, lists commas without spaces.

    ``Registry Values``: the value of a multi-string has one string per line. ``File Security``, ``Registry Keys`` and
    ``Service General Setting``: ``value`` is the mode or start type, a comma, the SDDL.
    """
    for line in lines(content, builder):
        section = _SECTIONS.get(line.section.lower(), line.section)
        if section.lower() in _WITHOUT_SETTINGS:
            continue
        if section == "Registry Values":
            _registry_value(section, line, builder)
        elif section in ("File Security", "Registry Keys", "Service General Setting"):
            _descriptor(section, line, builder)
        else:
            _pair(section, line, builder)


def _pair(section: str, line: Line, builder: Builder) -> None:
    name, equals, value = (part.strip() for part in line.text.partition("="))
    if not equals:
        builder.fail(f"line {line.number}: neither a section nor name=value")
        return
    if section in ("Privilege Rights", "Group Membership"):
        name = name.removeprefix("*")
        value = ",".join(who.strip().removeprefix("*") for who in value.split(","))
    builder.add(section, name, _unquoted(value))


def _registry_value(section: str, line: Line, builder: Builder) -> None:
    found = _REGISTRY_VALUE.fullmatch(line.text)
    if not found:
        builder.fail(f"line {line.number}: a registry value is path=type,data")
        return
    number = int(found["type"])
    data = found["data"].strip()
    value = "\n".join(_strings(data)) if number == _MULTI_SZ else _unquoted(data)
    name = _unquoted(found["name"].strip())
    builder.add(section, name, value, type_name(number))


def _descriptor(section: str, line: Line, builder: Builder) -> None:
    found = _DESCRIPTOR.fullmatch(line.text)
    if not found:
        builder.fail(f'line {line.number}: neither "name",mode,"SDDL"')
        return
    builder.add(section, found["name"], f"{found['mode']},{found['sddl']}")


def _strings(data: str) -> list[str]:
    """The strings of a multi-string: commas part them, but for those in quotes."""
    strings: list[str] = [""]
    for position, part in enumerate(data.split('"')):
        if position % 2:
            strings[-1] += part
        else:
            first, *others = part.split(",")
            strings[-1] += first
            strings.extend(others)
    return [string.strip() for string in strings]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
