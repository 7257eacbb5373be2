"""A file that uses every key."""

EXAMPLE = """
clouds:
  - name: east
    uuid: 5f0c0000000000000000000000000001
    backend: openstack
    openstack_cloud: east
    state: OK
    error_message: ""
users:
  - username: alice
    uuid: 00000000-0000-0000-0000-0000000000a1
    token: 0123456789abcdef
    is_staff: false
    is_support: false
    is_active: true
  - username: bob
customers:
  - name: Acme
    uuid: c0000000000000000000000000000001
    native_name: ""
    abbreviation: ACME
    projects:
      - name: Web
        uuid: d0000000000000000000000000000001
        tenants:
          - name: web-prod
            uuid: e0000000000000000000000000000001
            cloud: east
            backend_id: 90e156078a9441db91eae242bc071c03
            state: OK
            quotas: {security_group_count: 100, security_group_rule_count: 1000}
            marketplace:
              resource_uuid: a0000000000000000000000000000001
              resource_state: OK
              offering_uuid: a0000000000000000000000000000002
              offering_name: Private cloud
              offering_type: OpenStack.Tenant
              offering_plugin_options: {flavors: 3, ratio: 1.5, nested: [yes, true, null]}
              category_uuid: a0000000000000000000000000000003
              category_name: VPC
              plan_uuid: a0000000000000000000000000000004
              is_usage_based: false
              is_limit_based: true
            security_groups:
              - name: web
                uuid: f0000000000000000000000000000001
                description: "what the world sees"
                backend_id: ""
                state: OK
                error_message: ""
                created: 2025-11-26T10:00:00Z
                modified: 2025-11-26T10:00:00Z
                rules:
                  - ethertype: IPv4
                    direction: ingress
                    protocol: tcp
                    from_port: 443
                    to_port: 443
                    cidr: 0.0.0.0/0
                    description: ""
                  - {protocol: tcp, from_port: 5432, to_port: 5432, remote_group: db}
              - name: db
                rules:
                  - {protocol: icmp, remote_group: f0000000-0000-0000-0000-000000000001}
                  - {direction: egress, ethertype: IPv6}
roles:
  - {user: alice, role: PROJECT.ADMIN, project: Web}
  - {user: bob, role: CUSTOMER.OWNER, customer: Acme}
"""

# The groups of one tenant in a sandbox; tests replace the word in capitals.
SMALL = """
clouds: [{name: east, backend: sandbox}]
customers:
  - name: Acme
    projects:
      - name: Web
        tenants:
          - name: prod
            cloud: east
            security_groups: GROUPS
"""


def small(groups: str) -> str:
    """Return a small file with these groups, in YAML's flow style."""
    return SMALL.replace("GROUPS", groups)
