"""Splits a line into words: at spaces, or by the quoting rules of a shell."""

import re
from collections.abc import Sequence

from ringfence.cli.api.paste.values import SPACES, ParseError, strip

_REMARK = re.compile(f"(?:^|[{SPACES}])#")
_SPACE = re.compile(f"[{SPACES}]")


class Words:
    """A cursor over the words of a line."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.position = 0

    @property
    def next(self) -> str | None:
        """The next word; None at the end."""
        return self.words[self.position] if self.position < len(self.words) else None

    def take(self, message: str) -> str:
        """Take a word; `message` is that of the error if none is left."""
        word = self.next
        if word is None:
            raise ParseError(self.words[-1] if self.words else "", message)
        self.position += 1
        return word

    def take_if(self, *keywords: str) -> bool:
        is_one = self.next is not None and self.next.lower() in keywords
        self.position += is_one
        return is_one

    def take_list(self, message: str) -> str:
        """Take a list that may have spaces at its commas: "80, 443"."""
        word = self.take(message)
        while self.next is not None and (word.endswith(",") or self.next.startswith(",")):
            word += self.next
            self.position += 1
        return word


def without_remark(line: str) -> tuple[str, str]:
    """Split a line at a `#` that begins a word."""
    found = _REMARK.search(line)
    if found is None:
        return line, ""
    return line[: found.start()], strip(line[found.end() :])


def shell_words(line: str) -> tuple[list[str], str]:
    """Split a command as a shell does; a `#` outside of quotes begins a remark."""
    words: list[str] = []
    word: str | None = None
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            if letter == quote:
                quote = ""
            else:
                word = (word or "") + letter
        elif letter in "\"'":
            quote = letter
            word = word or ""
        elif _SPACE.match(letter):
            words += [] if word is None else [word]
            word = None
        elif letter == "#" and word is None:
            return words, strip(line[index + 1 :])
        elif letter in "\\`$;|&<>":
            raise ParseError(
                letter, "is not supported: write one command per line, with literal values."
            )
        else:
            word = (word or "") + letter
    if quote:
        raise ParseError(quote, "is not closed: end the text with the same quote.")
    return [*words, *([] if word is None else [word])], ""
