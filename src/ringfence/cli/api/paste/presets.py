"""Names of services, as the console offers them (`web/assets/rules/well_known_ports.js`)."""

# Protocol and ports by the name of the service, in lower case
PRESETS = {
    "ssh": (("tcp", "22"),),
    "rdp": (("tcp", "3389"),),
    "http": (("tcp", "80"),),
    "https": (("tcp", "443"),),
    "dns": (("udp", "53"), ("tcp", "53")),
    "postgresql": (("tcp", "5432"),),
    "mysql": (("tcp", "3306"),),
    "ping": (("icmp", "8/0"),),
}
