"""Enrolment over the web: whether the page answers, over which scheme, and how it asks who is there."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from adaudit.collect.probes.line import Line, Unanswered
from adaudit.collect.probes.model import Fact, Means, fact
from adaudit.collect.probes.tls import secure_unchecked

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MOST_SCHEMES: Final = 20


@dataclass(frozen=True)
class WebPage:
    """Asks for one page without naming anyone; a redirection is told and not followed."""

    path: str
    is_secure: bool

    def __call__(self, line: Line, _means: Means) -> Iterator[Fact]:
        if self.is_secure:
            secure_unchecked(line)
        connection = http.client.HTTPConnection(line.host, line.port)
        connection.sock = line.socket
        try:
            connection.request("GET", self.path, headers={"Connection": "close"})
            response = connection.getresponse()
        except OSError as error:
            raise line.loss(error) from error
        except (http.client.HTTPException, ValueError) as error:
            raise Unanswered(f"the answer is not sound HTTP: {error!r}") from error
        if line.is_cut:
            raise line.loss()
        yield fact("status", response.status)
        for scheme in _schemes(response.headers.get_all("WWW-Authenticate", [])):
            yield "authentication", scheme
        for name in ("Location", "Server"):
            if (value := response.headers.get(name)) is not None:
                yield name.lower(), value


def _schemes(challenges: Iterable[str]) -> list[str]:
    """The scheme each challenge begins with (RFC 9110 11.6.1; Windows sends one a line)."""
    return [challenge.split(None, 1)[0] for challenge in challenges if challenge.strip()][:_MOST_SCHEMES]


def enrolment_urls(values: Iterable[str]) -> tuple[str, ...]:
    """The http and https addresses in values of msPKI-Enrollment-Servers, sorted."""
    lines = {line.strip() for value in values for line in value.splitlines()}
    return tuple(sorted(line for line in lines if web_address(line) is not None))


def web_address(url: str) -> SplitResult | None:
    """The parts of an http or https address that names a host and a sound port; None for anything else."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0 and url.isascii()
    except ValueError:
        return None
    return parts if sound and url.isprintable() and " " not in url else None
