"""The OpenAPI document is valid and complete, with the names of published clients."""

import re
from pathlib import Path

import pytest
import waldur_api_client
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from ringfence.app import OPERATIONS, create_app
from ringfence.http.collections.filters import Filter, Ordering
from ringfence.http.errors import STATUSES
from ringfence.http.fields import Choice, Hyperlink, Integer, Text
from ringfence.http.openapi.document import WITHOUT_BODY, assemble
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.parameters import Parameter, list_parameters
from ringfence.http.openapi.schema import (
    CORE_STATES,
    DETAIL,
    STRING,
    Model,
    array,
    described,
    fields_schema,
    nullable,
    object_of,
)
from ringfence.reference.openapi_reader import follow
from ringfence.settings import Settings

CLIENT = Path(waldur_api_client.__file__).parent
_GROUP = "/api/openstack-security-groups/{}/"
# Of the releases since 8.0.
NEWER = {
    ("POST", _GROUP + f"{action}/"): (
        f"openstack_security_groups_{action}",
        "openstack_security_groups",
    )
    for action in ("set_ok", "set_erred")
}


@pytest.fixture(scope="module")
def document():
    return assemble(OPERATIONS, "1.2.3")


def test_the_document_is_valid_openapi_3_1(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == "1.2.3"


def test_routes_and_operations_are_the_same():
    routes = {
        # The types of path parameters are the router's.
        (method, re.sub(r":\w+\}", "}", route.path))
        for route in create_app(Settings()).routes
        if isinstance(route, Route) and route.include_in_schema
        for method in route.methods
    }
    declared = {(operation.method, operation.path) for operation in OPERATIONS}
    # HEAD belongs to every GET, and is declared only where it has an operation id.
    implied = {("HEAD", path) for method, path in declared if method == "GET"}
    assert routes - implied == declared - implied
    assert declared <= routes


def published():
    """Return operation id and tag by method and path, as in the published client."""
    found = {}
    for path in (CLIENT / "api").glob("*/*.py"):
        source = path.read_text()
        method = re.search(r'"method": "(\w+)"', source)
        address = re.search(r'"url": f?"(.*)"', source)
        if method and address:
            found[method[1].upper(), without_parameters(address[1])] = (path.stem, path.parent.name)
    return found


def without_parameters(path):
    return re.sub(r"\{\w+\}", "{}", path)


def test_operations_of_published_clients_have_their_id_and_tag():
    known = published() | NEWER
    shared = 0
    for operation in OPERATIONS:
        theirs = known.get((operation.method, without_parameters(operation.path)))
        if theirs:
            assert (operation.id, operation.tag.replace("-", "_")) == theirs
            shared += 1
    assert shared >= 13


def test_operation_ids_are_unique():
    ids = [operation.id for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)


def test_models_have_the_names_of_the_published_client(document):
    assert set(document["components"]["schemas"]) >= {
        "CoreStates",
        "DirectionEnum",
        "EthertypeEnum",
        "OpenStackSecurityGroup",
        "OpenStackSecurityGroupRequest",
        "OpenStackSecurityGroupRuleCreate",
        "OpenStackSecurityGroupRuleCreateRequest",
        "OpenStackSecurityGroupRuleUpdateRequest",
        "OpenStackSecurityGroupUpdate",
        "OpenStackSecurityGroupUpdateRequest",
        "OpenStackTenant",
        "PatchedOpenStackSecurityGroupUpdateRequest",
        "SetErredRequest",
    }


def test_every_path_declares_its_parameters():
    for operation in OPERATIONS:
        in_path = {each.name for each in operation.parameters if each.location == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", operation.path)), operation.id


def test_every_error_is_described_by_its_class(document):
    responses = document["components"]["responses"]
    of_head = {name for name in responses if name.endswith(WITHOUT_BODY)}
    assert set(responses) - of_head == {kind.__name__ for kind in STATUSES}
    assert all(response["description"] for response in responses.values())
    assert set(responses["Unauthenticated"]["headers"]) == {"WWW-Authenticate"}


def operation(**more):
    given = {"responses": {200: Response()}, "title": "Look", "tag": "things"} | more
    return Operation("things_look", "GET", "/api/things/", **given)


def test_statuses_of_every_operation_are_implied():
    assert operation().statuses == [200, 400, 401, 403, 406, 429, 503]
    assert operation(public=True).statuses == [200, 400, 406, 429, 503]
    assert operation(errors=(404,)).statuses == [200, 400, 401, 403, 404, 406, 429, 503]


def test_a_model_is_described_once_and_referred_to():
    thing = Model("Thing", object_of({"name": described(STRING, "Its name")}))
    answers = {200: Response(array(thing)), 409: Response(described(thing, "Why"))}
    made = assemble([operation(responses=answers)], "1")
    assert set(made["components"]["schemas"]) >= {"Thing"}
    responses = made["paths"]["/api/things/"]["get"]["responses"]
    listed = responses["200"]["content"]["application/json"]["schema"]
    assert listed == {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    named = responses["409"]["content"]["application/json"]["schema"]
    assert named == {"$ref": "#/components/schemas/Thing", "description": "Why"}


def test_two_models_of_one_name_are_refused():
    answers = {200: Response(Model("Detail", STRING)), 409: Response(DETAIL)}
    with pytest.raises(ValueError, match="two models are named Detail"):
        assemble([operation(responses=answers)], "1")


def test_the_limits_of_a_body_are_those_of_its_fields():
    fields = {
        "name": Text(max_length=3),
        "note": Text(max_length=5, blank=True, null=True),
        "port": Integer(minimum=1, maximum=9),
        "kind": Choice(("a", "b")),
        "group": Hyperlink("groups"),
    }
    what = {"description": "What it is"}
    schema = fields_schema(fields, required=["name"], more=dict.fromkeys(fields, what))
    assert schema["required"] == ["name"]
    assert schema["properties"] == {
        "name": {"type": "string", "minLength": 1, "maxLength": 3, **what},
        "note": {"type": ["string", "null"], "maxLength": 5, **what},
        "port": {"type": "integer", "minimum": 1, "maximum": 9, **what},
        "kind": {"type": "string", "enum": ["a", "b"], **what},
        "group": nullable({"type": "string", "format": "uri", **what}),
    }


def undescribed(node, where):
    """Yield where a parameter, a property or a header of the document has no description."""
    if isinstance(node, list):
        for each in node:
            yield from undescribed(each, where)
    elif isinstance(node, dict):
        named = {
            **{each["name"]: each for each in node.get("parameters", ())},
            **node.get("headers", {}),
            **(node["properties"] if isinstance(node.get("properties"), dict) else {}),
        }
        yield from (f"{where} {name}" for name, each in named.items() if not described_in(each))
        for key, each in node.items():
            yield from undescribed(each, f"{where}.{key}")


def described_in(node):
    return node.get("description", "").strip()


def test_every_parameter_property_and_header_is_described(document):
    assert list(undescribed(document, "")) == []


def test_a_parameter_or_property_cannot_be_declared_without_a_description():
    with pytest.raises(ValueError, match="the parameter colour has no description"):
        Parameter("colour", STRING, "")
    for schema in (STRING, described(STRING, ""), CORE_STATES):
        with pytest.raises(ValueError, match="the property colour has no description"):
            object_of({"colour": schema})
    with pytest.raises(KeyError, match="colour"):
        list_parameters({"colour": Filter("true")}, Ordering({}, "1"), CORE_STATES, descriptions={})


def parameters_of(document, operation_id):
    nodes = [node for path in document["paths"].values() for node in path.values()]
    [node] = [node for node in nodes if node["operationId"] == operation_id]
    return {each["name"]: each for each in node["parameters"]}


@pytest.mark.parametrize(
    ("operation_id", "largest"),
    [("openstack_security_groups_list", 300), ("openstack_security_groups_versions_list", 50)],
)
def test_lists_state_the_default_and_the_largest_size_of_a_page(document, operation_id, largest):
    size = parameters_of(document, operation_id)["page_size"]["schema"]
    assert (size["default"], size["minimum"], size["maximum"]) == (10, 1, largest)


def test_set_rules_takes_a_dry_run_that_is_off_by_default(document):
    parameters = parameters_of(document, "openstack_security_groups_set_rules")
    assert parameters["dry_run"]["schema"] == {"type": "boolean", "default": False}
    assert {"Idempotency-Key", "If-Match", "plan_token"} <= set(parameters)


def test_an_ordering_names_the_fields_that_it_takes(document):
    order = parameters_of(document, "openstack_tenants_list")["o"]
    allowed = re.compile(order["schema"]["pattern"])
    assert allowed.search("-customer_name,name")
    assert not allowed.search("customer_name,colour")
    assert "customer_name" in order["description"]


def test_no_response_to_head_has_content(document):
    heads = [path["head"] for path in document["paths"].values() if "head" in path]
    assert heads
    for head in heads:
        for status, response in head["responses"].items():
            assert "content" not in follow(document, response), (head["operationId"], status)
