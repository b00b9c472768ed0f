"""Settings of one file as they are found: secrets masked, sizes bounded."""

from __future__ import annotations

from typing import Final

from adaudit.decode.errors import DecodeError
from adaudit.decode.group_policy.secret_names import names_secret
from adaudit.decode.group_policy.secrets import mask_arguments, mask_secrets
from adaudit.decode.group_policy.setting import MASK, Decoded, Setting

MAX_SETTINGS: Final = 100_000
MAX_TEXT: Final = 65_536
MAX_TEXTS: Final = 64_000_000


class Builder:
    """Collects the settings of a file, which are all of one kind. Every text passes here, and so is masked."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._settings: list[Setting] = []
        self._errors: list[str] = []
        self._size = 0
        self._titles: dict[str, str] = {}

    def add(self, section: str, name: str, value: str, value_type: str = "", *, is_secret: bool = False) -> None:
        """Add a setting, whose whole value is a secret when ``is_secret`` or when its name announces one.

        DecodeError: the file holds more than a policy can.
        """
        is_secret = is_secret or names_secret(name, value, value_type)
        masked = MASK if is_secret else mask_secrets(value)[0]
        self._append(section, name, masked, value_type, is_secret=is_secret or masked != value)

    def add_command(self, section: str, name: str, command: str, arguments: str) -> None:
        """Add the arguments of a command as a setting; the command tells which of them are secrets."""
        masked = mask_arguments(command, arguments)
        self._append(section, name, masked, "", is_secret=masked != arguments)

    def add_masked(self, section: str, name: str, value: str) -> None:
        """Add a text whose secrets are masked already."""
        self._append(section, name, value, "", is_secret=True)

    def fail(self, message: str) -> None:
        """Tell what could not be read. ``message`` holds no text of the file."""
        if len(self._errors) < MAX_SETTINGS:
            self._errors.append(message)

    def done(self) -> Decoded:
        return Decoded(tuple(self._settings), tuple(self._errors))

    def _append(self, section: str, name: str, value: str, value_type: str, *, is_secret: bool) -> None:
        if len(self._settings) == MAX_SETTINGS:
            raise DecodeError(f"more than {MAX_SETTINGS} settings")
        texts = [self._bounded(text) for text in (self._title(section), self._title(name), value)]
        self._size += sum(map(len, texts))
        if self._size > MAX_TEXTS:
            raise DecodeError(f"more than {MAX_TEXTS} characters of settings")
        self._settings.append(Setting(self._kind, texts[0], texts[1], texts[2], value_type, is_secret))

    def _title(self, text: str) -> str:
        """A section or name, masked; most come again and again."""
        if text not in self._titles:
            self._titles[text] = mask_secrets(text)[0]
        return self._titles[text]

    def _bounded(self, text: str) -> str:
        if len(text) <= MAX_TEXT:
            return text
        self.fail(f"setting {len(self._settings) + 1}: a text of {len(text)} characters, cut at {MAX_TEXT}")
        return text[:MAX_TEXT]
