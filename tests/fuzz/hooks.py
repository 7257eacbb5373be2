"""What Schemathesis is told about this service, in an environment that has Schemathesis alone.

Random uuids name nothing, so that nearly every answer would be a 404: most are replaced by those
of objects that exist, as answers show them. What is counted is written down at the end.
"""

import atexit
import collections
import contextlib
import itertools
import json
import os
import re
import urllib.error
import urllib.request
import zlib

import schemathesis

BASE = os.environ["FUZZ_ADDRESS"]
AUTHORIZATION = os.environ["FUZZ_AUTHORIZATION"]
COUNTS = os.environ["FUZZ_COUNTS"]
# Of whom tokens may be revoked: the fuzzer would lock itself out.
VICTIM = os.environ["FUZZ_VICTIM"]
PASSWORD = os.environ["FUZZ_PASSWORD"]

HEX = re.compile(r"[0-9a-f]{32}")
# With dashes or without, as the service takes it; JSON Schema's own format has dashes always.
EITHER = "^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"
ADDRESS = re.compile(r"/api/([a-z-]+)/([0-9a-f]{32})/")
GROUPS = "openstack-security-groups"
TENANTS = "openstack-tenants"
COLLECTIONS = (GROUPS, TENANTS, "customers", "projects", "service-settings", "users")
# The run goes on with the token that it has.
ENDING = {"personal_access_tokens_destroy", "personal_access_tokens_rotate"}
REVOKING = {"users_refresh_token", "auth_tokens_destroy"}
CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "192.0.2.7", "::/0", "2001:db8::/32", None)
ENOUGH_GROUPS = 12

known: dict[str, dict[str, None]] = collections.defaultdict(dict)
seen: set[str] = set()
numbers = itertools.count()
counted: collections.Counter[tuple[str, int]] = collections.Counter()


def ask(method, path, body=None):
    """Return what the service answers, beside the run."""
    request = urllib.request.Request(  # noqa: S310 - the address is the served instance's
        BASE + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": AUTHORIZATION, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return answer.read().decode()


def learn(text):
    """Remember the objects whose addresses an answer holds."""
    seen.update(HEX.findall(text))
    for collection, uuid in ADDRESS.findall(text):
        known[collection][uuid] = None


def chosen(values, seed):
    """Return one of the values, always the same for a seed."""
    values = list(values)
    return values[zlib.crc32(repr(seed).encode()) % len(values)]


@schemathesis.hook
def before_load_schema(_context, raw_schema):
    """Read the schema as this service does, which takes more than clients are told to send."""
    for collection in COLLECTIONS:
        learn(ask("GET", f"/api/{collection}/?page_size=300"))
    for node in objects_in(raw_schema):
        if node.get("format") == "uuid":
            # In answers the pattern says it all.
            del node["format"]
            node.setdefault("pattern", EITHER)
    for name, model in raw_schema["components"]["schemas"].items():
        for node in objects_in(model) if name.endswith("Request") else ():
            if node.get("type") == "string" and "maxLength" in node:
                # A number is a text, as to Waldur.
                node["type"] = ["string", "number"]


def objects_in(node):
    """Yield all objects within, from the outermost one on."""
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for each in list(node.values()) if isinstance(node, dict) else node:
            yield from objects_in(each)


def operation_id(case):
    return case.operation.definition.raw.get("operationId", "")


@schemathesis.hook
def before_call(_context, case, kwargs):  # noqa: ARG001 - Schemathesis passes it
    """Put objects that exist in the place of most that cannot."""
    place_path(case)
    if case.meta is None or case.meta.generation.mode.is_positive:
        place_body(case)


def place_path(case):
    parameters = case.path_parameters
    collection = case.operation.path.split("/")[2]
    uuid = str(parameters.get("uuid", ""))
    bare = uuid.replace("-", "").lower()
    if HEX.fullmatch(bare) and bare not in seen and zlib.crc32(uuid.encode()) % 8:
        if collection == GROUPS and len(known[GROUPS]) < ENOUGH_GROUPS:
            replenish()
        if known[collection]:
            parameters["uuid"] = chosen(known[collection], uuid)
    if "number" in parameters and isinstance(parameters["number"], int):
        parameters["number"] %= 4
    if operation_id(case) in ENDING and bare in seen:
        parameters["uuid"] = "0" * 32
    if operation_id(case) in REVOKING:
        name = "uuid" if "uuid" in parameters else "user_id"
        if name == "uuid" or str(parameters[name]).isdecimal():
            parameters[name] = json.loads(VICTIM)[name]


def replenish():
    """Make groups anew: the run deletes them, and fills the tenants with others."""
    for tenant in known[TENANTS]:
        for _ in range(ENOUGH_GROUPS // 2):
            body = {"name": f"anew {next(numbers)}", "rules": [{"protocol": "tcp"}]}
            with contextlib.suppress(urllib.error.HTTPError):
                learn(ask("POST", f"/api/{TENANTS}/{tenant}/create_security_group/", body))


def place_body(case):
    if operation_id(case) == "api_auth_password" and isinstance(case.body, dict):
        if len(str(case.body.get("username"))) % 2:
            case.body = {"username": "victim", "password": PASSWORD}
        return
    for rule in rules_in(case.body):
        if "cidr" in rule:
            rule["cidr"] = chosen(CIDRS, rule["cidr"])
        if isinstance(rule.get("remote_group"), str) and known[GROUPS]:
            uuid = chosen(known[GROUPS], rule["remote_group"])
            rule["remote_group"] = f"{BASE}/api/{GROUPS}/{uuid}/"


def rules_in(body):
    """Yield every object of a body that is, or may be, a rule."""
    if isinstance(body, list):
        for each in body:
            yield from rules_in(each)
    elif isinstance(body, dict):
        yield body
        yield from rules_in(body.get("rules"))


@schemathesis.hook
def after_call(_context, case, response):
    """Count the answer, and learn from it."""
    counted[operation_id(case), response.status_code] += 1
    if response.status_code < 300:
        learn(response.text)
    gone = response.status_code == 404 or (
        response.status_code == 204 and case.operation.path.startswith(f"/api/{GROUPS}/")
    )
    if gone and "uuid" in (case.path_parameters or {}):
        uuid = str(case.path_parameters["uuid"]).replace("-", "").lower()
        known[case.operation.path.split("/")[2]].pop(uuid, None)


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Pass over what Waldur takes as well: nonsense in a query, and blanks around a text.

    Blanks around a header's value are no part of it (RFC 9110, section 5.5).
    """
    if response.status_code in {400, 431} and "x-request-id" not in response.headers:
        # No HTTP, a control character in a header say: the server's own answer, as documented.
        return False
    if failure.code != "ST201":
        return True
    wrong = {where.name for where, each in case.meta.components.items() if each.mode.is_negative}
    if wrong == {"QUERY"} or (wrong == {"HEADER"} and padded(list((case.headers or {}).values()))):
        return False
    return not ("`maxLength`" in failure.message and padded(case.body))


def padded(body):
    """Return whether a text has blanks around it, which count for nothing."""
    if isinstance(body, dict | list):
        return any(padded(each) for each in (body.values() if isinstance(body, dict) else body))
    return isinstance(body, str) and body != body.strip()


@atexit.register
def write_counts():
    rows = [[operation, status, number] for (operation, status), number in counted.items()]
    with open(COUNTS, "w", encoding="utf-8") as file:  # noqa: PTH123 - one line says it
        json.dump(sorted(rows), file)
