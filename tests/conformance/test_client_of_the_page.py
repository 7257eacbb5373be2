"""`waldur-api-client` 7.9.0, unmodified: the release for which Waldur's API page was written.

Its models parse every response, and refuse unknown states and other forms of times and UUIDs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from tests.contract.test_representation import ADDED_FIELDS
from tests.folders import unused
from waldur_api_client import errors
from waldur_api_client.api.openstack_security_groups import (
    openstack_security_groups_count,
    openstack_security_groups_destroy,
    openstack_security_groups_list,
    openstack_security_groups_partial_update,
    openstack_security_groups_pull,
    openstack_security_groups_retrieve,
    openstack_security_groups_set_rules,
    openstack_security_groups_unlink,
    openstack_security_groups_update,
)
from waldur_api_client.api.openstack_tenants import (
    openstack_tenants_create_security_group,
    openstack_tenants_pull_security_groups,
)
from waldur_api_client.client import AuthenticatedClient
from waldur_api_client.models.core_states import CoreStates
from waldur_api_client.models.direction_enum import DirectionEnum
from waldur_api_client.models.ethertype_enum import EthertypeEnum
from waldur_api_client.models.open_stack_security_group_request import OpenStackSecurityGroupRequest
from waldur_api_client.models.open_stack_security_group_rule_create_request import (
    OpenStackSecurityGroupRuleCreateRequest,
)
from waldur_api_client.models.open_stack_security_group_rule_update_request import (
    OpenStackSecurityGroupRuleUpdateRequest,
)
from waldur_api_client.models.open_stack_security_group_update_request import (
    OpenStackSecurityGroupUpdateRequest,
)
from waldur_api_client.models.openstack_security_groups_list_field_item import (
    OpenstackSecurityGroupsListFieldItem,
)
from waldur_api_client.models.openstack_security_groups_list_state_item import (
    OpenstackSecurityGroupsListStateItem,
)
from waldur_api_client.models.patched_open_stack_security_group_update_request import (
    PatchedOpenStackSecurityGroupUpdateRequest,
)
from waldur_api_client.models.protocol_enum import ProtocolEnum
from waldur_api_client.types import Unset

PROVISIONED = Path(__file__).with_name("provisioned.yaml")
TENANT, IDLE = (UUID(f"e000000000000000000000000000000{number}") for number in (1, 2))
WEB, DB, OLD, STUCK, API = (
    UUID(f"f000000000000000000000000000000{number}") for number in range(1, 6)
)


@pytest.fixture(scope="module")
def served():
    """Yield the address of a real process with provisioned data and no job worker."""
    folder = unused("client")
    folder.mkdir(mode=0o711)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGFENCE_", "OS_"))}
    environment = kept | {"RINGFENCE_HOME": str(folder / "home")}
    ringfence = [sys.executable, "-m", "ringfence"]
    subprocess.run([*ringfence, "load", PROVISIONED], env=environment, check=True, timeout=60)
    command = [*ringfence, "serve", "--no-worker", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = process.stdout.readline()
            assert ready.startswith("ready http://"), ready
            yield ready.split()[1]
        finally:
            process.terminate()
            process.wait(20)
    shutil.rmtree(folder)


@pytest.fixture
def client_of(served):
    clients = []

    def client_of(user):
        token = f"{user}-token-0123456789abcdef"
        clients.append(AuthenticatedClient(base_url=served, token=token, prefix="Token"))
        return clients[-1]

    yield client_of
    for client in clients:
        client.get_httpx_client().close()


@pytest.fixture
def alice(client_of):
    return client_of("alice")


def rule(**values):
    defaults = {"protocol": ProtocolEnum.TCP, "from_port": 22, "to_port": 22}
    return OpenStackSecurityGroupRuleUpdateRequest(**defaults | values)


def retrieve(client, uuid):
    return openstack_security_groups_retrieve.sync(uuid, client=client)


def test_list_parses_every_field_of_every_group(alice, served):
    groups = openstack_security_groups_list.sync(client=alice, tenant_uuid=TENANT, page_size=100)
    by_name = {group.name: group for group in groups}
    assert {"web", "db", "old", "stuck"} <= set(by_name)
    web = by_name["web"]
    assert web.url == f"{served}/api/openstack-security-groups/{WEB.hex}/"
    assert (web.uuid, web.tenant_uuid) == (WEB, TENANT)
    assert web.created.tzinfo is not None
    assert isinstance(web.state, CoreStates)
    assert web.rules[0].ethertype is EthertypeEnum.IPV4
    assert isinstance(web.rules[0].remote_group_uuid, Unset)
    assert web.rules[1].remote_group_uuid == DB
    # Fields of newer releases: the client stores unknown ones separately.
    assert set(web.additional_properties) <= ADDED_FIELDS
    missing = [name for name, value in web.to_dict().items() if isinstance(value, Unset)]
    assert missing == []
    assert by_name["stuck"].error_message == "The cloud said no."


def test_list_takes_every_parameter_that_the_client_sends(alice):
    groups = openstack_security_groups_list.sync(
        client=alice,
        backend_id="0a0000000000000000000000000000a2",
        can_manage=True,
        customer_abbreviation="",
        customer_name="acme",
        customer_native_name="",
        customer=UUID("c0000000000000000000000000000001"),
        customer_uuid=UUID("c0000000000000000000000000000001"),
        description="",
        external_ip="",
        field=[
            OpenstackSecurityGroupsListFieldItem.NAME,
            OpenstackSecurityGroupsListFieldItem.STATE,
        ],
        name="d",
        name_exact="db",
        page=1,
        page_size=5,
        project=UUID("d0000000000000000000000000000001"),
        project_name="web",
        project_uuid=UUID("d0000000000000000000000000000001"),
        query="db",
        service_settings_name="east",
        state=[
            OpenstackSecurityGroupsListStateItem.OK,
            OpenstackSecurityGroupsListStateItem.ERRED,
        ],
        tenant=f"https://any.host/api/openstack-tenants/{TENANT.hex}/",
        tenant_uuid=TENANT,
        uuid=DB,
    )
    assert [(group.name, group.state) for group in groups] == [("db", CoreStates.OK)]
    assert isinstance(groups[0].uuid, Unset)


def test_count_reads_the_header_of_head(alice):
    assert openstack_security_groups_count.sync(client=alice, name_exact="web") == 1
    assert openstack_security_groups_count.sync(client=alice, name_exact="nothing") == 0


def test_create_then_retrieve_then_unlink(alice, client_of):
    made = openstack_tenants_create_security_group.sync(
        TENANT,
        client=alice,
        body=OpenStackSecurityGroupRequest(
            name="made",
            description="by the client",
            rules=[
                OpenStackSecurityGroupRuleCreateRequest(
                    protocol=ProtocolEnum.TCP, from_port=22, to_port=22, cidr="10.0.0.0/8"
                ),
                OpenStackSecurityGroupRuleCreateRequest(
                    ethertype=EthertypeEnum.IPV6,
                    direction=DirectionEnum.EGRESS,
                    protocol=ProtocolEnum.ICMP,
                    from_port=-1,
                    to_port=-1,
                    cidr="::/0",
                ),
            ],
        ),
    )
    assert (made.state, made.backend_id) == (CoreStates.CREATION_SCHEDULED, "")
    assert [rule.protocol for rule in made.rules] == [ProtocolEnum.TCP, ProtocolEnum.ICMP]
    assert retrieve(alice, made.uuid).to_dict() == made.to_dict()
    response = openstack_security_groups_unlink.sync_detailed(made.uuid, client=client_of("staff"))
    assert response.status_code == 204
    with pytest.raises(errors.UnexpectedStatus, match="404"):
        retrieve(alice, made.uuid)


def test_set_rules_returns_200_and_the_new_rules_show_at_once(alice):
    body = [
        rule(cidr="192.0.2.0/24", description="ssh"),
        rule(remote_group=retrieve(alice, DB).url),
        rule(protocol=ProtocolEnum.ICMP, from_port=-1, to_port=-1, cidr=None, remote_group=None),
    ]
    response = openstack_security_groups_set_rules.sync_detailed(WEB, client=alice, body=body)
    assert response.status_code == 200
    web = retrieve(alice, WEB)
    assert web.state is CoreStates.UPDATE_SCHEDULED
    assert [(rule.cidr, rule.remote_group_uuid or None) for rule in web.rules] == [
        ("192.0.2.0/24", None),
        (None, DB),
        (None, None),
    ]


def test_update_and_partial_update_give_name_and_description(alice):
    body = OpenStackSecurityGroupUpdateRequest(name="public api", description="all of it")
    updated = openstack_security_groups_update.sync(API, client=alice, body=body)
    assert (updated.name, updated.description) == ("public api", "all of it")
    partial = PatchedOpenStackSecurityGroupUpdateRequest(description="")
    updated = openstack_security_groups_partial_update.sync(OLD, client=alice, body=partial)
    assert (updated.name, updated.description) == ("old", "")


def test_pull_returns_202_and_409_meanwhile(alice):
    responses = [
        openstack_security_groups_pull.sync_detailed(STUCK, client=alice) for _ in range(2)
    ]
    assert [response.status_code for response in responses] == [202, 409]


def test_destroy_returns_204(alice):
    body = OpenStackSecurityGroupRequest(name="short-lived", rules=[])
    made = openstack_tenants_create_security_group.sync(IDLE, client=alice, body=body)
    with pytest.raises(errors.UnexpectedStatus, match="409"):
        openstack_security_groups_destroy.sync_detailed(made.uuid, client=alice)
    (stays,) = openstack_security_groups_list.sync(client=alice, name_exact="old")
    response = openstack_security_groups_destroy.sync_detailed(stays.uuid, client=alice)
    assert response.status_code == 204
    assert retrieve(alice, stays.uuid).state is CoreStates.DELETION_SCHEDULED


def test_tenant_pull_returns_the_tenant(alice):
    tenant = openstack_tenants_pull_security_groups.sync(IDLE, client=alice)
    assert (tenant.uuid, tenant.name) == (IDLE, "idle")
    assert tenant.state is CoreStates.UPDATE_SCHEDULED


def test_pages_are_followed_by_link_as_newer_clients_do(alice, served):
    headers = {"Authorization": f"Token {alice.token}"}
    with httpx.Client(base_url=served, headers=headers) as http:
        address, names = "/api/openstack-security-groups/?page_size=2&field=name", []
        while address:
            response = http.get(address)
            names += [group["name"] for group in response.json()]
            address = response.links.get("next", {}).get("url")
        assert len(names) == len(set(names)) == int(response.headers["X-Result-Count"])


def test_a_wrong_token_is_an_unexpected_status(served):
    with (
        AuthenticatedClient(base_url=served, token="wrong", prefix="Token") as client,
        pytest.raises(errors.UnexpectedStatus, match="401"),
    ):
        openstack_security_groups_list.sync(client=client)
