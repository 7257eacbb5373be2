"""Routes of customers and projects."""

from ringfence.http.collections.handlers import routes_of
from ringfence.organisations.queries import CUSTOMERS, PROJECTS

routes = [*routes_of(CUSTOMERS), *routes_of(PROJECTS)]
