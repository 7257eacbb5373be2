"""Parses the options of a command. Each may occur once."""

from collections.abc import Mapping, Sequence

from ringfence.cli.api.paste.values import ParseError


def take_options(
    words: Sequence[str],
    known: Mapping[str, str],
    unsupported: Mapping[str, str],
    form: str,
) -> tuple[dict[str, str], list[str]]:
    """Return the values of options by name, and the other words; raises `ParseError`.

    `known` maps options to names; a name with a hyphen before it is that of a flag. `unsupported`
    maps options to messages; `form` is the message for any other option.
    """
    values: dict[str, str] = {}
    rest: list[str] = []
    every = iter([part for word in words for part in _split_at_equal(word)])
    for word in every:
        if word in unsupported:
            raise ParseError(word, unsupported[word])
        if word not in known:
            if word.startswith("-"):
                raise ParseError(word, form)
            rest.append(word)
            continue
        is_flag = known[word].startswith("-")
        name = known[word].removeprefix("-")
        if name in values:
            raise ParseError(word, "repeats what the line already says.")
        value = word if is_flag else next(every, None)
        if value is None or (not is_flag and value in known):
            raise ParseError(word, "requires a value.")
        values[name] = value
    return values, rest


def _split_at_equal(word: str) -> list[str]:
    if word.startswith("--") and "=" in word:
        option, _, value = word.partition("=")
        return [option, value]
    return [word]
