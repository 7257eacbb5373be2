// Names of well-known ports, protocol numbers and ICMP types (IANA registries), and presets of rules.

/** @type {Record<string, string>} */
export const WELL_KNOWN_PORTS = {
  20: "FTP data", 21: "FTP", 22: "SSH", 23: "Telnet", 25: "SMTP", 53: "DNS", 67: "DHCP", 69: "TFTP",
  80: "HTTP", 110: "POP3", 111: "portmapper", 123: "NTP", 143: "IMAP", 161: "SNMP", 179: "BGP",
  389: "LDAP", 443: "HTTPS", 445: "SMB", 465: "SMTPS", 500: "IKE", 514: "syslog", 587: "submission",
  636: "LDAPS", 853: "DNS over TLS", 873: "rsync", 989: "FTPS data", 990: "FTPS", 993: "IMAPS",
  995: "POP3S", 1194: "OpenVPN", 1433: "SQL Server", 1521: "Oracle", 1883: "MQTT", 2049: "NFS",
  2181: "ZooKeeper", 2375: "Docker", 2376: "Docker over TLS", 2379: "etcd", 3000: "web", 3268: "AD catalogue",
  3306: "MySQL", 3389: "RDP", 4500: "IPsec", 4789: "VXLAN", 5000: "web", 5432: "PostgreSQL",
  5671: "AMQPS", 5672: "AMQP", 5900: "VNC", 5985: "WinRM", 6379: "Redis", 6443: "Kubernetes API",
  8000: "web", 8080: "web", 8443: "web over TLS", 8888: "web", 9090: "Prometheus", 9092: "Kafka",
  9100: "node exporter", 9200: "Elasticsearch", 10250: "kubelet", 11211: "Memcached", 27017: "MongoDB",
  51820: "WireGuard",
};

/** @type {Record<string, string>} */
export const PROTOCOLS = {
  1: "ICMP", 2: "IGMP", 4: "IP in IP", 6: "TCP", 17: "UDP", 33: "DCCP", 41: "IPv6 in IP", 47: "GRE",
  50: "ESP", 51: "AH", 58: "ICMPv6", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP", 136: "UDP-Lite",
};

/** @type {Record<string, string>} */
export const ICMP_TYPES = {
  "v4/0": "echo reply", "v4/3": "destination unreachable", "v4/8": "ping", "v4/11": "time exceeded",
  "v6/1": "destination unreachable", "v6/2": "packet too big", "v6/128": "ping", "v6/129": "echo reply",
  "v6/133": "router solicitation", "v6/134": "router advertisement",
  "v6/135": "neighbour solicitation", "v6/136": "neighbour advertisement",
};

/**
 * @typedef {object} Preset
 * @property {string} name
 * @property {{protocol: string, ports: string}[]} opens
 */

/** @type {Preset[]} */
export const PRESETS = [
  { name: "SSH", opens: [{ protocol: "tcp", ports: "22" }] },
  { name: "RDP", opens: [{ protocol: "tcp", ports: "3389" }] },
  { name: "HTTP", opens: [{ protocol: "tcp", ports: "80" }] },
  { name: "HTTPS", opens: [{ protocol: "tcp", ports: "443" }] },
  { name: "DNS", opens: [{ protocol: "udp", ports: "53" }, { protocol: "tcp", ports: "53" }] },
  { name: "PostgreSQL", opens: [{ protocol: "tcp", ports: "5432" }] },
  { name: "MySQL", opens: [{ protocol: "tcp", ports: "3306" }] },
  { name: "Ping", opens: [{ protocol: "icmp", ports: "8/0" }] },
];
