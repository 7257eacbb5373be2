"""The body of a request for a discovery, checked once, into what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ringfence.discovery.found import Selection
from ringfence.discovery.runs import Request
from ringfence.errors import Invalid
from ringfence.http import hints
from ringfence.http.fields import Boolean, Field, FieldError, Text, clean_fields, refuse_null
from ringfence.text.json_value import Json

LONGEST_NAME = 255
MOST_NAMES = 1000


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts without repetitions."""

    item: Text
    most: int = MOST_NAMES

    @property
    def allowed(self) -> str:
        return f"a list of at most {self.most} texts"

    def clean(self, value: Json) -> Sequence[str]:
        refuse_null(value, self.allowed)
        if not isinstance(value, list):
            raise FieldError("Expected a list of items.", hints.allowed(self.allowed))
        if len(value) > self.most:
            raise FieldError(f"Ensure this field has no more than {self.most} elements.")
        return tuple(dict.fromkeys(str(self.item.clean(item)) for item in value))


_NAME = Text(max_length=LONGEST_NAME, one_line=True)

DISCOVERY_FIELDS: Mapping[str, Field] = {
    "cloud": _NAME,
    "entries": Texts(_NAME),
    "domains": Texts(_NAME),
    "match": _NAME,
    "customer": Text(max_length=LONGEST_NAME, one_line=True, null=True),
    "by_parent": Boolean(),
    "follow": Boolean(),
    "load": Boolean(),
}
FOLLOW_FIELDS: Mapping[str, Field] = {"follow": Boolean()}


def parse_request(body: Json) -> Request:
    """Return the requested discovery; raises `Invalid`."""
    values = clean_fields(body, DISCOVERY_FIELDS, required=["cloud"])
    cloud = values["cloud"]
    selection = Selection(
        cloud=cloud,
        entries=values.get("entries") or (cloud,),
        domains=values.get("domains", ()),
        match=values.get("match", "*"),
        customer=values.get("customer"),
        by_parent=values.get("by_parent", False),
    )
    follow, load = values.get("follow"), values.get("load", True)
    if selection.customer is not None and selection.by_parent:
        raise Invalid(
            {"by_parent": ["Either name a customer or let parent projects be customers."]}
        )
    if follow and not load:
        raise Invalid({"follow": ["A discovery that is followed creates tenants."]})
    return Request(selection, follow=follow, requested=True, creates_tenants=load)


def parse_follow(body: Json) -> bool:
    """Return whether a discovery is to be followed; raises `Invalid`."""
    follow: bool = clean_fields(body, FOLLOW_FIELDS, required=["follow"])["follow"]
    return follow
