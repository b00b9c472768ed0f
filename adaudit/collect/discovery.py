"""Which domain controllers a domain has, by the DNS (MS-ADTS 6.3.2.3), and the first of them that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, TypeVar

from adaudit.collect.failures import BindRefused
from adaudit.collect.session import Interrupted
from adaudit.errors import ConnectionFailed, UsageError

if TYPE_CHECKING:
    from adaudit.collect.resolver import Resolver

MAX_CONTROLLERS: Final = 64
"""Answers of a name server beyond these are left out."""

_LONGEST_NAME: Final = 253
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_TOLD: Final = 4
"""Failures told one by one; of the others, how many there were."""

Reached = TypeVar("Reached")


@dataclass(frozen=True)
class Location:
    """A host by the name that its certificate bears; ``address`` is None where the system is to look it up."""

    host: str
    address: str | None = None


class NameServer:
    """Asks the name server at an IP ``address``, or those of the system; ``timeout`` in seconds for each question.

    Raises UsageError when ``address`` is no IP address.
    """

    def __init__(self, address: str | None = None, *, port: int = 53, timeout: float = 10.0) -> None:
        self._address = None if address is None else _ip(address)
        self._port = port
        self._timeout = timeout
        self._resolver: Resolver | None = None

    @property
    def name(self) -> str:
        return self._address or "the system's name servers"

    def controllers(self, domain: str) -> tuple[str, ...]:
        """Hosts of the domain's SRV records, at most MAX_CONTROLLERS: the lowest priority first, the heaviest first
        within it (RFC 2782 draws lots there: a collection that is taken up again must find the same one).

        Names that are no host name are left out. Raises ConnectionFailed when there is none.
        """
        service = f"_ldap._tcp.dc._msdcs.{checked_name(domain)}"
        try:
            services = self._asked().services(service)
        except LookupError as error:
            raise ConnectionFailed(f"{self.name}: {error}", place=domain) from error
        records = sorted((priority, -weight, target) for priority, weight, target in services)
        hosts = [host_name(target) for _, _, target in records]
        found = tuple(dict.fromkeys(host for host in hosts if host is not None))[:MAX_CONTROLLERS]
        if not found:
            raise ConnectionFailed(f"{self.name}: {service} names no host", place=domain)
        return found

    def located(self, host: str) -> Location:
        """``host`` with its address by the name server that was chosen; without one, the system looks it up.

        A name that this name server does not know is left to the system too: its hosts file may know it.
        """
        if self._address is None or is_address(host):
            return Location(host)
        return Location(host, self._asked().address_of(checked_name(host)))

    def _asked(self) -> Resolver:
        if self._resolver is None:
            from adaudit.collect.resolver import Resolver  # needs dnspython

            try:
                self._resolver = Resolver(self._address, port=self._port, timeout=self._timeout)
            except LookupError as error:
                raise ConnectionFailed("this machine has no name server: give one with --dns-server") from error
        return self._resolver


def domain_locations(domain: str, names: NameServer, tried: list[str]) -> list[Location]:
    """Where to find a controller of a domain of which nothing is known but its name.

    By its SRV records; when they fail, which is added to ``tried``, by the domain's own name, under which its
    controllers register too. Hosts outside of the domain are not taken from the DNS, which anyone may have forged.
    Raises UsageError when ``domain`` is no DNS name.
    """
    checked_name(domain)
    try:
        hosts = names.controllers(domain)
    except ConnectionFailed as error:
        tried.append(error.message)
        return [names.located(domain)]
    within = [host for host in hosts if is_within(host, domain)]
    outside = [host for host in hosts if host not in within]
    tried += [f"{host}: outside of {domain}, give it with --server if it is right" for host in outside]
    return [names.located(host) for host in within]


def first_to_answer(
    locations: Iterable[Location],
    connect: Callable[[Location], Reached],
    *,
    sought: str,
    tried: list[str],
    remedy: str,
) -> Reached:
    """What ``connect`` gives for the first location that can be reached.

    A refused bind ends it at once: the same password is not tried at another controller. Raises ConnectionFailed
    that tells what was ``tried``; ``sought`` is what was looked for, ``remedy`` what can be done about it.
    """
    for location in locations:
        try:
            return connect(location)
        except (BindRefused, Interrupted):
            raise
        except ConnectionFailed as error:
            tried.append(str(error))
    more = f"; and {len(tried) - _TOLD} more" if len(tried) > _TOLD else ""
    raise ConnectionFailed(
        f"no domain controller could be reached: {'; '.join(tried[:_TOLD]) or 'none is known'}{more}; {remedy}",
        place=sought,
    )


def host_name(text: str) -> str | None:
    """``text`` in lower case when it is a host name of the DNS, else None."""
    text = text.rstrip(".")
    return text.lower() if len(text) <= _LONGEST_NAME and _HOST_NAME.fullmatch(text) else None


def checked_name(text: str) -> str:
    """``text`` as ``host_name`` gives it. Raises UsageError when it is none."""
    name = host_name(text)
    if name is None:
        raise UsageError("this is not a DNS name", place=text)
    return name


def is_within(host: str, domain: str) -> bool:
    """``host`` is the DNS name ``domain`` or one below it."""
    host, domain = host.lower(), domain.lower()
    return host == domain or host.endswith(f".{domain}")


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _ip(address: str) -> str:
    if not is_address(address):
        raise UsageError("the IP address of a name server is expected", place=address)
    return address
