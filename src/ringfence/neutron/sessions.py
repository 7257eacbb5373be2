"""Sessions by entry of clouds.yaml, and calls with them.

openstacksdk reads the files, so all of its settings apply. They are read when an entry is first
used, and again after a change.
"""

import json
import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import EndpointNotFound
from keystoneauth1.identity.base import BaseIdentityPlugin
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import CONFIG_FILES, SECURE_FILES
from openstack.warnings import RemovedInSDK60Warning

from ringfence.neutron.call import Call
from ringfence.neutron.credentials import Credentials, credentials_from_token
from ringfence.neutron.error_mapping import from_exception, from_status
from ringfence.neutron.identity import Account
from ringfence.neutron.port import (
    NOT_FROM_NEUTRON,
    CloudError,
    CloudUnreachable,
    Misconfigured,
    ProjectStatus,
)
from ringfence.neutron.transport import BoundedAdapter
from ringfence.text import masking
from ringfence.text.json_value import Json

# More digits than an integer of Neutron has
MAX_INTEGER_DIGITS = 20
# A time outside of these could overflow when a duration is added.
VALID_YEARS = range(1970, 9000)
CONFIG_VARIABLE = "OS_CLIENT_CONFIG_FILE"
# The files when they were read: path, time of modification, size
Signature = tuple[tuple[str, int, int], ...]


class EntrySession:
    """The session of one entry; it signs in at the first call and reuses token and connections."""

    def __init__(self, region: CloudRegion, max_response_bytes: int) -> None:
        self.adapter = BoundedAdapter(max_response_bytes)
        self._region = region
        self._session = region.get_session()
        for scheme in ("http://", "https://"):
            self._session.session.mount(scheme, self.adapter)
        self._network: tuple[Adapter, str] | None = None
        # The cloud's time in its last response, and when that came (monotonic)
        self._cloud_time: tuple[datetime, float] | None = None
        self._lock = threading.Lock()

    def network(self) -> tuple[Adapter, str]:
        """Return the network service and the prefix of its paths; it may request the catalogue."""
        with self._lock:
            if self._network is None:
                adapter: Adapter = self._region.get_session_client("network")
                endpoint = str(adapter.endpoint_override or adapter.get_endpoint() or "")
                if not endpoint:
                    raise EndpointNotFound
                # An override often has no version, like Neutron's endpoint in the catalogue.
                versioned = urlsplit(endpoint).path.rstrip("/").endswith("/v2.0")
                self._network = adapter, "" if versioned else "/v2.0"
            return self._network

    def call(self, call: Call) -> Json:
        """Make one call and return the parsed body; raise `CloudError` or an error of the SDK."""
        network, prefix = self.network()
        # Not the SDK's subclass, which adds a cache of responses and metrics.
        response = Adapter.request(
            network,
            prefix + call.path,
            call.method,
            params=call.query or {},
            json=call.body,
            headers=call.headers,
            raise_exc=False,
            # A call that may have had an effect is never repeated, whatever clouds.yaml says.
            connect_retries=0,
            status_code_retries=0,
            redirect=call.method == "GET",
            # Bodies and headers stay out of the SDK's debug log.
            log=False,
        )
        self._note_cloud_time(response.headers.get("date"))
        body = _parse(response.content)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise from_status(response.status_code, response.headers, body)
        if call.method == "DELETE" and response.status_code != HTTPStatus.NO_CONTENT:
            # It is from a proxy, so nothing was deleted.
            raise CloudUnreachable(f"{NOT_FROM_NEUTRON} (HTTP {response.status_code}).")
        if call.method != "DELETE" and body is None:
            raise CloudUnreachable(f"{NOT_FROM_NEUTRON} (no JSON).")
        return body

    def now(self) -> datetime | None:
        """Return the time by the cloud's clock, `None` before its first response."""
        if self._cloud_time is None:
            return None
        cloud_time, at = self._cloud_time
        return cloud_time + timedelta(seconds=time.monotonic() - at)

    def _note_cloud_time(self, date: str | None) -> None:
        try:
            cloud_time = parsedate_to_datetime(date or "")
        except ValueError:
            return
        if cloud_time.year not in VALID_YEARS:
            return
        self._cloud_time = cloud_time.replace(tzinfo=cloud_time.tzinfo or UTC), time.monotonic()

    def project_status(self, project_id: str) -> ProjectStatus:
        """Return the status of a project: that of the credentials exists, Keystone knows others.

        Without the permission `identity:get_project`, Keystone refuses whether or not the project
        exists.
        """
        if self._session.get_project_id() == project_id:
            return ProjectStatus.FOUND
        response = self._get_identity(f"/projects/{quote(project_id, safe='')}", {})
        if response is None:
            return ProjectStatus.UNKNOWN
        return _status_of(response.status_code, _parse(response.content), project_id)

    def identity(self, path: str, query: Mapping[str, str]) -> Json:
        """Return the body of a GET to the identity service; raise `CloudError`."""
        response = self._get_identity(path, query)
        if response is None:
            raise Misconfigured("The entry has no identity service; discovery needs one.")
        body = _parse(response.content)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise from_status(response.status_code, response.headers, body)
        if body is None:
            raise CloudUnreachable("The identity service sent a response that is not JSON.")
        return body

    def account(self) -> Account:
        """Sign in, and return whose token it is."""
        auth: Any = self._session.auth
        if not hasattr(auth, "get_access"):
            raise Misconfigured("The entry has no identity service; discovery needs one.")
        access = auth.get_access(self._session)
        return Account(
            project_id=access.project_id or "",
            project_name=access.project_name or "",
            domain_id=access.project_domain_id or "",
            domain_name=access.project_domain_name or "",
            roles=tuple(role.lower() for role in access.role_names),
            auth_url=str(getattr(auth, "auth_url", None) or ""),
            region=str(self._region.region_name or ""),
        )

    def _get_identity(self, path: str, query: Mapping[str, str]) -> requests.Response | None:
        """Send a GET to the identity service; return `None` if the entry has none."""
        if not (url := self._identity_url()):
            return None
        response: requests.Response = self._session.get(
            url + path,
            authenticated=True,
            params=dict(query),
            headers={"Accept": "application/json"},
            raise_exc=False,
            connect_retries=0,
            log=False,
        )
        return response

    def credentials(self) -> Credentials | None:
        """Sign in and return what the token says; `None` for an `auth_type` without Keystone."""
        auth = self._session.auth
        if not isinstance(auth, BaseIdentityPlugin):
            return None
        auth.get_access(self._session)
        state = json.loads(auth.get_auth_state() or "{}")
        if not (token := state.get("body", {}).get("token")):
            return None
        # Without a project there may be no catalogue, which is not what is wrong.
        network_path = self._network_path() if token.get("project") else ""
        return credentials_from_token(token, network_path, urlsplit(self._identity_url()).path)

    def _network_path(self) -> str:
        """Return the path of the endpoint of the network service, with the version."""
        network, prefix = self.network()
        endpoint = str(network.endpoint_override or network.get_endpoint())
        return urlsplit(endpoint).path.rstrip("/") + prefix

    def _identity_url(self) -> str:
        """Return the URL of Keystone's API, empty without an `auth_url`."""
        auth_url = str(getattr(self._session.auth, "auth_url", None) or "").rstrip("/")
        is_versioned = urlsplit(auth_url).path.endswith("/v3")
        return auth_url if is_versioned or not auth_url else f"{auth_url}/v3"

    def close(self) -> None:
        """Close the connections."""
        self._session.session.close()


