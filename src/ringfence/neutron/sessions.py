"""Entries of clouds.yaml, and calls with them: read when first asked for, and after a change.

Everything that openstacksdk reads is obeyed, because openstacksdk reads it.
"""

import json
import os
import threading
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import EndpointNotFound
from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.config.loader import CONFIG_FILES, SECURE_FILES
from openstack.warnings import RemovedInSDK60Warning

from ringfence.neutron import translate
from ringfence.neutron.call import Call
from ringfence.neutron.error_mapping import from_exception, from_status
from ringfence.neutron.port import CloudError, CloudUnreachable, Misconfigured, ProjectStatus
from ringfence.neutron.transport import Guard
from ringfence.text import masking
from ringfence.text.json_value import Json

# Digits of what any column of Neutron's holds, and more
LONGEST_INTEGER = 20
# Others leave no room for sums of times.
SENSIBLE_YEARS = range(1970, 9000)
VARIABLE = "OS_CLIENT_CONFIG_FILE"
# What the files were when they were read: path, time of change, size.
Signature = tuple[tuple[str, int, int], ...]


class Account:
    """One entry, signed in at the first call; tokens and connections are kept for the next."""

    def __init__(self, region: CloudRegion, largest_answer: int) -> None:
        self.guard = Guard(largest_answer)
        self._region = region
        self._session = region.get_session()
        for scheme in ("http://", "https://"):
            self._session.session.mount(scheme, self.guard)
        self._network: tuple[Adapter, str] | None = None
        # What the cloud's clock was in its last response, and ours then (monotonic)
        self._time: tuple[datetime, float] | None = None
        self._lock = threading.Lock()

    def network(self) -> tuple[Adapter, str]:
        """Give the network service and the path before its resources; it may ask the catalogue."""
        with self._lock:
            if self._network is None:
                adapter: Adapter = self._region.get_session_client("network")
                endpoint = str(adapter.endpoint_override or adapter.get_endpoint() or "")
                if not endpoint:
                    raise EndpointNotFound
                # Many write an override without the version, as Neutron's own address is.
                versioned = urlsplit(endpoint).path.rstrip("/").endswith("/v2.0")
                self._network = adapter, "" if versioned else "/v2.0"
            return self._network

    def exchange(self, call: Call) -> Json:
        """Make one call and give the parsed answer; raise `CloudError` or what the SDK raises."""
        network, prefix = self.network()
        # The adapter's own way: the SDK's subclass adds a cache of answers and metrics.
        response = Adapter.request(
            network,
            prefix + call.path,
            call.method,
            params=call.query or {},
            json=call.body,
            headers=call.headers,
            raise_exc=False,
            # What may have had an effect is never sent twice, whatever clouds.yaml says.
            connect_retries=0,
            status_code_retries=0,
            redirect=call.method == "GET",
            # Not even to the SDK's debug log: bodies and headers are nobody's business there.
            log=False,
        )
        self._note_time(response.headers.get("date"))
        answer = _parse(response.content)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise from_status(response.status_code, response.headers, answer)
        if call.method == "DELETE" and response.status_code != HTTPStatus.NO_CONTENT:
            # A friendly page of something in between has deleted nothing.
            raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (HTTP {response.status_code}).")
        if call.method != "DELETE" and answer is None:
            raise CloudUnreachable(f"{translate.NOT_NEUTRONS} (no JSON).")
        return answer

    def now(self) -> datetime | None:
        """Return the time by the cloud's clock, `None` before its first response."""
        if self._time is None:
            return None
        moment, noted = self._time
        return moment + timedelta(seconds=time.monotonic() - noted)

    def _note_time(self, date: str | None) -> None:
        try:
            moment = parsedate_to_datetime(date or "")
        except ValueError:
            return
        if moment.year not in SENSIBLE_YEARS:
            return
        self._time = moment.replace(tzinfo=moment.tzinfo or UTC), time.monotonic()

    def project_status(self, project_id: str) -> ProjectStatus:
        """Return whether a project exists: the credentials' own does, others Keystone may tell.

        Keystone refuses who may not ask, whether or not the project exists
        (`identity:get_project`).
        """
        if self._session.get_project_id() == project_id:
            return ProjectStatus.FOUND
        address = str(getattr(self._session.auth, "auth_url", None) or "").rstrip("/")
        if not address:
            return ProjectStatus.UNKNOWN
        prefix = "" if urlsplit(address).path.endswith("/v3") else "/v3"
        response = self._session.get(
            f"{address}{prefix}/projects/{quote(project_id, safe='')}",
            authenticated=True,
            headers={"Accept": "application/json"},
            raise_exc=False,
            connect_retries=0,
            log=False,
        )
        return _status_of(response.status_code, _parse(response.content), project_id)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.session.close()


