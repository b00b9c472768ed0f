"""Enrolment over the web, asked of real HTTP servers that answer as IIS does."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from adaudit.collect.probes import Probed, Target, TargetKind, enrolment_urls, plan, run_probes
from tests.collect.conftest import LOOPBACK
from tests.testbed.tls import write_tls

CA = Target("ca1.chu.example", TargetKind.WEB_ENROLMENT, LOOPBACK, ("CHU Issuing CA",))


class Iis(BaseHTTPRequestHandler):
    """Asks for credentials below /certsrv/, leads elsewhere from the service."""

    seen: ClassVar[list[tuple[str, str, list[str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Host"], sorted(name.lower() for name in self.headers)))
        if self.path == "/certsrv/":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Negotiate")
            self.send_header("WWW-Authenticate", "NTLM")
        else:
            self.send_response(302)
            self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@dataclass(frozen=True)
class Ports:
    http: int
    https: int


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder: Path = tmp_path_factory.mktemp("iis")
    write_tls(folder, "ca1.chu.example", LOOPBACK)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    plain, secure = (ThreadingHTTPServer((LOOPBACK, 0), Iis) for _ in range(2))
    secure.socket = tls.wrap_socket(secure.socket, server_side=True)
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield Ports(plain.server_port, secure.server_port)
    for server in (plain, secure):
        server.shutdown()
        server.server_close()


def ask(target: Target, ports: Ports) -> list[Probed]:
    at = {80: ports.http, 443: ports.https}
    planned = [replace(probe, port=at.get(probe.port, probe.port)) for probe in plan([target])]
    return list(run_probes(planned, None, trust=ssl.create_default_context()))


def test_the_page_is_found_over_both_schemes_with_the_ways_to_log_on(ports: Ports) -> None:
    http, https, *_ = ask(CA, ports)
    for asked in (http, https):
        facts = [(answer.name, answer.value) for answer in asked.answers]
        assert ("status", "401") in facts
        assert [value for name, value in facts if name == "authentication"] == ["Negotiate", "NTLM"]
    assert http.probe.probe == "web_enrolment http://ca1.chu.example/certsrv/"


def test_a_redirection_is_told_and_not_followed(ports: Ports) -> None:
    Iis.seen.clear()
    service = ask(CA, ports)[2]
    facts = {answer.name: answer.value for answer in service.answers}
    assert (facts["status"], facts["location"]) == ("302", "https://elsewhere.example/")
    assert [path for path, _, _ in Iis.seen].count("/CHU%20Issuing%20CA_CES_Kerberos/service.svc") == 2
    assert len(Iis.seen) == 4


def test_nobody_is_named_in_a_request(ports: Ports) -> None:
    Iis.seen.clear()
    ask(CA, ports)
    for _, host, headers in Iis.seen:
        assert host.startswith("ca1.chu.example")
        assert headers == ["accept-encoding", "connection", "host"]


def test_addresses_of_services_are_taken_from_what_an_authority_publishes() -> None:
    published = ["1\n4\n0\nhttps://ca1.chu.example/CHU_CES_Kerberos/service.svc/CES\n0", "1\n2\n0\nldap:///x\n", "\n"]
    assert enrolment_urls(published) == ("https://ca1.chu.example/CHU_CES_Kerberos/service.svc/CES",)


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https://x:0/",
        "https://x:99999/",
        "http://[",
        "file:///etc/hosts",
        "http://x/a b",
        "http://x/\r\nA: b",
        "http://é/",
    ],
)
def test_what_is_no_sound_address_is_not_asked(url: str) -> None:
    assert len(plan([Target("ca1.chu.example", TargetKind.WEB_ENROLMENT, urls=(url,))])) == 2


def test_a_service_on_another_host_is_planned_for_that_host() -> None:
    planned = plan([replace(CA, authorities=(), urls=("https://ces.chu.example:8443/x/service.svc",))])
    assert [(probe.server, probe.port, probe.address) for probe in planned] == [
        ("ca1.chu.example", 80, LOOPBACK),
        ("ca1.chu.example", 443, LOOPBACK),
        ("ces.chu.example", 8443, None),
    ]