class EntrySessions:
    """The sessions in use, by entry."""

    def __init__(self, max_response_bytes: int) -> None:
        self._max_response_bytes = max_response_bytes
        self._lock = threading.Lock()
        self._signature: Signature = ()
        self._sessions: dict[str, EntrySession] = {}

    def call(self, entry: str, call: Call, seconds: float) -> Json:
        """Make a call with the entry within the time limit in seconds; raise `CloudError` only."""
        return self._run(entry, seconds, lambda session: session.call(call))

    def project_status(self, entry: str, project_id: str, seconds: float) -> ProjectStatus:
        """Return the status of a project; entry, time limit and errors as for `call`."""
        status: ProjectStatus = self._run(
            entry, seconds, lambda session: session.project_status(project_id)
        )
        return status

    def account(self, entry: str, seconds: float) -> Account:
        """Sign in with the entry, and return whose token it is; errors as for `call`."""
        account: Account = self._run(entry, seconds, EntrySession.account)
        return account

    def identity(self, entry: str, path: str, query: Mapping[str, str], seconds: float) -> Json:
        """Return the body of a GET to the identity service; errors as for `call`."""
        return self._run(entry, seconds, lambda session: session.identity(path, query))

    def credentials(self, entry: str, seconds: float) -> Credentials | None:
        """Return what the token of an entry says; time limit and errors as for `call`."""
        found: Credentials | None = self._run(entry, seconds, EntrySession.credentials)
        return found

    def _run(self, entry: str, seconds: float, work: Callable[[EntrySession], Any]) -> Any:  # noqa: ANN401 - what the work returns
        try:
            session = self.get(entry)
            with session.adapter.within(seconds):
                return work(session)
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001 - the port raises `CloudError` and nothing else
            # No cause: keystoneauth's messages contain URLs, and traces end up in logs.
            raise from_exception(error, entry) from None

    def get(self, entry: str) -> EntrySession:
        """Return the session of the entry in the current files; raise `Misconfigured`."""
        with self._lock:
            signature = self._current_signature()
            if signature != self._signature:
                # Running calls finish on the old connections.
                self._sessions = {}
                self._signature = signature
            if entry not in self._sessions:
                self._sessions[entry] = self._open_session(entry)
            return self._sessions[entry]

    def now(self, entry: str) -> datetime | None:
        """Return the time by the clock of an entry's cloud, `None` if it is unknown."""
        with self._lock:
            session = self._sessions.get(entry)
        return session.now() if session else None

    def close(self) -> None:
        """Close all connections; the next `get` signs in again."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions = {}

    def _open_session(self, entry: str) -> EntrySession:
        try:
            # openstacksdk warns about InfluxDB even if it is not configured.
            with warnings.catch_warnings(action="ignore", category=RemovedInSDK60Warning):
                config = OpenStackConfig(app_name="ringfence")
                _check_config_file(config)
                known = entry in config.cloud_config["clouds"] and entry != config.envvar_key
                region = config.get_one(entry) if known else None
                masking.learn_fields(getattr(region, "config", None))
            session = None if region is None else EntrySession(region, self._max_response_bytes)
        except Misconfigured:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises many kinds, none of them ours
            # openstacksdk's message can quote the file, and with it a password.
            raise _config_error(error, entry) from None
        if session is None:
            raise Misconfigured(
                f"There is no entry {entry!r} in clouds.yaml; add it, "
                "or name another openstack_cloud."
            )
        return session

    def _current_signature(self) -> Signature:
        config_file = os.environ.get(CONFIG_VARIABLE)
        if config_file and not os.access(config_file, os.R_OK):
            raise Misconfigured(
                f"{CONFIG_VARIABLE} names a file that cannot be read; create it or name another."
            )
        secure = os.environ.get("OS_CLIENT_SECURE_FILE")
        paths = [path for path in (config_file, secure, *CONFIG_FILES, *SECURE_FILES) if path]
        found = tuple(entry for path in paths if (entry := _file_stamp(path)))
        if not found:
            raise Misconfigured(
                "clouds.yaml was not found in the working directory, ~/.config/openstack or "
                "/etc/openstack; create it there, or set OS_CLIENT_CONFIG_FILE."
            )
        return found


def _status_of(status: int, body: object, project_id: str) -> ProjectStatus:
    found = body if isinstance(body, dict) else {}
    if status == HTTPStatus.OK and isinstance(project := found.get("project"), dict):
        is_it = project.get("id") == project_id
        return ProjectStatus.FOUND if is_it else ProjectStatus.MISSING
    if status == HTTPStatus.NOT_FOUND and isinstance(error := found.get("error"), dict):
        # From Keystone, not from a proxy
        is_from_keystone = error.get("code") == HTTPStatus.NOT_FOUND
        return ProjectStatus.MISSING if is_from_keystone else ProjectStatus.UNKNOWN
    return ProjectStatus.UNKNOWN


def _parse(content: bytes) -> Json:
    """Return the parsed body, `None` if it is not JSON; an invalid value becomes null."""
    try:
        text = content.decode(json.detect_encoding(content), "replace")
        # Accept unescaped control characters; huge numbers and NaN become null.
        return json.loads(text, strict=False, parse_int=_integer, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else None


def _file_stamp(path: str) -> tuple[str, int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return path, status.st_mtime_ns, status.st_size


def _check_config_file(config: OpenStackConfig) -> None:
    """Raise if openstacksdk skipped the file as unreadable and used another, or none."""
    config_file = os.environ.get(CONFIG_VARIABLE)
    if not config.config_filename or (config_file and config.config_filename != config_file):
        raise Misconfigured("clouds.yaml cannot be read; check that the file is valid YAML.")


def _config_error(error: Exception, entry: str) -> Misconfigured:
    known = from_exception(error, entry)
    if isinstance(known, Misconfigured):
        return known
    return Misconfigured(
        f"The entry {entry!r} in clouds.yaml cannot be used ({type(error).__name__}); correct it."
    )
