"""Group Policy Preferences (MS-GPPREF 2.2.1): local accounts, services, scheduled tasks, drives, printers …"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from adaudit.decode.group_policy.builder import Builder
from adaudit.decode.group_policy.secret_names import is_secret_name, names_secret
from adaudit.decode.group_policy.xml_tree import Element, read_xml

_WITHOUT_MEANING: Final = {"clsid", "uid", "image", "changed", "status"}
_TITLES: Final = ("name", "property", "key", "keyname")
_COMMANDS: Final = ("appname", "targetpath", "command")
_ARGUMENTS: Final = {"args", "arguments"}


def read_preferences(content: bytes, builder: Builder) -> None:
    """Every attribute, and every element that holds text, as a setting; in the order of the document.

    ``section`` is the path of the element (``Groups/User[1]/Properties[1]``), ``name`` the attribute; for an element
    that holds text, ``section`` is its parent and ``name`` its own. So an item has its ``name`` and ``disabled`` in
    one section, what it does (``action``: C create, R replace, U update, D delete) in its ``Properties``, item-level
    targeting in its ``Filters``. A password (``cpassword``, or the value of what is called one) is masked, the account
    beside it stays. Of damaged XML, what comes before the damage is told.
    """
    root, problem = read_xml(content)
    if problem:
        builder.fail(problem)
    if root is not None:
        for path, element, is_password in _walk(root):
            _add_attributes(path, element, builder, is_password=is_password)
            _add_texts(path, element, builder, is_password=is_password)


def _walk(root: Element) -> Iterator[tuple[str, Element, bool]]:
    """Every element with its path, and whether the values in it are a password: ``<Password><Value>…``."""
    waiting = [(root.tag, root, is_secret_name(root.tag))]
    while waiting:
        path, element, is_password = waiting.pop()
        yield path, element, is_password
        below = [
            (place, child, is_password or is_secret_name(child.tag) or (child.tag == "Values" and _has_title(element)))
            for place, child in element.below(path)
        ]
        waiting.extend(reversed(below))


def _has_title(element: Element) -> bool:
    """It is called a password: ``<Properties name="DefaultPassword" value="…">``."""
    given = _lowered(element.attributes)
    return any(is_secret_name(given[title]) for title in _TITLES if title in given)


def _add_attributes(path: str, element: Element, builder: Builder, *, is_password: bool) -> None:
    given = _lowered(element.attributes)
    is_password = is_password or _has_title(element)
    for name, value in element.attributes.items():
        bare = name.lower()
        if bare in _ARGUMENTS:
            builder.add_command(path, name, _command(given), value)
        elif bare not in _WITHOUT_MEANING:
            what = "password" if is_password and bare == "value" else name
            builder.add(path, name, value, is_secret=names_secret(what, value, "REG_SZ"))


def _add_texts(path: str, element: Element, builder: Builder, *, is_password: bool) -> None:
    given = {child.tag.lower(): child.text for child in element.children}
    for child in element.children:
        text = child.text
        if text and child.tag.lower() in _ARGUMENTS:
            builder.add_command(path, child.tag, _command(given), text)
        elif text:
            what = "password" if is_password else child.tag
            builder.add(path, child.tag, text, is_secret=names_secret(what, text, "REG_SZ"))


def _lowered(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in attributes.items()}


def _command(given: Mapping[str, str]) -> str:
    return next((given[name] for name in _COMMANDS if name in given), "")
