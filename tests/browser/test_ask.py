"""The search field: what a question means, and what it finds."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.modules import base
from tests.browser.site import EGRESS, HTTPS, OFFICE, tenant_uuid

pytestmark = pytest.mark.asyncio(loop_scope="session")

READ = """async ([base, texts]) => {
    const { ask } = await import(`${base}list/ask.js`);
    return texts.map(text => {
        const { kind, lead, parts, query, ancestor } = ask(...[text].flat());
        return [kind, [lead, ...parts.map(part => part.text)].join(" "), query, ancestor];
    });
}"""
CHOICES = """async ([base, texts]) => {
    const { ask } = await import(`${base}list/ask.js`);
    return texts.map(text => {
        const { kind, lead, query, choices } = ask(text);
        return [kind, lead, query, choices.map(choice => choice.text)];
    });
}"""
TCP_22 = {"protocol": "tcp", "port": "22", "direction": "ingress"}
FROM_INTERNET = "Rules that admit TCP 22 (SSH) from the internet"
SSH_FROM_INTERNET = {"protocol": "tcp", "port": "22", "from_internet": "true"}
OTHER_TYPES = "and all others: types are not searched)"
EVERYONE = [
    *("any", "anyone", "anywhere", "everywhere", "world", "the world", "public"),
    *("the public internet", "all", "any address", "everyone"),
]
MEANINGS = [
    ("22", "Rules that admit port 22 (SSH)", {"port": "22", "direction": "ingress"}),
    ("443", "Rules that admit port 443 (HTTPS)", {"port": "443", "direction": "ingress"}),
    ("port 8125", "Rules that admit port 8125", {"port": "8125", "direction": "ingress"}),
    ("tcp 22", "Rules that admit TCP 22 (SSH)", TCP_22),
    ("TCP/22", "Rules that admit TCP 22 (SSH)", TCP_22),
    ("22/tcp", "Rules that admit TCP 22 (SSH)", TCP_22),
    ("ssh", "Rules that admit SSH (TCP 22)", TCP_22),
    ("SSH", "Rules that admit SSH (TCP 22)", TCP_22),
    ("udp 53", "Rules that admit UDP 53 (DNS)", TCP_22 | {"protocol": "udp", "port": "53"}),
    ("8000-8100", "Rules that admit ports 8000\N{EN DASH}8100", {"port": "8000", "query": "8100"}),
    (
        "tcp 8000:8100",
        "Rules that admit TCP 8000\N{EN DASH}8100",
        {"protocol": "tcp", "query": "8100"},
    ),
    ("icmp", "Rules that admit ICMP", {"protocol": "icmp", "direction": "ingress"}),
    ("postgres", "Rules that admit PostgreSQL (TCP 5432)", TCP_22 | {"port": "5432"}),
    ("from internet", "Rules that admit traffic from the internet", {"from_internet": "true"}),
    (
        "ssh from internet",
        "Rules that admit SSH (TCP 22) from the internet",
        {"protocol": "tcp", "port": "22", "from_internet": "true"},
    ),
    (
        "which rules allow ssh from the internet",
        "Rules that admit SSH (TCP 22) from the internet",
        {"port": "22", "from_internet": "true"},
    ),
    (
        "ssh open to the internet",
        "Rules that admit SSH (TCP 22) from the internet",
        {"port": "22", "from_internet": "true"},
    ),
    ("10.4.7.9", "Rules that admit traffic from 10.4.7.9", {"admits": "10.4.7.9"}),
    ("2001:db8::1", "Rules that admit traffic from 2001:db8::1", {"admits": "2001:db8::1"}),
    ("10.0.0.0/8", "Rules with a prefix in 10.0.0.0/8", {"within": "10.0.0.0/8"}),
    (
        "overlaps 10.0.0.0/8",
        "Rules with a prefix that overlaps 10.0.0.0/8",
        {"overlaps": "10.0.0.0/8"},
    ),
    (
        "tcp 22 from 10.0.0.0/8",
        "Rules that admit TCP 22 (SSH) from addresses in 10.0.0.0/8",
        TCP_22 | {"overlaps": "10.0.0.0/8"},
    ),
    (
        "https to 10.4.7.9",
        "Rules that let out HTTPS (port 443) to 10.4.7.9",
        {"port": "443", "admits": "10.4.7.9", "direction": "egress"},
    ),
    (
        "tcp 22 office",
        "Rules that admit TCP 22 (SSH) mentioning “office”",
        TCP_22 | {"query": "office"},
    ),
    *((f"tcp 22 from {everyone}", FROM_INTERNET, SSH_FROM_INTERNET) for everyone in EVERYONE),
    ("tcp 22 anyone", FROM_INTERNET, SSH_FROM_INTERNET),
    ("tcp 22 exposed to the world", FROM_INTERNET, SSH_FROM_INTERNET),
    ("proto tcp dport 22", "Rules that admit TCP 22 (SSH)", TCP_22),
    ("-p tcp --dport 22", "Rules that admit TCP 22 (SSH)", TCP_22),
    ("tcp port 22", "Rules that admit TCP 22 (SSH)", TCP_22),
    *(
        (
            f"icmp{type_}",
            f"Rules that admit ICMP (type 8, {OTHER_TYPES}",
            {"protocol": "icmp", "direction": "ingress"},
        )
        for type_ in (" 8", "/8", " type 8")
    ),
    (
        "icmpv6 128/0 from internet",
        f"Rules that admit ICMPv6 (type 128, code 0, {OTHER_TYPES} from the internet",
        {"protocol": "icmpv6", "from_internet": "true"},
    ),
    (
        "::/0",
        "Rules that admit traffic from the internet (IPv6)",
        {"from_internet": "true", "ethertype": "IPv6"},
    ),
    (
        "tcp 22 from 0.0.0.0/0",
        f"{FROM_INTERNET} (IPv4)",
        SSH_FROM_INTERNET | {"ethertype": "IPv4"},
    ),
    (
        "egress internet",
        "Rules that let out traffic to all addresses (outgoing)",
        {"direction": "egress", "wider_than": "1"},
    ),
    (
        "tcp 22 to the internet",
        "Rules that let out TCP 22 (SSH) to all addresses",
        {"port": "22", "direction": "egress", "wider_than": "1"},
    ),
]
UNASKED = {
    "not tcp 22": ["tcp 22"],
    "!ssh": ["ssh"],
    "! ssh": ["ssh"],
    "no ssh": ["ssh"],
    "port 22 not from internet": ["port 22 from internet"],
    "ssh from not internet": ["ssh internet"],
    "without ssh from internet": ["ssh from internet"],
    "ssh except 10.0.0.0/8 from internet": ["ssh 10.0.0.0/8 from internet"],
    "ssh in shop not from internet": ["ssh from internet in shop"],
    "ssh closed to internet": ["ssh to internet"],
    "22 or 3389": ["22", "3389"],
    "22,3389": ["22", "3389"],
    "ssh and rdp": ["ssh", "rdp"],
    "ssh, rdp": ["ssh", "rdp"],
    "ssh or rdp from internet": ["ssh from internet", "rdp from internet"],
    "ssh or from internet": ["ssh", "from internet"],
    "udp ssh": ["udp", "ssh"],
    "egress from internet": ["egress", "from internet"],
}
EITHER = {
    "10.20.30.40/8": ["10.20.30.40", "10.0.0.0/8"],
    "ssh from 10.20.30.40/8 in shop": [
        "ssh from 10.20.30.40 in shop",
        "ssh from 10.0.0.0/8 in shop",
    ],
    "within 2001:db8::1/32": ["within 2001:db8::1/128", "within 2001:db8::/32"],
}
NAMES = ["web", "web 2", "db-443", "10.4.7", "300.1.1.1", "70000", "10.0.0.0/33", "ssh gateway"]
NAMES += ["no web", "web-no", "db and web 2", "ssh or gateway"]


@pytest.fixture
def read(visit):
    async def read(texts):
        page = await visit("/console/", user=None)
        return await page.evaluate(READ, [base(), texts])

    return read


async def test_a_question_is_a_search_of_rules(read):
    answers = await read([text for text, _, _ in MEANINGS])
    for (text, sentence, query), (kind, shown, found, _) in zip(MEANINGS, answers, strict=True):
        assert (kind, shown) == ("rules", sentence), text
        assert found.items() >= query.items(), text


async def test_what_is_not_understood_is_searched_as_a_name(read):
    for text, (kind, shown, query, _) in zip(NAMES, await read(NAMES), strict=True):
        assert (kind, query) == ("groups", {"query": text})
        assert f"“{text}”" in shown


async def test_words_that_take_away_or_join_are_not_answered_as_if_they_did_not(visit):
    page = await visit("/console/", user=None)
    answers = await page.evaluate(CHOICES, [base(), list(UNASKED)])
    for (text, choices), (kind, lead, query, offered) in zip(UNASKED.items(), answers, strict=True):
        assert (kind, query, offered) == ("unasked", {}, choices), text
        assert lead.startswith("This is not one question: ")


async def test_a_prefix_with_bits_of_an_address_is_asked_back(visit):
    page = await visit("/console/", user=None)
    answers = await page.evaluate(CHOICES, [base(), list(EITHER)])
    for (text, choices), (kind, lead, query, offered) in zip(EITHER.items(), answers, strict=True):
        assert (kind, query, offered) == ("unasked", {}, choices), text
        assert lead.startswith("Which is meant by ")


async def test_a_question_may_name_where_the_groups_are(read):
    [place, tenant, rules, name] = await read(
        ["in shop", "in tenant my shop", "ssh in Acme from internet", ["ssh in Acme", "names"]]
    )
    assert place == ["groups", "Groups in shop", {}, "shop"]
    assert tenant[1:] == ["Groups in tenant my shop", {}, "my shop"]
    assert rules[1] == "Rules that admit SSH (TCP 22) from the internet in Acme"
    assert (rules[2]["from_internet"], rules[3]) == ("true", "Acme")
    assert (name[0], name[2]) == ("groups", {"query": "ssh in Acme"})


async def test_rules_of_all_groups_are_found_and_the_url_is_shared(site, visit):
    site.create("asking-web", [HTTPS, OFFICE, EGRESS], tenant="searching")
    site.create("asking-bastion", [OFFICE | {"cidr": "0.0.0.0/0"}], tenant="searching")
    page = await visit("/console/groups/")
    await page.get_by_label("Search groups and rules").fill("ssh in tenant searching")
    results = page.get_by_role("table", name="Rules by group")
    await expect(results.get_by_role("link", name="asking-web")).to_be_visible()
    await expect(results.get_by_role("link", name="asking-bastion")).to_be_visible()
    await expect(results).not_to_contain_text("443")
    await page.get_by_label("Search groups and rules").fill("ssh from internet in tenant searching")
    await expect(results.get_by_role("link", name="asking-web")).to_have_count(0)
    await expect(page.get_by_text("1 rule in 1 group found")).to_be_visible()
    shared = await visit(page.url.removeprefix(site.address), user="mia")
    await expect(shared.locator(".understood")).to_contain_text(
        "Rules that admit SSH (TCP 22) from the internet in tenant searching"
    )
    await shared.get_by_role("button", name="Take out: from the internet").click()
    await expect(shared.get_by_role("link", name="asking-web")).to_be_visible()
    await expect(shared.get_by_label("Search groups and rules")).to_have_value(
        "ssh in tenant searching"
    )


async def test_words_that_mean_rules_are_searched_as_a_name_on_request(site, visit):
    site.create("redis", tenant="searching")
    page = await visit("/console/groups/?q=redis")
    await page.get_by_role("button", name=re.compile("Search names instead .1 group.")).click()
    await expect(page.get_by_role("link", name="redis", exact=True)).to_be_visible()
    await expect(page).to_have_url(re.compile("as=names"))
    await page.get_by_role("button", name="Search rules instead").click()
    await expect(page.locator(".understood")).to_contain_text("Redis (TCP 6379)")


async def test_the_name_of_a_tenant_finds_its_groups(site, visit):
    site.create("of-the-tenant", tenant="searching")
    page = await visit("/console/groups/?q=searching")
    await expect(page.get_by_role("link", name="of-the-tenant")).to_be_visible()


async def test_groups_with_the_words_in_their_own_name_are_offered(site, visit):
    site.create("in-its-tenant", tenant="searching")
    site.create("searching-itself", tenant="searching")
    page = await visit("/console/groups/?q=searching")
    await expect(page.get_by_role("link", name="in-its-tenant")).to_be_visible()
    await page.get_by_role("button", name="“searching” in their own name (1)").click()
    await expect(page.get_by_role("link", name="in-its-tenant")).to_have_count(0)
    await expect(page.get_by_role("link", name="searching-itself")).to_be_visible()


async def test_rules_that_are_found_are_said_to_be_desired(site, visit):
    site.create("asking-desired", [OFFICE], tenant="searching")
    page = await visit("/console/groups/?q=tcp+22+in+tenant+searching")
    await expect(page.get_by_text("Searched in the desired rules")).to_be_visible()
    link = page.get_by_role("link", name="what is open in the cloud")
    await expect(link).to_have_attribute(
        "href",
        f"/console/exposures/?protocol=tcp&port=22&tenant_uuid={tenant_uuid('searching')}",
    )


async def test_a_name_of_several_ancestors_is_asked_back(site, visit):
    site.create("in-one-of-them", tenant="searching")
    page = await visit("/console/groups/?q=in+sea")
    await expect(page.get_by_role("link", name="in-one-of-them")).to_be_visible()
    await page.get_by_label("Search groups and rules").fill("in ing")
    await page.get_by_role("button", name="searching").click()
    await expect(page).to_have_url(re.compile(f"tenant_uuid={tenant_uuid('searching')}"))
    await expect(page.get_by_role("link", name="in-one-of-them")).to_be_visible()


async def test_an_empty_result_says_what_was_searched(visit):
    page = await visit("/console/groups/?q=sctp+4711+from+10.99.0.0%2F16+in+tenant+searching")
    await expect(page.get_by_role("heading", name="No rules match")).to_be_visible()
    await expect(page.locator(".empty")).to_contain_text(
        "SCTP 4711 from addresses in 10.99.0.0/16 in tenant searching"
    )


async def test_what_cannot_be_asked_offers_what_can(visit):
    page = await visit("/console/groups/?q=ssh+or+rdp+from+internet")
    heading = page.get_by_role("heading", name="This is not one question")
    await expect(heading).to_be_visible()
    await expect(page.get_by_text("No rules match")).to_have_count(0)
    await page.get_by_role("button", name="rdp from internet").click()
    await expect(page.locator(".understood")).to_contain_text("from the internet")
    await page.get_by_label("Search groups and rules").fill("within 10.99.30.40/16")
    await page.get_by_role("button", name="The network 10.99.0.0/16").click()
    await expect(page.locator(".understood")).to_contain_text("with a prefix in 10.99.0.0/16")


async def test_words_that_no_rule_has_are_not_an_answer_about_traffic(site, visit):
    site.create("asking-mention", [OFFICE], tenant="searching")
    page = await visit("/console/groups/?q=tcp+22+reassuring+in+tenant+searching")
    await expect(page.get_by_role("heading", name="mentioning “reassuring”")).to_be_visible()
    await page.get_by_role("button", name="Search without “reassuring”").click()
    await expect(page.get_by_role("link", name="asking-mention")).to_be_visible()


async def test_what_only_the_cloud_admits_is_said_below_the_rules(visit):
    page = await visit("/console/groups/", user="ann")
    await page.route(
        "**/api/security-group-exposures/?*",
        lambda route: route.fulfill(json=[], headers={"X-Result-Count": "2"}),
    )
    await page.get_by_label("Search groups and rules").fill("rdp from internet")
    line = page.get_by_text("2 exposures in the cloud only.")
    await expect(line).to_be_visible()
    link = page.locator("main").get_by_role("link", name="Exposures")
    asked = re.compile("desired=none&desired=part&port=3389$")
    await expect(link).to_have_attribute("href", asked)
