SET lock_timeout = '5s';

-- The number of instances that have each group, for groups that any instance has. It may be shared
-- with other tenants: their instances count, too.
CREATE OR REPLACE VIEW security_group_instances AS
SELECT
    carrying.security_group_id,
    sg.tenant_id,
    count(DISTINCT port.device_id) AS instances
FROM cloud_port_groups AS carrying
INNER JOIN cloud_ports AS port ON carrying.port_id = port.id
INNER JOIN security_groups AS sg ON carrying.security_group_id = sg.id
WHERE port.device_owner LIKE 'compute:%' AND port.device_id <> ''
GROUP BY carrying.security_group_id, sg.tenant_id;
