"""Check clouds.yaml before a service starts, without the OpenStack SDK, which is slow to load.

Refuses only what makes every cloud unreachable; a missing entry is an error of its cloud alone.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from ringfence.errors import OperatorError

VARIABLE = "OS_CLIENT_CONFIG_FILE"


def check_clouds_file(environment: Mapping[str, str]) -> None:
    """Raise `OperatorError` if the file that the environment names is unusable."""
    named = environment.get(VARIABLE)
    if not named:
        return
    try:
        content = yaml.safe_load(Path(named).read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(
            f"{VARIABLE}: cannot read {named}: {error.strerror}; create it or name another"
        ) from None
    except UnicodeDecodeError:
        raise OperatorError(f"{named} is not UTF-8 text; correct it or name another") from None
    except yaml.YAMLError as error:
        # The message of the error quotes the file, which may have passwords.
        raise OperatorError(f"{named} is not valid YAML{_position(error)}; correct it") from None
    if not isinstance(content, dict) or not isinstance(content.get("clouds"), dict):
        raise OperatorError(f"{named} has no mapping 'clouds'; add one entry for each cloud")


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
