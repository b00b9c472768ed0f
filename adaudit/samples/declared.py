"""Objects written as data: ``data/directory.toml`` (what every forest has) and ``data/hospitals/*.toml``.

``%base%`` and the other names of ``Forest.places`` are replaced everywhere, ``%sid:NAME%`` by the SID of the account
NAME, ``%n%`` by the number of a repetition. An ``[[object]]`` has a ``dn``, a ``class``, attributes under the
directory's own names, and:

- ``existing``: change the object instead of adding it; attributes given are replaced, ``gPLink`` excepted, which grows;
- ``rid``: the last part of its SID, by default the next free one for an account or a group;
- ``sddl``: its descriptor instead of the default of its class; ``aces``: ACEs put before; ``owner``;
- ``protected``: it has the descriptor of AdminSDHolder and ``adminCount``;
- ``groups``: dn of groups it is made a member of;
- ``created_days``: its age; ``repeat``: make that many of them;
- ``expected``: rule id → level of the finding that an audit must make about it.

Values: text, numbers, booleans, lists, or a table ``{hex = …}``, ``{sid = …}``, ``{sddl = …}``, ``{days_ago = …}`` (a
FILETIME), ``{backed_up_days_ago = …}`` or ``{certificate = "file.pem"}``. An ``[[expected]]`` is a finding told apart
from objects; ``[of_population]`` says which rules some of the people and machines break, and at which level.
``[graph]`` says who reaches tier 0 (``Reach``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from adaudit.decode.sddl import from_sddl
from adaudit.errors import InputError
from adaudit.samples.backup import backup_metadata
from adaudit.samples.draft import Attributes, Draft, sid, text
from adaudit.samples.profile import Forest
from adaudit.samples.reach import Reach
from adaudit.samples.times import NEVER, filetime_ago

GLOBAL_GROUP = -2147483646
"""groupType of a global security group."""
FIRST_RID, POPULATION_RID = 1200, 10_000
"""Of declared accounts and groups, and of those of the population."""

_OWN_KEYS = frozenset(
    (
        *("dn", "class", "existing", "repeat", "rid", "groups", "expected"),
        *("sddl", "aces", "owner", "protected", "created_days"),
    )
)
_WITH_SID = frozenset(("user", "computer", "group", "msDS-GroupManagedServiceAccount", "msDS-ManagedServiceAccount"))
_PLACE = re.compile(r"%([a-z]+)%")
_SID = re.compile(r"%sid:([^%]+)%")
_NUMBER = re.compile(r"%(n)%")
_ADMINSDHOLDER = "CN=AdminSDHolder,CN=System,"


@dataclass(frozen=True, order=True)
class Expectation:
    """A finding that an audit must make: ``subject`` is a dn, that of the domain for a finding about the whole."""

    rule: str
    subject: str
    level: int


@dataclass
class Declared:
    """The declared objects of a forest, in an order where parents come first, and the findings they deserve.

    ``not_assessed``: rules that an ordinary account cannot answer here. ``default_policies``: ``guid`` and ``template``
    of the policies that every domain is installed with.
    """

    forest: Forest
    drafts: dict[str, Draft] = field(default_factory=dict)
    expected: list[Expectation] = field(default_factory=list)
    not_assessed: list[str] = field(default_factory=list)
    default_policies: list[dict[str, Any]] = field(default_factory=list)
    _sids: dict[str, str] = field(default_factory=dict)
    _next_rid: int = FIRST_RID

    def declare(self, objects: Iterable[dict[str, Any]]) -> None:
        """Add or change objects. SIDs are given first, so that any may name any other."""
        placed = [self._placed(each) for each in _repeated(objects)]
        for each in placed:
            if not each.get("existing"):
                self._give_sid(each)
        for each in placed:
            self._one({name: self.with_sids(value) for name, value in each.items()})

    def expect(self, findings: Iterable[dict[str, Any]]) -> None:
        """Findings told apart from objects: ``rules`` of a ``subject``, or ``subjects`` of a ``rule`` and ``level``."""
        for each in findings:
            rules = each["rules"] if "rules" in each else {each["rule"]: each["level"]}
            for subject in self._placed(each.get("subjects") or [each["subject"]]):
                self.expected += [Expectation(rule, subject, level) for rule, level in rules.items()]

    @property
    def reach(self) -> Reach:
        """Who reaches tier 0."""
        return Reach.of(self._placed(self.forest.declarations["graph"]))

    def sid_of(self, name: str) -> str:
        """The SID of a declared account or group, by sAMAccountName."""
        if name not in self._sids:
            raise InputError(f"no declared account or group is named {name!r}", place=self.forest.profile.name)
        return self._sids[name]

    def _give_sid(self, each: dict[str, Any]) -> None:
        if each["class"] not in _WITH_SID or "objectSid" in each:
            if "sAMAccountName" in each:
                self._sids[each["sAMAccountName"]] = each["objectSid"]["sid"]
            return
        rid = each.pop("rid", None)
        if rid is None:
            rid, self._next_rid = self._next_rid, self._next_rid + 1
        value = f"{self.forest.profile.sid}-{rid}"
        each["objectSid"] = {"sid": value}
        self._sids[each["sAMAccountName"]] = value

    def _one(self, each: dict[str, Any]) -> None:
        dn = each["dn"]
        if each.get("existing"):
            draft = self.drafts[dn]
        else:
            draft = self.drafts[dn] = Draft(dn, each["class"], account_defaults(each["class"]))
        attributes: Attributes = {name: self._values(each[name]) for name in each if name not in _OWN_KEYS}
        if "gPLink" in draft.attributes and "gPLink" in attributes:
            attributes["gPLink"] = [attributes["gPLink"][0] + draft.attributes["gPLink"][0]]
        draft.attributes |= attributes
        draft.sddl = each.get("sddl", draft.sddl)
        draft.owner = each.get("owner", draft.owner)
        draft.aces = "".join(each.get("aces", ())) + draft.aces
        draft.created_days = each.get("created_days", draft.created_days)
        if each.get("protected"):
            draft.sddl = self.drafts[_ADMINSDHOLDER + self.forest.base].sddl
            draft.attributes["adminCount"] = text(1)
        for group in each.get("groups", ()):
            self.drafts[group].attributes.setdefault("member", []).append(dn.encode())
        self.expected += [Expectation(rule, dn, level) for rule, level in each.get("expected", {}).items()]

    def _values(self, value: Any) -> list[bytes]:
        if isinstance(value, list):
            return [single for each in value for single in self._values(each)]
        if isinstance(value, bool):
            return text("TRUE" if value else "FALSE")
        if not isinstance(value, dict):
            return text(value)
        ((form, given),) = value.items()
        if form == "sid":
            return sid(given)
        if form == "hex":
            return [bytes.fromhex(given)]
        if form == "days_ago":
            return text(filetime_ago(given))
        if form == "backed_up_days_ago":
            return [backup_metadata(given)]
        if form == "sddl":
            return [from_sddl(given, self.forest.profile.sid)]
        return [_certificate(given)]

    def _placed(self, value: Any) -> Any:
        return _replaced(_PLACE, self.forest.places.__getitem__, value)

    def with_sids(self, value: Any) -> Any:
        """``value`` with ``%sid:NAME%`` replaced, in whatever it is made of."""
        return _replaced(_SID, self.sid_of, value)


def _replaced(pattern: re.Pattern[str], answer: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda match: answer(match[1]), value)
    if isinstance(value, list):
        return [_replaced(pattern, answer, each) for each in value]
    if isinstance(value, dict):
        return {name: _replaced(pattern, answer, each) for name, each in value.items()}
    return value


def _repeated(objects: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for each in objects:
        for n in range(1, each.get("repeat", 1) + 1):
            yield _replaced(_NUMBER, {"n": str(n)}.__getitem__, each)


def account_defaults(object_class: str) -> Attributes:
    """What an account or a group bears when nothing else is said: a healthy one, in use."""
    if object_class == "group":
        return {"groupType": text(GLOBAL_GROUP)}
    if object_class not in _WITH_SID:
        return {}
    is_user = object_class == "user"
    return {
        "userAccountControl": text(0x200 if is_user else 0x1000),
        "primaryGroupID": text(513 if is_user else 515),
        "pwdLastSet": text(filetime_ago(60 if is_user else 15)),
        "lastLogonTimestamp": text(filetime_ago(3)),
        "accountExpires": text(NEVER),
    }


def _certificate(name: str) -> bytes:
    pem = (files("adaudit.samples") / "data" / "certificates" / name).read_text(encoding="ascii")
    return base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----")))
