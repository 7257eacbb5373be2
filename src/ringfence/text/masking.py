"""Mask secrets in logs and messages: by known value, and by field name.

A secret is masked by its value from the moment it is read: `learn` adds those of the process
(database password, cloud credentials), `present` those of one request (its token or password).
Other text is masked only after a field that announces a secret: `password=`, the `Authorization`
header, the user part of a URL. A word after the word "token" is not a secret by that alone. Every
pattern takes time linear in the text.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote, unquote

MASK = "***"

# Shorter values occur in too many words, and are masked by field only.
SHORTEST = 4
# Shorter values are masked as whole words, longer ones anywhere.
SHORTEST_ANYWHERE = 12
# Credentials are renewed during the life of a process; beyond this number the oldest are dropped.
MOST_VALUES = 1000
# Words of the messages themselves, which are never masked by value.
_COMMON = {"admin", "changeme", "database", "default", "localhost", "password", "postgres"}
_COMMON |= {"postgresql", "public", "ringfence", "secret", "service", "token", "user"}

_FIELD = r"(?:token|password|passwd|passphrase|secret|credentials?|(?:api|access|private)[-_]?key)"
SECRET_KEY = re.compile(rf"(?:{_FIELD}|authorization|cookie)s?$", re.IGNORECASE)
_PLURAL = re.compile(r"s$", re.IGNORECASE)

_QUOTE = r"(?:\\{0,4}[\"'])"
_VALUE = r"(?:(?<=\")[^\"\r\n]*|(?<=')[^'\r\n]*|[^\s\"',;&)}\]]+)"
# The group of each alternative is the part of a match that is kept, before the secret.
_FIELDS = re.compile(
    # A header, to the end of its line or of the quotation
    rf"(?P<header>\b(?:proxy-)?authorization{_QUOTE}?\s?[:=]\s?{_QUOTE}?"
    r"(?:(?:token|bearer|basic)\s+)*)(?!\s)[^\s\"',;]+"
    rf"|(?P<cookie>\b(?:set-)?cookie{_QUOTE}?\s?[:=]\s?{_QUOTE}?)[^\r\n\"']+"
    # `password=…`, `"password": "…"`, and a line `password: …`
    rf"|(?P<pair>{_FIELD}(?:{_QUOTE}?\s?=\s?{_QUOTE}?|{_QUOTE}\s?:\s?{_QUOTE})){_VALUE}"
    rf"|(?P<line>^[ \t]*+(?:- )?[\w-]{{0,40}}?{_FIELD}: )\S+(?=[ \t]?$)"
    # HTTP authentication schemes, before a credential
    r"|(?P<both>\bbearer\s{1,8}token\s{1,8})[^\s\"',;&)}]+"
    r"|(?P<scheme>\b(?:bearer|basic)\s{1,8})"
    r"(?:(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}|[\w.~+/=-]{20,})"
    # "token" in lower case is English, and a UUID follows it.
    r"|(?P<token>\b(?-i:Token)\s{1,8})(?![0-9a-f]{32}\b|[0-9a-f]{8}-)(?=[\w.~+/=-]*\d)"
    r"[\w.~+/=-]{16,}",
    re.IGNORECASE | re.MULTILINE,
)
# An API token of this service, anywhere; digests are marked as such.
_OWN_TOKEN = re.compile(r"(?<![0-9A-Fa-f])(?<!sha256[:-])[0-9a-f]{64}(?![0-9A-Fa-f])")
_PASSWORD_PARAMETER = re.compile(r"(?:^|[\s?&])password\s*=\s*('[^']*'|[^\s&]*)")
_AUTHORITY_END = re.compile(r"[\s/?#\"'<>\\]")
# Placeholders of the messages themselves.
_PLACEHOLDERS = frozenset({"USER", "USER:PASSWORD"})


class KnownValues:
    """Known values with their patterns; `by_length` is replaced as a whole, for other threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._patterns: dict[str, re.Pattern[str]] = {}
        # Longest first: masking a part would leave the rest of a longer one.
        self.by_length: tuple[tuple[str, re.Pattern[str]], ...] = ()

    def add(self, values: Iterable[str]) -> None:
        """Mask these from now on; drop the oldest beyond `MOST_VALUES`."""
        with self._lock:
            for value in values:
                self._patterns.setdefault(value, _pattern(value))
            while len(self._patterns) > MOST_VALUES:
                del self._patterns[next(iter(self._patterns))]
            found = sorted(self._patterns.items(), key=lambda item: len(item[0]), reverse=True)
            self.by_length = tuple(found)


