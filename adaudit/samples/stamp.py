"""From drafts to directory entries: classes, GUID, times, update numbers and the descriptor that places give."""

from __future__ import annotations

from adaudit.ingest.names import dn_key, parent_of
from adaudit.samples.descriptors import Descriptors, Inheritable
from adaudit.samples.draft import Attributes, Draft, text
from adaudit.samples.draw import Draw, guid_bytes
from adaudit.samples.profile import Forest
from adaudit.samples.schema_data import classes
from adaudit.samples.times import generalized_ago

_FIRST_USN = 4096


class Stamp:
    """Stamps the drafts of one forest, parents before their children. Keeps what containers pass on, and no leaf."""

    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        self._descriptors = Descriptors(forest.profile.sid)
        self._above: dict[str, Inheritable] = {}
        self._heads = frozenset(map(dn_key, forest.naming_contexts))
        self._usn = _FIRST_USN
        self._owners = tuple(
            (dn_key(forest.places[place]), owner)
            for place, owner in (("schema", "SA"), ("config", "EA"), ("base", "DA"))
        )

    def entry(self, draft: Draft) -> tuple[str, Attributes]:
        """The object as a directory returns it."""
        key = dn_key(draft.dn)
        declared = classes()[draft.object_class]
        sddl = draft.sddl or declared.default_sddl
        owner = draft.owner or ("" if sddl.startswith("O:") else self._owner(key))
        above = _NOTHING if key in self._heads else self._above.get(parent_of(key), _NOTHING)
        raw, passed_on = self._descriptors.make(sddl, draft.aces, owner, declared.guid, above)
        if not draft.is_leaf:
            self._above[key] = passed_on
        return draft.dn, {
            "objectClass": text(*declared.chain),
            "objectGUID": [guid_bytes(*self._forest.key("guid", key))],
            "name": text(draft.dn.partition("=")[2].partition(",")[0]),
            "instanceType": text(4),
            **self._dates(draft, key),
            "nTSecurityDescriptor": [raw],
            **draft.attributes,
        }

    def _dates(self, draft: Draft, key: str) -> Attributes:
        draw = Draw(*self._forest.key("dates", key))
        created = draft.created_days if draft.created_days is not None else self._forest.profile.age_days
        changed = draw.below(min(created, 400) + 1)
        self._usn += 3
        return {
            "whenCreated": [generalized_ago(created + draw.below(86_400) / 86_400)],
            "whenChanged": [generalized_ago(changed)],
            "uSNCreated": text(self._usn),
            "uSNChanged": text(self._usn + draw.below(1_000_000)),
        }

    def _owner(self, key: str) -> str:
        return next(owner for head, owner in self._owners if key == head or key.endswith(f",{head}"))


_NOTHING = Inheritable()
