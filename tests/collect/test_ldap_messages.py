"""Our BER code against ldap3's and pyasn1's, and against bytes that nobody should send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.protocol.rfc4511 import (
    LDAPDN,
    AttributeDescription,
    LDAPMessage,
    MessageID,
    PartialAttribute,
    PartialAttributeList,
    ProtocolOp,
    SearchResultEntry,
    Vals,
)
from ldap3.protocol.rfc4511 import AttributeValue as Value
from pyasn1.codec.ber import decoder, encoder

from adaudit.collect import ber
from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.messages import (
    MAX_MESSAGE,
    SHOW_DELETED,
    Envelope,
    Operation,
    Scope,
    Search,
    decode_entry,
    decode_reference,
    decode_result,
    disconnection_notice,
    encode_abandon,
    encode_search,
    encode_unbind,
    message_end,
    read_envelope,
)
from adaudit.schema.requests import SD_FLAGS_OID, SD_FLAGS_VALUE

NAMES = st.text(st.sampled_from("abcdefghijklmnop-"), min_size=1, max_size=20)
ATTRIBUTES = st.dictionaries(NAMES, st.lists(st.binary(max_size=300), max_size=4), max_size=6)
DNS = st.text(max_size=60)


def encoded_by_pyasn1(dn: str, attributes: dict[str, list[bytes]], message_id: int = 7) -> bytes:
    listed = PartialAttributeList()
    for position, (name, values) in enumerate(attributes.items()):
        vals = Vals()
        for index, value in enumerate(values):
            vals.setComponentByPosition(index, Value(value))
        attribute = PartialAttribute()
        attribute["type"] = AttributeDescription(name)
        attribute["vals"] = vals
        listed.setComponentByPosition(position, attribute)
    entry = SearchResultEntry()
    entry["object"] = LDAPDN(dn)
    entry["attributes"] = listed
    message = LDAPMessage()
    message["messageID"] = MessageID(message_id)
    message["protocolOp"] = ProtocolOp().setComponentByName("searchResEntry", entry)
    encoded: bytes = encoder.encode(message)
    return encoded


def four_byte_length(tag: int, content: bytes) -> bytes:
    """An element as Windows writes constructed ones."""
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def encoded_like_windows(dn: str, attributes: dict[str, list[bytes]]) -> bytes:
    def octets(value: bytes) -> bytes:
        return ber.encode(ber.OCTET_STRING, value)

    listed = b"".join(
        four_byte_length(0x30, octets(name.encode()) + four_byte_length(0x31, b"".join(map(octets, values))))
        for name, values in attributes.items()
    )
    entry = four_byte_length(Operation.ENTRY, octets(dn.encode()) + four_byte_length(0x30, listed))
    return four_byte_length(0x30, b"\x02\x01\x07" + entry)


@given(DNS, ATTRIBUTES)
def test_entries_encoded_by_pyasn1_are_decoded_to_what_they_were(dn: str, attributes: dict[str, list[bytes]]) -> None:
    envelope = read_envelope(encoded_by_pyasn1(dn, attributes))
    assert (envelope.message_id, envelope.operation) == (7, Operation.ENTRY)
    assert decode_entry(envelope) == (dn, attributes)


@given(DNS, ATTRIBUTES)
def test_the_four_byte_lengths_of_windows_are_understood(dn: str, attributes: dict[str, list[bytes]]) -> None:
    assert decode_entry(read_envelope(encoded_like_windows(dn, attributes))) == (dn, attributes)


def test_a_dn_that_is_not_utf8_is_kept_readable() -> None:
    message = encoded_like_windows("CN=xx", {}).replace(b"xx", b"\xff\xfe")
    assert decode_entry(read_envelope(message)) == ("CN=\\xff\\xfe", {})


def test_search_requests_are_read_alike_by_ldap3() -> None:
    search = Search("OU=Études,DC=corp,DC=test", Scope.SUBTREE, ("*", "nTSecurityDescriptor"), (SHOW_DELETED,))
    message, rest = decoder.decode(encode_search(5, search, page_size=1000, cookie=b"\x01\x02"), asn1Spec=LDAPMessage())
    request = message["protocolOp"]["searchRequest"]
    controls = [(str(each["controlType"]), bool(each["criticality"])) for each in message["controls"]]
    assert rest == b""
    assert str(request["baseObject"]) == "OU=Études,DC=corp,DC=test"
    assert (int(request["scope"]), int(request["derefAliases"]), int(request["sizeLimit"])) == (2, 0, 0)
    assert str(request["filter"]["present"]) == "objectClass"
    assert [str(name) for name in request["attributes"]] == ["*", "nTSecurityDescriptor"]
    assert controls == [("1.2.840.113556.1.4.417", True), ("1.2.840.113556.1.4.319", True)]
    assert bytes(message["controls"][1]["controlValue"]) == bytes.fromhex("3008020203e804020102")


def test_the_descriptor_control_is_sent_as_specified() -> None:
    from adaudit.collect.messages import Control

    search = Search("", Scope.BASE, ("*",), (Control(SD_FLAGS_OID, SD_FLAGS_VALUE),))
    message, _ = decoder.decode(encode_search(1, search), asn1Spec=LDAPMessage())
    control = message["controls"][0]
    assert (str(control["controlType"]), bytes(control["controlValue"])) == (SD_FLAGS_OID, SD_FLAGS_VALUE)


@pytest.mark.parametrize(
    ("encoded", "operation"), [(encode_abandon(9, 300), "abandonRequest"), (encode_unbind(9), "unbindRequest")]
)
def test_abandon_and_unbind_are_read_alike_by_ldap3(encoded: bytes, operation: str) -> None:
    message, rest = decoder.decode(encoded, asn1Spec=LDAPMessage())
    assert (rest, int(message["messageID"]), message["protocolOp"].getName()) == (b"", 9, operation)


@given(st.integers(0, 2**31 - 1))
def test_the_integers_of_ldap_survive_encoding(value: int) -> None:
    encoded = ber.encode_integer(value)
    assert ber.read_integer(encoded, 0, len(encoded)) == (value, len(encoded))


def done(code: int, message: bytes, tail: bytes = b"", controls: bytes = b"") -> Envelope:
    body = ber.encode_integer(code, ber.ENUMERATED) + b"\x04\x00" + ber.encode(4, message) + tail
    operation = ber.encode(Operation.DONE, body)
    return read_envelope(ber.encode(0x30, b"\x02\x01\x05" + operation + controls))


@pytest.mark.parametrize("criticality", [b"", b"\x01\x01\x00"])
def test_the_cookie_of_a_page_is_found(criticality: bytes) -> None:
    value = ber.encode(0x30, b"\x02\x01\x00" + ber.encode(4, b"next"))
    other = ber.encode(0x30, ber.encode(4, b"1.2.3"))
    control = ber.encode(0x30, ber.encode(4, b"1.2.840.113556.1.4.319") + criticality + ber.encode(4, value))
    assert decode_result(done(0, b"", controls=ber.encode(0xA0, other + control))).cookie == b"next"


def test_a_result_tells_its_message_and_referrals() -> None:
    referral = ber.encode(0xA3, ber.encode(4, b"ldap://other.corp.test/"))
    result = decode_result(done(10, b"elsewhere\x00", referral))
    assert (result.code, result.message, result.referrals) == (10, "elsewhere", ("ldap://other.corp.test/",))
    assert not result.is_success


def test_a_notice_of_disconnection_is_told_from_other_messages() -> None:
    body = b"\x0a\x01\x34\x04\x00\x04\x04busy" + ber.encode(0x8A, b"1.3.6.1.4.1.1466.20036")
    notice = read_envelope(ber.encode(0x30, b"\x02\x01\x00" + ber.encode(Operation.EXTENDED_RESPONSE, body)))
    assert disconnection_notice(notice) == "result code 52: busy"
    assert disconnection_notice(done(0, b"")) is None


@given(DNS, ATTRIBUTES)
def test_the_end_of_a_message_is_known_as_soon_as_its_length_is_there(
    dn: str, attributes: dict[str, list[bytes]]
) -> None:
    message = encoded_by_pyasn1(dn, attributes)
    known = [message_end(bytearray(message[:size])) for size in range(min(len(message), 8))]
    assert set(known) <= {None, len(message)}
    assert message_end(bytearray(message + b"\x30\x00")) == len(message)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 400", b"\x30\x80\x02\x01", b"\x30\x85\x00\x00\x00\x00\x01", b"\x30\x84\xff\xff\xff\xff"],
    ids=["another protocol", "indefinite length", "length of five bytes", "four gigabytes"],
)
def test_what_is_not_the_head_of_a_message_is_refused(head: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        message_end(bytearray(head))
    assert MAX_MESSAGE < 2**32


@pytest.mark.parametrize(
    "entry",
    [
        b"\x04\x05CN=a",  # the DN is longer than the entry
        b"\x04\x04CN=a\x30\x04\x30\x03\x04\x01a",  # no values
        b"\x04\x04CN=a\x30\x07\x30\x05\x04\x01a\x31\x01",  # values longer than their attribute
        b"\x04\x04CN=a\x30\x0a\x30\x08\x04\x01a\x31\x03\x04\x02v",  # a value longer than its set
        b"\x04\x04CN=a\x30\x0a\x30\x08\x04\x01a\x31\x03\x02\x01v",  # a value that is no octet string
        b"\x04\x04CN=a\x30\x0a\x30\x28\x04\x01a\x31\x03\x04\x01v",  # an attribute longer than the list
        b"\x04\x04CN=a\x30\x00\x00",  # something after the attributes
    ],
)
def test_lengths_that_do_not_fit_are_refused(entry: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        decode_entry(Envelope(1, Operation.ENTRY, entry + b"\x00" * 4, 0, len(entry)))


@given(
    DNS,
    ATTRIBUTES,
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4),
    st.integers(0, 2000),
)
def test_damaged_messages_end_in_a_clean_error_or_an_entry(
    dn: str, attributes: dict[str, list[bytes]], changes: list[tuple[int, int]], size: int
) -> None:
    message = bytearray(encoded_by_pyasn1(dn, attributes))
    for at, byte in changes:
        message[at % len(message)] = byte
    read_everything(bytes(message[: max(size, 1)]))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_end_in_a_clean_error(data: bytes) -> None:
    read_everything(data)
    read_everything(ber.encode(0x30, b"\x02\x01\x05" + data))


def read_everything(data: bytes) -> None:
    """Every reader on the same bytes: each returns or raises MalformedAnswer."""
    try:
        message_end(bytearray(data))
        envelope = read_envelope(data)
    except MalformedAnswer:
        return
    for reader in (decode_entry, decode_result, decode_reference, disconnection_notice):
        try:
            reader(envelope)
        except MalformedAnswer:
            continue
