"""Roles and their scope; tests/contract checks the whole matrix over HTTP."""

from uuid import uuid4

import pytest

from ringfence.access.permissions import (
    MATRIX,
    Actor,
    Grant,
    Permission,
    Role,
    require,
    require_everywhere,
)
from ringfence.access.scope import Scope
from ringfence.errors import Forbidden
from ringfence.http.hints import hints_of

CUSTOMER, PROJECT, ELSEWHERE = 7, 70, 99


def actor(*grants, **flags):
    return Actor(1, uuid4(), "alice", grants, **flags)


def may(someone, permission, customer=CUSTOMER, project=PROJECT):
    try:
        require(someone, permission, customer_id=customer, project_id=project)
    except Forbidden:
        return False
    return True


def test_a_grant_holds_in_its_customer_or_project_only():
    owner = actor(Grant(Role.CUSTOMER_OWNER, CUSTOMER, None))
    admin = actor(Grant(Role.PROJECT_ADMIN, None, PROJECT))
    for someone in (owner, admin):
        assert may(someone, Permission.SECURITY_GROUP_UPDATE)
        assert not may(someone, Permission.SECURITY_GROUP_UPDATE, ELSEWHERE, ELSEWHERE)
    # A customer and a project may have the same id.
    assert not may(owner, Permission.SECURITY_GROUP_UPDATE, ELSEWHERE, CUSTOMER)
    assert not may(admin, Permission.SECURITY_GROUP_UPDATE, PROJECT, ELSEWHERE)


def test_roles_add_up():
    both = actor(
        Grant(Role.PROJECT_MEMBER, None, PROJECT), Grant(Role.CUSTOMER_OWNER, CUSTOMER, None)
    )
    assert may(both, Permission.SECURITY_GROUP_DELETE)
    assert both.roles_at(CUSTOMER, PROJECT) == {Role.PROJECT_MEMBER, Role.CUSTOMER_OWNER}


def test_staff_and_support_hold_everywhere():
    assert may(actor(is_staff=True), Permission.SECURITY_GROUP_UNLINK, ELSEWHERE, ELSEWHERE)
    support = actor(is_support=True)
    assert may(support, Permission.SECURITY_GROUP_READ, ELSEWHERE, ELSEWHERE)
    assert not may(support, Permission.SECURITY_GROUP_UPDATE)


def test_a_grant_is_not_a_permission_everywhere():
    require_everywhere(actor(is_staff=True), Permission.SECURITY_GROUP_UNLINK)
    owner = actor(Grant(Role.CUSTOMER_OWNER, CUSTOMER, None))
    for permission in Permission:
        with pytest.raises(Forbidden):
            require_everywhere(owner, permission)


def test_a_refusal_names_the_roles_that_may_and_those_that_are_held():
    member = actor(Grant(Role.PROJECT_MEMBER, None, PROJECT))
    with pytest.raises(Forbidden) as caught:
        require(member, Permission.SECURITY_GROUP_UPDATE, customer_id=CUSTOMER, project_id=PROJECT)
    assert hints_of({"detail": caught.value.detail}) == {
        "detail": "It takes one of CUSTOMER.OWNER, PROJECT.ADMIN, PROJECT.MANAGER, STAFF; "
        "you have PROJECT.MEMBER."
    }


def test_staff_has_every_permission():
    assert set(MATRIX) == set(Permission)
    assert all(Role.STAFF in roles for roles in MATRIX.values())


def test_a_scope_has_the_customers_and_projects_of_a_permission():
    someone = actor(
        Grant(Role.CUSTOMER_OWNER, CUSTOMER, None), Grant(Role.PROJECT_MEMBER, None, PROJECT)
    )
    assert Scope.of(someone) == Scope(everything=False, customers=[CUSTOMER], projects=[PROJECT])
    changeable = Scope.of(someone, Permission.SECURITY_GROUP_UPDATE)
    assert changeable == Scope(everything=False, customers=[CUSTOMER], projects=[])
    assert Scope.of(actor()) == Scope(everything=False, customers=[], projects=[])
    assert Scope.of(actor(is_support=True)).everything
    assert not Scope.of(actor(is_support=True), Permission.SECURITY_GROUP_UPDATE).everything
