"""Policy files made of [sections] with name=value lines: GPT.INI, scripts.ini, psscripts.ini, fdeploy.ini."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from adaudit.decode.group_policy.builder import Builder
from adaudit.decode.group_policy.text import read_text

_SCRIPT: Final = re.compile(r"(\d{1,9})(CmdLine|Parameters)", re.IGNORECASE)


class Line(NamedTuple):
    """A line that is no comment and no header, with the section it stands in ("" before the first)."""

    number: int
    section: str
    text: str


def lines(content: bytes, builder: Builder) -> Iterator[Line]:
    """The lines of a file with sections, bare of spaces around them."""
    text, is_sound = read_text(content)
    if not is_sound:
        builder.fail("characters that the encoding of the file does not have")
    section = ""
    for number, line in enumerate(map(str.strip, text.split("\n")), start=1):
        if line.startswith("[") and "]" in line:
            section = line[1 : line.index("]")].strip()
        elif line and not line.startswith(";"):
            yield Line(number, section, line)


def pairs(content: bytes, builder: Builder) -> Iterator[tuple[str, str, str]]:
    """Section, name and value of each ``name=value`` line; other lines are errors."""
    for line in lines(content, builder):
        name, equals, value = line.text.partition("=")
        if equals:
            yield line.section, name.strip(), value.strip()
        else:
            builder.fail(f"line {line.number}: neither a section nor name=value")


def read_ini(content: bytes, builder: Builder) -> None:
    """Each line as a setting: GPT.INI (MS-GPOL 2.2.4), fdeploy.ini (MS-GPFR 2.2)."""
    for section, name, value in pairs(content, builder):
        builder.add(section, name, value)


def read_scripts(content: bytes, builder: Builder) -> None:
    """scripts.ini, psscripts.ini (MS-GPSCR 2.2): ``name`` is a script, ``value`` its parameters, in order of running.

    ``section`` is Startup, Shutdown, Logon or Logoff; other lines of the file (ScriptsConfig) stay name and value.
    """
    scripts: dict[tuple[str, int], dict[str, str]] = {}
    for section, name, value in pairs(content, builder):
        numbered = _SCRIPT.fullmatch(name)
        if numbered:
            scripts.setdefault((section, int(numbered[1])), {})[numbered[2].lower()] = value
        else:
            builder.add(section, name, value)
    for (section, number), script in sorted(scripts.items(), key=lambda item: item[0]):
        if "cmdline" not in script:
            builder.fail(f"script {number}: parameters without a command")
        command = script.get("cmdline", "")
        builder.add_command(section, command, command, script.get("parameters", ""))
