"""Questions to a name server, by dnspython."""

from __future__ import annotations

import dns.exception
import dns.rdatatype
import dns.resolver


class Resolver:
    """Asks the name server at ``address``, or those of the system. Names are given without the dot at the end."""

    def __init__(self, address: str | None, *, port: int, timeout: float) -> None:
        """``timeout`` in seconds for each question. Raises LookupError when the system has no name server."""
        self._timeout = timeout
        try:
            self._resolver = dns.resolver.Resolver(configure=address is None)
        except dns.exception.DNSException as error:
            raise LookupError("no name server") from error
        if address is not None:
            self._resolver.nameservers = [address]
            self._resolver.port = port

    def services(self, name: str) -> list[tuple[int, int, str]]:
        """Priority, weight and host of each SRV record of ``name``. Raises LookupError that says why there is none."""
        try:
            answer = self._answer(name, dns.rdatatype.SRV)
        except dns.exception.DNSException as error:
            raise LookupError(_why(error, name)) from error
        return [(each.priority, each.weight, each.target.to_text(omit_final_dot=True)) for each in answer]

    def address_of(self, host: str) -> str | None:
        """The first IPv4 address of ``host``, or else the first IPv6 address; None when there is no answer."""
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                address: str = self._answer(host, kind)[0].to_text()
            except dns.exception.DNSException:
                continue
            return address
        return None

    def _answer(self, name: str, kind: dns.rdatatype.RdataType) -> dns.resolver.Answer:
        return self._resolver.resolve(f"{name}.", kind, lifetime=self._timeout)


def _why(error: dns.exception.DNSException, name: str) -> str:
    match error:
        case dns.resolver.NXDOMAIN() | dns.resolver.NoAnswer():
            return f"no SRV record {name}"
        case dns.exception.Timeout():
            return f"no answer about {name}"
        case dns.resolver.NoNameservers():
            return f"no usable answer about {name}"
        case _:
            return f"{name}: {error}"
