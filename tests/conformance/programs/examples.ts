// The page's TypeScript examples, operation by operation, on the generated client.
//
// Compiled beside a copy of the client; SITE in the environment says where to run them.

import {
  openstackSecurityGroupsDestroy,
  openstackSecurityGroupsList,
  openstackSecurityGroupsPartialUpdate,
  openstackSecurityGroupsPull,
  openstackSecurityGroupsRetrieve,
  openstackSecurityGroupsSetRules,
  openstackSecurityGroupsUnlink,
  openstackSecurityGroupsUpdate,
  type OpenstackSecurityGroupsSetRulesData,
} from './client';
import { client } from './client/client.gen';

type Site = { address: string; token: string; staffToken: string; groups: Record<string, string> };

const site: Site = JSON.parse(process.env['SITE'] ?? '{}');
const auth = `Token ${site.token}`;

function path(operation: string): { uuid: string } {
  const uuid = site.groups[operation];
  if (uuid === undefined) throw new Error(`no group for ${operation}`);
  return { uuid };
}

// The page's rule has nulls where one must choose: the types refuse it as the service does.
// @ts-expect-error
const asOnThePage: OpenstackSecurityGroupsSetRulesData['body'] = [{ ethertype: null, direction: null, protocol: null, from_port: 8080, to_port: 8080, cidr: '192.168.1.0/24', description: 'A sample description.', remote_group: 'https://api.example.com/api/remote-group/a1b2c3d4-e5f6-7890-abcd-ef1234567890/' }];

const corrected: OpenstackSecurityGroupsSetRulesData['body'] = [
  {
    ethertype: 'IPv4',
    direction: 'ingress',
    protocol: 'tcp',
    from_port: 8080,
    to_port: 8080,
    cidr: '192.168.1.0/24',
    description: 'A sample description.',
    remote_group: null,
  },
];

async function main(): Promise<Record<string, unknown>> {
  client.setConfig({ baseUrl: site.address });
  const found: Record<string, unknown> = {};

  const list = await openstackSecurityGroupsList({ auth });
  found['list'] = [list.response.status, list.data.length];

  const retrieved = await openstackSecurityGroupsRetrieve({ auth, path: path('retrieve') });
  const { name, state, rules } = retrieved.data;
  found['retrieve'] = [retrieved.response.status, name, state, rules];

  const updated = await openstackSecurityGroupsUpdate({
    auth,
    path: path('update'),
    body: { name: 'my-awesome-openstack-security-group' },
  });
  found['update'] = [updated.response.status, updated.data];

  const patched = await openstackSecurityGroupsPartialUpdate({
    auth,
    path: path('partial_update'),
  });
  found['partial_update'] = [patched.response.status, patched.data];

  const set = await openstackSecurityGroupsSetRules({
    auth,
    path: path('set_rules'),
    body: corrected,
  });
  found['set_rules'] = [set.response.status];

  const pulled = await openstackSecurityGroupsPull({ auth, path: path('pull') });
  found['pull'] = [pulled.response.status];

  const unlinked = await openstackSecurityGroupsUnlink({
    auth: `Token ${site.staffToken}`,
    path: path('unlink'),
  });
  found['unlink'] = [unlinked.response.status];

  const destroyed = await openstackSecurityGroupsDestroy({ auth, path: path('destroy') });
  found['destroy'] = [destroyed.response.status];

  try {
    await openstackSecurityGroupsSetRules({ auth, path: path('list'), body: asOnThePage });
  } catch (error) {
    found['as on the page'] = error;
  }
  return found;
}

main().then((found) => console.log(JSON.stringify(found)));
