"""The route of the search among all rules."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.http.collections.handlers import respond_list
from ringfence.security_groups.rule_search.queries import RULES


async def list_rules(request: Request) -> Response:
    """Respond with a page of the rules in scope."""
    return await respond_list(RULES, request)


routes = [Route(RULES.path, list_rules, methods=["GET", "HEAD"])]
