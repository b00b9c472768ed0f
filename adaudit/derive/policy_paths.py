"""policy_paths: where policies and logon scripts take what they run or copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts, build

_UNC: Final = re.compile(r'"(?P<quoted>\\\\[^"<>|*?]+)"|(?P<bare>\\\\[^\s"<>|*?,;]+)')
_PARTS: Final = re.compile(r"\\\\(?P<host>[^\\]+)\\(?P<share>[^\\]+)(?:\\(?P<rest>.*))?", re.DOTALL)
_RELATIVE: Final = re.compile(r'"(?P<quoted>[^"]+)"|(?P<bare>.+)', re.DOTALL)
_LOCAL: Final = re.compile(r"[a-z]:|%|\\", re.IGNORECASE)
_LOGON_SERVER: Final = re.compile(r"(?<!\\)%logonserver%", re.IGNORECASE)
_RUN_KEYS: Final = ("\\currentversion\\run", "\\currentversion\\runonce", "\\policies\\explorer\\run")
_TASK_NAMES: Final = frozenset(("appname", "args", "command", "arguments"))
_PHASES: Final = frozenset(("startup", "shutdown", "logon", "logoff"))
_PACKAGE_DEPTH: Final = 4
"""CN=<package>,CN=Packages,CN=Class Store,CN=Machine,CN={policy}."""

_FOLDERS: Final = {"computer": "machine", "user": "user"}


class _Found(NamedTuple):
    usage: str
    target: str
    host: str | None
    path: str | None


def policy_paths(facts: Facts) -> pa.Table:
    """One row per path: those of ``gpo_settings`` in its order, of software to install, of accounts' scriptPath."""
    names: dict[int | None, str] = {domain.domain_id: (domain.dns_name or "").lower() for domain in facts.domains}
    rows: list[tuple[int | None, int | None, int | None, str, str, str | None, str | None]] = []
    columns = ("domain_id", "gpo_id", "policy", "side", "kind", "section", "name", "value")
    for domain, gpo, policy, side, kind, section, name, value in facts.rows("gpo_settings", *columns):
        setting = _Setting(names.get(domain, ""), policy or "", side or "", section or "", name or "", value or "")
        rows += [(domain, gpo, None, *found) for found in _FINDERS.get(kind, _nothing)(setting)]
    for gpo, domain, path in _software(facts):
        rows += [(domain, gpo, None, *found) for found in _whole("software", names.get(domain, ""), path)]
    for account, domain, script in facts.rows("users", "object_id", "domain_id", "script_path"):
        if script:
            rows += [(domain, None, account, *found) for found in _logon_script(names.get(domain, ""), script)]
    return build("policy_paths", rows)


class _Setting(NamedTuple):
    domain: str
    policy: str
    side: str
    section: str
    name: str
    value: str


def _nothing(_: _Setting) -> Iterator[_Found]:
    return iter(())


def _script(setting: _Setting) -> Iterator[_Found]:
    """A command and its parameters; a bare name is in the folder of its phase (MS-GPSCR 2.2.2)."""
    if setting.section.lower() in _PHASES:
        shares = [*_shares("script", setting.domain, setting.name), *_shares("script", setting.domain, setting.value)]
        if setting.name and not setting.name.startswith("\\\\") and not _LOCAL.match(setting.name.lstrip('"')):
            folder = f"{_FOLDERS.get(setting.side, '')}\\scripts\\{setting.section}"
            below = f"{setting.domain}\\policies\\{setting.policy}\\{folder}\\{_unquoted(setting.name)}"
            shares.append(_Found("script", setting.name, None, below.lower()))
        yield from shares


def _preference(setting: _Setting) -> Iterator[_Found]:
    if setting.name.lower() == "frompath":
        yield from _whole("file", setting.domain, setting.value)


def _task(setting: _Setting) -> Iterator[_Found]:
    if setting.name.lower() in _TASK_NAMES:
        yield from _shares("scheduled_task", setting.domain, setting.value)


def _registry(setting: _Setting) -> Iterator[_Found]:
    if setting.section.lower().endswith(_RUN_KEYS):
        yield from _shares("run_key", setting.domain, setting.value)


_FINDERS: Final = {"script": _script, "preference": _preference, "scheduled_task": _task, "registry": _registry}


def _software(facts: Facts) -> Iterator[tuple[int | None, int | None, str]]:
    """GPO, domain and path of each file of a package: msiFileList below the object of the policy (MS-GPSI 2.2.4)."""
    attributes = facts.table("attributes")
    lists = attributes.filter(pc.equal(pc.utf8_lower(attributes["name"]), "msifilelist"))
    if lists.num_rows:
        gpos = {gpo for (gpo,) in facts.rows("gpos", "object_id")}
        places = {row[0]: row[1:] for row in facts.rows("objects", "object_id", "parent_id", "domain_id")}
        for package, text in Facts({"attributes": lists}).rows("attributes", "object_id", "text"):
            above = package
            for _ in range(_PACKAGE_DEPTH):
                above = places[above][0] if above in places and above not in gpos else above
            domain = places[package][1] if package in places else None
            yield above if above in gpos else None, domain, (text or "").partition(":")[2]


def _logon_script(domain: str, script: str) -> Iterator[_Found]:
    """scriptPath is below NETLOGON (MS-ADA3 2.232); some write a whole path."""
    if _spelled(script).startswith("\\\\"):
        yield from _whole("logon_script", domain, script)
    elif not _LOCAL.match(script):
        yield _Found("logon_script", script, None, f"{domain}\\scripts\\{script}".lower().replace("/", "\\"))


def _shares(usage: str, domain: str, text: str) -> Iterator[_Found]:
    """Every UNC path in a command line."""
    for found in _UNC.finditer(_spelled(text)):
        yield from _whole(usage, domain, found["quoted"] or found["bare"])


def _whole(usage: str, domain: str, text: str) -> Iterator[_Found]:
    """A text that is one UNC path; any server of the domain shows the same SYSVOL and NETLOGON."""
    parts = _PARTS.fullmatch(_spelled(text.strip()))
    if parts:
        host, share, rest = (parts[name] or "" for name in ("host", "share", "rest"))
        rest = rest.lower().rstrip("\\")
        below = {"sysvol": rest, "netlogon": f"{domain}\\scripts\\{rest}"}.get(share.lower())
        is_elsewhere = "." in host and not f".{host.lower()}".endswith(f".{domain}")
        yield _Found(usage, text, host.lower(), None if is_elsewhere else below)


def _spelled(text: str) -> str:
    """The variable that holds the name of a server with its two backslashes, as a UNC path."""
    return _LOGON_SERVER.sub(r"\\\\%logonserver%", text)


def _unquoted(text: str) -> str:
    found = _RELATIVE.match(text)
    return (found["quoted"] or found["bare"]) if found else text
