"""``adaudit collect --dry-run``: what would be asked, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby

from adaudit.cli.access import Access
from adaudit.collect.announcement import Announcement, Question, announce
from adaudit.collect.scope import Scope
from adaudit.collect.wanted import Pacing
from adaudit.visible import visible


def dry_run(access: Access, scope: Scope, pacing: Pacing, *, sysvol: bool, probes: bool, as_json: bool = False) -> str:
    """What this command would ask. No password is asked for. Raises UsageError for what it would refuse."""
    account = access.user or access.credentials().name
    endpoint = access.endpoint_of(access.server or "")
    told = announce(endpoint, account, access.auth, scope=scope, pacing=pacing, sysvol=sysvol, probes=probes)
    return json.dumps(asdict(told), indent=2) if as_json else "\n".join(map(visible, _lines(told)))


def _lines(announcement: Announcement) -> Iterator[str]:
    rate = "as fast as the server answers"
    if announcement.max_rate is not None:
        rate = f"at most {announcement.max_rate:g} objects per second"
    yield "Nothing was connected to. A collection would ask this, and nothing else."
    yield ""
    yield f"Server    {announcement.server}, port {announcement.port}, {announcement.security.replace('_', ' ')}"
    yield from (f"          {other}" for other in announcement.others)
    yield f"Account   {announcement.account} ({announcement.method})"
    yield f"Pace      one search at a time, {rate}"
    yield (
        f"Patience  {announcement.timeout:g} s for each answer; a lost connection is tried again for "
        f"{announcement.retry_for:g} s, a refused account never"
    )
    yield "Names     " + "; ".join(announcement.names)
    yield ""
    yield "Searches (LDAP):"
    for number, question in enumerate(announcement.questions, 1):
        yield from _question(number, question)
    yield ""
    if announcement.shares:
        yield "Files (SMB, signed):"
        yield from (f"  {share}" for share in announcement.shares)
    else:
        yield "Files: none"
    yield ""
    if announcement.probes:
        yield "Probes, one connection each:"
        for server, probes in groupby(announcement.probes, key=lambda probe: probe[0]):
            yield f"  {server}"
            yield from (f"    {port:>5}  {probe}: {description}" for _, port, probe, description in probes)
    else:
        yield "Probes: none"
    yield ""
    yield "It never"
    yield from (f"  {never}" for never in announcement.never)


def _question(number: int, question: Question) -> Iterator[str]:
    asked = question.asked
    pages = "" if asked["page_size"] is None else f", pages of {asked['page_size']} objects"
    yield f"{number:>3}. {question.why}; {question.when}"
    yield f"     base        {asked['base'] or '(rootDSE)'}, scope {asked['scope']}{pages}"
    yield f"     filter      {asked['filter']}"
    yield f"     attributes  {', '.join(asked['attributes'])}"
    if asked["controls"]:
        yield f"     controls    {', '.join(asked['controls'])}"
