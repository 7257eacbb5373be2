"""The Python examples of Waldur's API page, with the release for which it was written."""

from tests.conformance.page import CORRECTED_RULE, EXAMPLE_NAME, EXAMPLES
from tests.conformance.served import token

CLIENT = "waldur-api-client-7.9.0"
# Imports of the examples; for rules the page shows no body, although one is required.
BODIES = {
    "update": (
        ("open_stack_security_group_update_request", "OpenStackSecurityGroupUpdateRequest"),
        {"name": EXAMPLE_NAME},
    ),
    "partial_update": (
        (
            "patched_open_stack_security_group_update_request",
            "PatchedOpenStackSecurityGroupUpdateRequest",
        ),
        {},
    ),
    "set_rules": (
        (
            "open_stack_security_group_rule_update_request",
            "OpenStackSecurityGroupRuleUpdateRequest",
        ),
        [CORRECTED_RULE],
    ),
}


def test_an_example_gets_what_the_page_promises(site, run_program, count):
    groups = {
        example.operation: site.create("page", f"for {example.operation}")["uuid"]
        for example in EXAMPLES
    }
    results = run_program(
        CLIENT,
        "page_examples.py",
        address=site.address,
        token=token("ann"),
        staff_token=token("staff"),
        groups=groups,
        bodies=BODIES,
    )
    assert len(results.pop("list")["gave"]) == 10
    retrieved = results.pop("retrieve")["gave"]
    assert (retrieved["name"], retrieved["state"]) == ("for retrieve", "OK")
    assert results == {
        "update": {"called": "sync", "gave": {"name": EXAMPLE_NAME, "description": ""}},
        "partial_update": {
            "called": "sync",
            "gave": {"name": "for partial_update", "description": ""},
        },
    } | {
        # This release lacks the page's `.sync`: there is no response to check.
        example.operation: {"called": "sync_detailed", "gave": example.status}
        for example in EXAMPLES
        if example.operation in {"pull", "unlink", "destroy", "set_rules"}
    }
    count(len(EXAMPLES))
