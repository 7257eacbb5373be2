"""Map HTTP statuses and exceptions of the SDK to the errors of the port.

Messages are shown to users: Neutron's own message if there is one, never a URL.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import yaml
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as openstack

from ringfence.neutron import translate
from ringfence.neutron.port import (
    NOT_FROM_NEUTRON,
    AccessRefused,
    CloudError,
    CloudUnreachable,
    GroupInUse,
    GroupNotFound,
    Misconfigured,
    NoSuchResource,
    Outdated,
    PortNotFound,
    QuotaExceeded,
    RemoteNotFound,
    RequestRefused,
    RuleExists,
    TooManyRequests,
    UnknownPath,
)
from ringfence.text.json_value import Json

LONGEST_MESSAGE = 500
LONGEST_WAIT_SECONDS = 3600.0

# By NeutronError type; the types are class names in neutron and neutron-lib.
CONFLICTS: Mapping[str, type[CloudError]] = {
    "OverQuota": QuotaExceeded,
    "SecurityGroupInUse": GroupInUse,
    "SecurityGroupRuleExists": RuleExists,
    "DuplicateSecurityGroupRuleInPost": RuleExists,
}
MISSING: Mapping[str, type[CloudError]] = {
    "SecurityGroupNotFound": GroupNotFound,
    "SecurityGroupRuleNotFound": GroupNotFound,
    "AddressGroupNotFound": RemoteNotFound,
    "PortNotFound": PortNotFound,
}
NO_CONNECTION = "The cloud cannot be reached: no connection, or it was cut."
UNREACHABLE: Sequence[tuple[type[Exception], str]] = (
    (keystone.ConnectTimeout, "The cloud did not respond in time."),
    (keystone.SSLError, "The cloud's TLS certificate cannot be verified."),
    (keystone.ConnectionError, NO_CONNECTION),
)
# What is wrong with an entry of clouds.yaml, and what to do; the first that matches
REMEDIES: Sequence[tuple[tuple[type[Exception], ...], str]] = (
    (
        (keystone.NotFound,),
        "has an auth_url that is not an identity service; correct it",
    ),
    (
        (keystone.EndpointNotFound, keystone.EmptyCatalog),
        "finds no network service in its catalogue; check region_name and interface",
    ),
    (
        (keystone.NoMatchingPlugin, keystone.MissingAuthPlugin),
        "has an auth_type that is unknown; correct it",
    ),
    (
        (keystone.AuthPluginException, keystone.AuthorizationFailure),
        "cannot be used to sign in; check its auth section",
    ),
    (
        (openstack.ConfigException, yaml.YAMLError),
        "cannot be used; check that the file is valid",
    ),
)


def from_status(status: int, headers: Mapping[str, str], body: Json) -> CloudError:  # noqa: C901, PLR0911 - a table
    """Return the error for a status of 300 or more; `body` is parsed, or `None`."""
    kind, message = translate.neutron_error(body) or ("", "")
    message = _one_line(message) or f"The cloud refused the request (HTTP {status})."
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return _too_many_requests(headers)
        case HTTPStatus.SERVICE_UNAVAILABLE if "retry-after" in headers:
            return _too_many_requests(headers)
        case HTTPStatus.UNAUTHORIZED:
            return AccessRefused("The cloud does not accept the credentials.")
        case HTTPStatus.FORBIDDEN:
            return AccessRefused(message)
        case HTTPStatus.NOT_FOUND if kind in MISSING:
            return MISSING[kind](message)
        case HTTPStatus.CONFLICT:
            return CONFLICTS.get(kind, RequestRefused)(message)
        case HTTPStatus.PRECONDITION_FAILED:
            return Outdated("The security group changed in the cloud at the same time.")
        case HTTPStatus.NOT_FOUND if kind == "HTTPNotFound":
            return NoSuchResource(f"{NOT_FROM_NEUTRON} (HTTP {status}).")
        case HTTPStatus.NOT_FOUND:
            # Not from Neutron but from a proxy before it: nothing is known to be missing.
            return UnknownPath(f"{NOT_FROM_NEUTRON} (HTTP {status}).")
        case HTTPStatus.REQUEST_TIMEOUT:
            # From a proxy as well; it says nothing about what the cloud has.
            return CloudUnreachable(f"{NOT_FROM_NEUTRON} (HTTP {status}).")
        case _ if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return RequestRefused(message)
    return CloudUnreachable(f"The cloud's network service failed (HTTP {status}).")


def from_exception(error: Exception, entry: str) -> CloudError:
    """Return the error for an exception of openstacksdk or keystoneauth with this entry."""
    if isinstance(error, CloudError):
        return error
    if isinstance(error, keystone.ConnectionError):
        reason = next(text for kind, text in UNREACHABLE if isinstance(error, kind))
        return CloudUnreachable(reason)
    if isinstance(error, keystone.HttpError) and error.http_status != HTTPStatus.NOT_FOUND:
        headers = error.response.headers if error.response is not None else {}
        return from_status(error.http_status, headers, None)
    if remedy := _remedy(error):
        return Misconfigured(f"The entry {entry!r} in clouds.yaml {remedy}.")
    return CloudUnreachable(f"{NOT_FROM_NEUTRON} ({type(error).__name__}).")


def _remedy(error: Exception) -> str | None:
    if isinstance(error, keystone.MissingRequiredOptions):
        return f"lacks {', '.join(option.dest for option in error.options)} under auth; add it"
    if type(error) is Exception:
        # keystoneauth raises a plain one: "password is a required attribute".
        return "is incomplete; check its auth section"
    return next((text for kinds, text in REMEDIES if isinstance(error, kinds)), None)


def _too_many_requests(headers: Mapping[str, str]) -> TooManyRequests:
    after = _seconds(headers.get("retry-after", ""))
    return TooManyRequests("The cloud's rate limit is exceeded.", after=after)


def _one_line(message: str) -> str:
    """Return the message on one line, cut to a bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def _seconds(value: str) -> float | None:
    """Read Retry-After (RFC 9110, section 10.2.3): seconds or a date."""
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT_SECONDS)
    try:
        time = parsedate_to_datetime(value)
    except ValueError:
        return None
    left = (time.replace(tzinfo=time.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(left, 0.0), LONGEST_WAIT_SECONDS)
