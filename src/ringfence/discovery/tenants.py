"""From found projects to a provisioning document. Pure.

The document has clouds, customers, projects and tenants, and no groups: a pull imports those, with
their history. A new tenant starts in drift mode `report`, so nothing is ever pushed until somebody
changes a group or the mode. `provisioning_file` writes the document, `commands` loads it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.clouds.drift_modes import DriftMode
from ringfence.discovery.found import (
    ExistingTenant,
    Found,
    FoundProject,
    Ids,
    Selection,
    foreign_projects,
    select,
)
from ringfence.provisioning.schema import NAME_CHARACTERS
from ringfence.text.escaping import without_controls

Tree = dict[str, Any]


def provisioning_tree(
    found: Found, selection: Selection, existing: Mapping[str, ExistingTenant] | None = None
) -> Tree:
    """Return the document that makes the selected projects tenants.

    `existing` are the tenants in the database by the id of their project: a discovered one keeps
    its customer and its drift mode, and gets the project's present name; another one is left out.
    """
    existing = existing or {}
    ids = Ids.of(selection.cloud)
    foreign = foreign_projects(existing, ids)
    customers: dict[str, Tree] = {}
    for one in sorted(select(found, selection), key=_order(found)):
        if one.project.id in foreign:
            continue
        present = existing.get(one.project.id)
        customer = _customer(found, selection, ids, one, present)
        key = str(customer.get("uuid", ""))
        customers.setdefault(key, customer)["projects"].append(
            _project(selection, ids, one, present)
        )
    cloud = {
        "name": selection.cloud,
        "backend": "openstack",
        "openstack_cloud": selection.usual_entry,
    }
    return {"clouds": [cloud], "customers": list(customers.values())}


def lines_of(tree: Tree) -> Iterable[Tree]:
    """Yield a document for each tenant of a document, for JSON Lines."""
    rest = {key: value for key, value in tree.items() if key != "customers"}
    for customer in tree.get("customers", ()):
        for project in customer.get("projects", ()):
            for tenant in project.get("tenants", ()):
                yield rest | {
                    "customers": [
                        customer | {"projects": [project | {"tenants": [tenant]}]},
                    ]
                }


def _order(found: Found) -> Any:  # noqa: ANN401 - a key of `sorted`
    names = {domain.id: domain.name for domain in found.domains}

    def key(one: FoundProject) -> tuple[str, str, str]:
        project = one.project
        return names.get(project.domain_id, project.domain_id), project.name, project.id

    return key


def _customer(
    found: Found,
    selection: Selection,
    ids: Ids,
    one: FoundProject,
    present: ExistingTenant | None,
) -> Tree:
    source, name = _source(found, selection, one)
    if source is not None and (present is None or present.customer == ids.customer(source)):
        uuid = ids.customer(source).hex
    elif present is not None:
        uuid, name = present.customer.hex, present.customer_name
    else:
        return {"name": name_of(name, "customer"), "projects": []}
    return {"name": name_of(name, source or "customer"), "uuid": uuid, "projects": []}


def _source(found: Found, selection: Selection, one: FoundProject) -> tuple[str | None, str]:
    """Return the id of the domain or project that the customer stands for, and its name."""
    if selection.customer is not None:
        return None, selection.customer
    project = one.project
    if selection.by_parent and project.parent_id:
        names = {other.project.id: other.project.name for other in found.projects}
        return project.parent_id, names.get(project.parent_id, project.parent_id)
    return project.domain_id, found.domain_name(project.domain_id)


def _project(
    selection: Selection, ids: Ids, one: FoundProject, present: ExistingTenant | None
) -> Tree:
    project = one.project
    name = name_of(project.name, project.id)
    tenant = {
        "name": name,
        "uuid": ids.tenant(project.id).hex,
        "cloud": selection.cloud,
        "backend_id": project.id,
    }
    if one.entry is not None and one.entry != selection.usual_entry:
        tenant["openstack_cloud"] = one.entry
    if present is None:
        tenant["drift_mode"] = str(DriftMode.REPORT)
    uuid = ids.project(project.id) if present is None else present.project
    # A project that holds the tenant since before is another's: it keeps its name.
    if present is not None and uuid != ids.project(project.id):
        name = present.project_name
    return {"name": name, "uuid": uuid.hex, "tenants": [tenant]}


def name_of(name: str, otherwise: str) -> str:
    """Return a name that a provisioning file accepts: on one line, not blank, not too long."""
    return without_controls(name if name.strip() else otherwise)[:NAME_CHARACTERS]