known = KnownValues()
_presented: ContextVar[tuple[str, ...]] = ContextVar("presented", default=())


def learn(*values: str | None) -> None:
    """Mask these values from now on, in this process and those that it forks."""
    if forms := [form for value in values for form in _forms(value or "")]:
        known.add(forms)


def learn_fields(tree: Any) -> None:  # noqa: ANN401 - a file of settings, or an environment
    """Mask the values in a tree of settings whose names are those of secrets."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if isinstance(value, str) and SECRET_KEY.search(str(name)):
                learn(value)
            else:
                learn_fields(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            learn_fields(value)


def learn_url(url: str) -> None:
    """Mask the password of a connection string, and each part of one that is not escaped.

    An unescaped `@`, `/`, `?` or `#` ends the password for a URL parser: the rest would be taken
    for the host, and shown.
    """
    _, separator, rest = url.partition("://")
    before_host, at, shown = rest.rpartition("@")
    user, colon, password = before_host.partition(":")
    found = [password] if separator and at and colon else []
    found += [match[1].strip("'") for match in _PASSWORD_PARAMETER.finditer(url)]
    # Parts that are shown anyway are not secrets.
    visible = {user, *re.split(r"[:/?&=#,]", _PASSWORD_PARAMETER.sub("", shown))}
    for each in map(unquote, found):
        learn(*({each, *re.split(r"[@/?#]", each)} - visible))


def present(value: str) -> None:
    """Mask a value for the rest of this request."""
    if len(value) >= SHORTEST:
        _presented.set((*_presented.get()[-7:], value))


def mask(text: str) -> str:
    """Return a text with its secrets masked and everything else unchanged."""
    for value, pattern in known.by_length:
        if value in text:
            text = pattern.sub(MASK, text)
    for value in _presented.get():
        if value in text:
            text = _pattern(value).sub(MASK, text)
    text = _without_credentials(text)
    text = _FIELDS.sub(_keep_the_field, text)
    return _OWN_TOKEN.sub(MASK, text)


def is_clean(text: str) -> bool:
    """Return whether `mask` would leave a path unchanged; cheap, may be False without reason."""
    return (
        _PLAIN.fullmatch(text) is not None
        and _OWN_TOKEN.search(text) is None
        and not any(value in text for value, _ in known.by_length)
        and not any(value in text for value in _presented.get())
    )


# Text of these characters alone has no field and no URL.
_PLAIN = re.compile(r"[A-Za-z0-9/._~-]*")


def masked(key: str, value: Any) -> Any:  # noqa: ANN401 - a record holds anything
    """Return the value of a log field with its secrets masked."""
    if value is None or isinstance(value, bool):
        return value
    if SECRET_KEY.search(key) and not (isinstance(value, int | float) and _PLURAL.search(key)):
        return MASK
    if isinstance(value, dict):
        return {name: masked(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked("", part) for part in value]
    return value if isinstance(value, int | float) else mask(str(value))


def _forms(value: str) -> Iterable[str]:
    """Return the spellings of a value: plain, URL-encoded, and as a Python literal."""
    forms = dict.fromkeys([value, unquote(value), quote(value, safe=""), repr(value)[1:-1]])
    return [form for form in forms if len(form) >= SHORTEST and form.casefold() not in _COMMON]


def _pattern(value: str) -> re.Pattern[str]:
    if len(value) >= SHORTEST_ANYWHERE:
        return re.compile(re.escape(value))
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")


def _without_credentials(text: str) -> str:
    """Mask the password in URLs, or the whole user part if it has no user name."""
    pieces = []
    done = 0
    while (begin := text.find("://", done)) >= 0:
        begin += len("://")
        end = match.start() if (match := _AUTHORITY_END.search(text, begin)) else len(text)
        at = text.rfind("@", begin, end)
        pieces.append(text[done:begin])
        if at >= 0 and text[begin:at] not in _PLACEHOLDERS:
            user, colon, _ = text[begin:at].partition(":")
            pieces.append(f"{user}:{MASK}" if colon else MASK)
            begin = at
        pieces.append(text[begin:end])
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _keep_the_field(match: re.Match[str]) -> str:
    return f"{match[str(match.lastgroup)]}{MASK}"
