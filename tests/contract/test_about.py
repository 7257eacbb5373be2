"""What the service says of itself."""

from importlib.metadata import version

import pytest
from tests.contract.parsing import client_over
from waldur_api_client.api.configuration import configuration_retrieve
from waldur_api_client.api.version import version_retrieve


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Token bogus"}])
async def test_the_configuration_is_there_before_anybody_signs_in(api, headers):
    client = client_over(api(None, **headers))
    found = await configuration_retrieve.asyncio(client=client)
    core = found.additional_properties["WALDUR_CORE"]
    assert core["AUTHENTICATION_METHODS"] == ["LOCAL_SIGNIN"]


@pytest.mark.usefixtures("world")
async def test_the_version_is_told_to_who_is_known(client):
    found = await version_retrieve.asyncio(client=client_over(client))
    assert found.to_dict() == {"version": version("ringfence")}