class Accounts:
    """The entries in use, by name; `largest_answer` is in bytes."""

    def __init__(self, largest_answer: int) -> None:
        self._largest_answer = largest_answer
        self._lock = threading.Lock()
        self._signature: Signature = ()
        self._accounts: dict[str, Account] = {}

    def call(self, entry: str, call: Call, seconds: float) -> Json:
        """Make a call with the entry, all in all within the time; raise `CloudError` only."""
        return self._within(entry, seconds, lambda account: account.exchange(call))

    def project_status(self, entry: str, project_id: str, seconds: float) -> ProjectStatus:
        """Return whether a project exists, with the entry, within the time; as `call`."""
        status: ProjectStatus = self._within(
            entry, seconds, lambda account: account.project_status(project_id)
        )
        return status

    def _within(self, entry: str, seconds: float, work: Callable[[Account], Any]) -> Any:  # noqa: ANN401 - what the work returns
        try:
            account = self.get(entry)
            with account.guard.within(seconds):
                return work(account)
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001 - the port raises `CloudError` and nothing else
            # No cause: keystoneauth's messages hold addresses, and traces end up in logs.
            raise from_exception(error, entry) from None

    def get(self, entry: str) -> Account:
        """Give the entry as the files have it now; raise `Misconfigured` that names the fix."""
        with self._lock:
            signature = self._look()
            if signature != self._signature:
                # Calls under way finish on the old connections.
                self._accounts = {}
                self._signature = signature
            if entry not in self._accounts:
                self._accounts[entry] = self._open(entry)
            return self._accounts[entry]

    def now(self, entry: str) -> datetime | None:
        """Return the time by the clock of an entry's cloud, `None` if it is not known."""
        with self._lock:
            account = self._accounts.get(entry)
        return account.now() if account else None

    def close(self) -> None:
        """Let go of all connections; the next `get` signs in anew."""
        with self._lock:
            for account in self._accounts.values():
                account.close()
            self._accounts = {}

    def _open(self, entry: str) -> Account:
        try:
            # openstacksdk warns of InfluxDB whether or not anybody asked for it.
            with warnings.catch_warnings(action="ignore", category=RemovedInSDK60Warning):
                config = OpenStackConfig(app_name="ringfence")
                _refuse_skipped(config)
                known = entry in config.cloud_config["clouds"] and entry != config.envvar_key
                region = config.get_one(entry) if known else None
                masking.learn_fields(getattr(region, "config", None))
            account = None if region is None else Account(region, self._largest_answer)
        except Misconfigured:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises many kinds, none of them ours
            # openstacksdk's own text can quote the file, and with it a password.
            raise _unusable(error, entry) from None
        if account is None:
            raise Misconfigured(
                f"There is no entry {entry!r} in clouds.yaml; add it, "
                "or name another openstack_cloud."
            )
        return account

    def _look(self) -> Signature:
        named = os.environ.get(VARIABLE)
        if named and not os.access(named, os.R_OK):
            raise Misconfigured(
                f"{VARIABLE} names a file that cannot be read; create it or name another."
            )
        secure = os.environ.get("OS_CLIENT_SECURE_FILE")
        paths = [path for path in (named, secure, *CONFIG_FILES, *SECURE_FILES) if path]
        found = tuple(entry for path in paths if (entry := _stamp(path)))
        if not found:
            raise Misconfigured(
                "There is no clouds.yaml; write one and name it in OS_CLIENT_CONFIG_FILE."
            )
        return found


def _status_of(status: int, body: object, project_id: str) -> ProjectStatus:
    found = body if isinstance(body, dict) else {}
    if status == HTTPStatus.OK and isinstance(project := found.get("project"), dict):
        is_it = project.get("id") == project_id
        return ProjectStatus.FOUND if is_it else ProjectStatus.MISSING
    if status == HTTPStatus.NOT_FOUND and isinstance(error := found.get("error"), dict):
        # Keystone's own words, not those of something in between
        is_said = error.get("code") == HTTPStatus.NOT_FOUND
        return ProjectStatus.MISSING if is_said else ProjectStatus.UNKNOWN
    return ProjectStatus.UNKNOWN


def _parse(content: bytes) -> Json:
    """Return the parsed body, `None` where it is no JSON; one bad value spoils only itself."""
    try:
        text = content.decode(json.detect_encoding(content), "replace")
        # Control characters that are not escaped, numbers without end and NaN are somebody's bug.
        return json.loads(text, strict=False, parse_int=_integer, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else None


def _stamp(path: str) -> tuple[str, int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return path, status.st_mtime_ns, status.st_size


def _refuse_skipped(config: OpenStackConfig) -> None:
    """Raise where openstacksdk passed over the file as unreadable and took another, or none."""
    named = os.environ.get(VARIABLE)
    if not config.config_filename or (named and config.config_filename != named):
        raise Misconfigured("clouds.yaml cannot be read; check that the file is valid YAML.")


def _unusable(error: Exception, entry: str) -> Misconfigured:
    known = from_exception(error, entry)
    if isinstance(known, Misconfigured):
        return known
    return Misconfigured(
        f"The entry {entry!r} in clouds.yaml cannot be used ({type(error).__name__}); correct it."
    )
