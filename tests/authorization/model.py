"""Who may do what, written down a second time: plain sets, and none of the service's own code."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

CUSTOMER_ROLES = ("CUSTOMER.OWNER", "CUSTOMER.MANAGER", "CUSTOMER.SUPPORT")
PROJECT_ROLES = ("PROJECT.ADMIN", "PROJECT.MANAGER", "PROJECT.MEMBER")
CHANGING = {"CUSTOMER.OWNER", "PROJECT.ADMIN", "PROJECT.MANAGER"}


@dataclass(frozen=True)
class Customer:
    id: int
    uuid: UUID


@dataclass(frozen=True)
class Project:
    id: int
    uuid: UUID
    customer: Customer


@dataclass(frozen=True)
class Tenant:
    id: int
    uuid: UUID
    project: Project


@dataclass(frozen=True)
class Group:
    uuid: UUID
    tenant: Tenant

    @property
    def project(self) -> Project:
        return self.tenant.project


@dataclass(frozen=True)
class Port:
    """A port or an instance, with the path of its collection and a group that it carries."""

    uuid: UUID
    at: str
    group: Group

    @property
    def project(self) -> Project:
        return self.group.project


@dataclass
class User:
    """A user; `roles` has pairs of a role and the customer or project that it is on."""

    id: int
    name: str
    is_staff: bool = False
    is_support: bool = False
    is_active: bool = True
    roles: set[tuple[str, Customer | Project]] = field(default_factory=set)


@dataclass
class Token:
    user: User
    secret: str = field(default_factory=lambda: uuid4().hex)
    is_read_only: bool = False
    project: Project | None = None
    is_valid: bool = True


@dataclass
class Model:
    """All that there is, and what follows from it."""

    customers: list[Customer] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    tenants: list[Tenant] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    ports: list[Port] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)

    def signs_in(self, token: Token) -> bool:
        return token.is_valid and token.user.is_active

    def is_whole_staff(self, token: Token) -> bool:
        return token.user.is_staff and token.project is None

    def sees(self, token: Token, project: Project) -> bool:
        if token.project not in {None, project}:
            return False
        user = token.user
        places = {place for _, place in user.roles}
        return user.is_staff or user.is_support or bool(places & {project, project.customer})

    def may_change(self, token: Token, project: Project) -> bool:
        if token.project not in {None, project} or token.is_read_only:
            return False
        changing = {place for role, place in token.user.roles if role in CHANGING}
        return token.user.is_staff or bool(changing & {project, project.customer})

    def seen_projects(self, token: Token) -> list[Project]:
        return [project for project in self.projects if self.sees(token, project)]

    def seen_customers(self, token: Token) -> set[UUID]:
        """Return the customers of what is seen, and those on which there is a role."""
        found = {project.customer.uuid for project in self.seen_projects(token)}
        if token.project is None:
            user = token.user
            found |= {place.uuid for _, place in user.roles if isinstance(place, Customer)}
            if user.is_staff or user.is_support:
                found |= {customer.uuid for customer in self.customers}
        return found

    def hidden(self, token: Token) -> set[str]:
        """Return the uuids that no answer to this token may contain, as 32 digits."""
        projects = set(self.seen_projects(token))
        hidden: list[UUID] = [each.uuid for each in self.projects if each not in projects]
        hidden += [each.uuid for each in self.tenants if each.project not in projects]
        hidden += [each.uuid for each in self.groups if each.project not in projects]
        hidden += [each.uuid for each in self.ports if each.project not in projects]
        customers = self.seen_customers(token)
        hidden += [each.uuid for each in self.customers if each.uuid not in customers]
        return {uuid.hex for uuid in hidden}
