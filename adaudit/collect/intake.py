"""What becomes of an object that was read: made whole, rid of what must not be kept, journalled and ingested."""

from __future__ import annotations

from typing import Final

from adaudit.collect.journal import Journal
from adaudit.collect.messages import Control, Envelope, decode_entry, encode_entry
from adaudit.collect.ranges import complete, resolve_options
from adaudit.collect.scope import Scope
from adaudit.collect.session import Session
from adaudit.ingest.ingest import Ingest
from adaudit.schema.requests import SECRET_ATTRIBUTES

Attributes = dict[str, list[bytes]]

_NAMES_REMEMBERED: Final = 5000
"""More attributes than any schema has; a hostile server may invent more."""


class Intake:
    """Takes objects into ``ingest`` and ``journal``.

    ``cuts``: DN → attribute → why its values did not come whole. Such an object is not journalled: it is read again
    when the collection is taken up again.
    """

    def __init__(self, ingest: Ingest, journal: Journal, scope: Scope) -> None:
        self.cuts: dict[str, dict[str, str]] = {}
        self._ingest = ingest
        self._journal = journal
        self._scope = scope
        self._plain: set[str] = set()

    def take(self, envelope: Envelope, session: Session, controls: tuple[Control, ...]) -> tuple[str, Attributes]:
        """Take one entry, asking for the rest of its long attributes; returns it as it was taken.

        ``controls`` are those that made it visible. Raises MalformedAnswer for an entry that cannot be decoded,
        and ConnectionFailed.
        """
        dn, attributes = decode_entry(envelope)
        message = envelope.data
        self.cuts.pop(dn, None)
        if not self._plain.issuperset(attributes):
            kept = self._resolved(dn, attributes, session, controls)
            if kept is not attributes:
                attributes = kept
                message = encode_entry(dn, kept)
        self._ingest.add(dn, attributes)
        if dn not in self.cuts:
            self._journal.append(message)
        return dn, attributes

    def replay(self, envelope: Envelope) -> tuple[str, Attributes]:
        """Take an entry of the journal again."""
        dn, attributes = decode_entry(envelope)
        self._ingest.add(dn, attributes)
        return dn, attributes

    def kept(self, attributes: Attributes) -> Attributes:
        """``attributes`` without those that must not leave the site."""
        return self._scope.kept(attributes)

    def _resolved(self, dn: str, attributes: Attributes, session: Session, controls: tuple[Control, ...]) -> Attributes:
        """``attributes`` themselves when nothing had to be done to them."""
        is_plain = True
        for name in attributes:
            if ";" in name or name.lower() in SECRET_ATTRIBUTES or self._scope.excludes(name):
                is_plain = False
            elif len(self._plain) < _NAMES_REMEMBERED:
                self._plain.add(name)
        if is_plain:
            return attributes
        resolved, cuts = resolve_options(self._scope.kept(attributes))
        for cut in cuts:
            result = complete(session, dn, cut, resolved[cut.attribute], controls)
            if not result.is_success:
                self.cuts.setdefault(dn, {})[cut.attribute] = str(result)
        return {name: [b""] if name.lower() in SECRET_ATTRIBUTES else values for name, values in resolved.items()}
