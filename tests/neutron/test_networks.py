"""What the guide says of private CAs and proxies."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.neutron.fake_server import fake_server
from tests.neutron.test_openstack import call_seconds, cloud_at, clouds, clouds_yaml, groups
from tests.neutron.test_translate import GROUP

from ringfence.neutron.port import CloudUnreachable

__all__ = ["call_seconds", "cloud_at", "clouds", "clouds_yaml"]


@pytest.fixture
def private_ca(tmp_path):
    """The files of a self-signed certificate of 127.0.0.1, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "private")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "ca.pem").write_bytes(certificate.public_bytes(pem))
    form, open_key = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, form, open_key))
    return tmp_path / "ca.pem", tmp_path / "key.pem"


async def test_a_private_ca_is_trusted_if_the_entry_names_its_file(cloud_at, clouds, private_ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*private_ca)
    with fake_server(lambda _: groups(GROUP), tls=context) as server:
        with pytest.raises(CloudUnreachable, match="TLS certificate cannot be verified"):
            await cloud_at(server.url).list_groups("p1")
        await clouds.close()
        cloud = cloud_at(server.url, cacert=str(private_ca[0]))
        assert [group.id for group in await cloud.list_groups("p1")] == [GROUP["id"]]


async def test_calls_to_clouds_go_through_the_proxy_of_the_environment(cloud_at, monkeypatch):
    with fake_server(lambda _: groups(GROUP)) as proxy:
        for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        await cloud_at("http://neutron.example.com:9696").list_groups("p1")
        [call] = proxy.calls
        assert urlsplit(call.path).netloc == "neutron.example.com:9696"
