"""Services by their well-known ports. Pure.

One table for warnings, exposures and searches (IANA's service names, and usual defaults).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ringfence.security_groups.intervals import Interval

TCP, UDP = 6, 17


@dataclass(frozen=True, slots=True)
class Service:
    """A service; `word` is how filters and options name it."""

    word: str
    name: str
    port: int
    protocols: tuple[int, ...] = (TCP,)
    # Should not be open to the internet
    is_sensitive: bool = False


SERVICES: Mapping[str, Service] = {
    service.word: service
    for service in (
        Service("ftp", "FTP", 21),
        Service("ssh", "SSH", 22, is_sensitive=True),
        Service("telnet", "Telnet", 23, is_sensitive=True),
        Service("smtp", "SMTP", 25),
        Service("dns", "DNS", 53, (TCP, UDP)),
        Service("tftp", "TFTP", 69, (UDP,)),
        Service("http", "HTTP", 80),
        Service("ntp", "NTP", 123, (UDP,)),
        Service("snmp", "SNMP", 161, (UDP,)),
        Service("ldap", "LDAP", 389, (TCP, UDP)),
        Service("https", "HTTPS", 443, (TCP, UDP)),
        Service("smb", "SMB", 445, is_sensitive=True),
        Service("rsync", "rsync", 873),
        Service("sqlserver", "SQL Server", 1433, is_sensitive=True),
        Service("oracle", "Oracle", 1521, is_sensitive=True),
        Service("nfs", "NFS", 2049, (TCP, UDP)),
        Service("docker", "Docker", 2375, is_sensitive=True),
        Service("etcd", "etcd", 2379, is_sensitive=True),
        Service("mysql", "MySQL", 3306, is_sensitive=True),
        Service("rdp", "RDP", 3389, (TCP, UDP), is_sensitive=True),
        Service("postgresql", "PostgreSQL", 5432, is_sensitive=True),
        Service("vnc", "VNC", 5900, is_sensitive=True),
        Service("winrm", "WinRM", 5985),
        Service("redis", "Redis", 6379, is_sensitive=True),
        Service("kubernetes", "Kubernetes API", 6443),
        Service("elasticsearch", "Elasticsearch", 9200, is_sensitive=True),
        Service("kubelet", "kubelet", 10250),
        Service("memcached", "Memcached", 11211, (TCP, UDP), is_sensitive=True),
        Service("mongodb", "MongoDB", 27017, is_sensitive=True),
    )
}

# Names of the ports that should not be open to the internet
SENSITIVE_PORTS: Mapping[int, str] = {
    service.port: service.name for service in SERVICES.values() if service.is_sensitive
}


def services_in(protocols: Interval, ports: Interval) -> Iterator[Service]:
    """Yield the services on any of these ports, as numbers, in the order of their ports."""
    for service in SERVICES.values():
        if ports[0] <= service.port <= ports[1] and any(
            protocols[0] <= each <= protocols[1] for each in service.protocols
        ):
            yield service
