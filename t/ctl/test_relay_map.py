"""What the MTA is told of clients without a login."""

import re
import subprocess

import pytest
import tool

from harness import configuration as conf

POSTMAP = "/usr/sbin/postmap"


@pytest.fixture
def sources(configured, tmp_path):
    """A configuration with all three; its file, and the file of networks."""
    networks = tmp_path / "networks.cidr"
    networks.write_text(
        "# printers\n192.0.2.0/30 printers\n198.51.100.0/24 apps\n10.0.0.0/15 lan\n"
        "2001:db8:1::/48 six\n2001:db8:2::/47 seven\n0.0.0.0/0 all\n2001::/17 much\n")
    return configured(
        tables={
            "nets": {"type": "cidr", "file": str(networks)},
            "pop-seen": conf.inline(("203.0.113.9", "reader 1"), ("2001:db8::9", "r 2")),
            "certs": conf.inline(("/C=DE/CN=robot", "robot"), ("robot2", "robot2")),
        },
        identity={
            "networks": "nets",
            "clients": "pop-seen",
            "certificates": "certs",
            "certificate_issuers": ("/C=DE/CN=Our CA", "Our CA"),
        },
    ), networks


def relay_map(configuration, *arguments):
    """What it prints."""
    status, out, err = tool.run("relay-map", "-c", configuration, *arguments)
    assert (status, err) == (0, "")
    return out


def test_postfix(sources):
    """D3.3 X42: tables that Postfix reads itself, rows for those it cannot."""
    configuration, networks = sources
    out = relay_map(configuration)
    assert out == relay_map(configuration, "postfix")
    assert (
        "submit_relay =\n"
        "\tpermit_sasl_authenticated,\n"
        "\tcheck_client_access pipemap:{cidr:%s,static:OK},\n"
        "\tcheck_client_access cidr:/etc/postfix/submit-relay-pop-seen.cidr,\n"
        "\tpermit_tls_all_clientcerts,\n"
        "\treject\n"
    ) % networks in out
    assert "\n  -o smtpd_relay_restrictions=$submit_relay\n" in out
    assert out.endswith("\n203.0.113.9 OK\n2001:db8::9 OK\n")


def test_postfix_answers(sources, tmp_path):
    """D3.3: Postfix itself says OK to these clients, and nothing to others."""
    configuration, _ = sources
    out = relay_map(configuration)
    piped = re.search(r"check_client_access (pipemap:\{.*\}),", out).group(1)
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n")
    rows = tmp_path / "rows"
    rows.write_text("".join(line for line in out.splitlines(True) if line.endswith(" OK\n")))
    for key, table, want in (
        ("198.51.100.77", piped, "OK\n"),
        ("2001:db8:1::5", piped, "OK\n"),
        ("2001:dead::5", piped, ""),
        ("203.0.113.9", "cidr:%s" % rows, "OK\n"),
        ("203.0.113.8", "cidr:%s" % rows, ""),
    ):
        done = subprocess.run([POSTMAP, "-c", tmp_path, "-q", key, table], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        assert (done.stdout, done.stderr) == (want, ""), key


SENDMAIL = """
# Table nets
Connect:192.0.2.0\tRELAY
Connect:192.0.2.1\tRELAY
Connect:192.0.2.2\tRELAY
Connect:192.0.2.3\tRELAY
Connect:198.51.100\tRELAY
Connect:10.0\tRELAY
Connect:10.1\tRELAY
Connect:IPv6:2001:db8:1\tRELAY
Connect:IPv6:2001:db8:2\tRELAY
Connect:IPv6:2001:db8:3\tRELAY
# 0.0.0.0/0: the whole Internet
# 2001::/17: too many lines; use other networks

# Table pop-seen
Connect:203.0.113.9\tRELAY
Connect:IPv6:2001:db8:0:0:0:0:0:9\tRELAY

# Certificates. In sendmail.mc: confCACERT names the CA.
CERTIssuer:/C=DE/CN=Our+20CA\tSUBJECT
# Our CA: no issuer as Sendmail names it
CERTSubject:/C=DE/CN=robot\tRELAY
# robot2: no subject as Sendmail names it
"""


def test_sendmail(sources):
    """D3.3: lines for the access map, networks as octets and groups."""
    out = relay_map(sources[0], "sendmail")
    # 2001:: has a prefix of 17 bits: too many groups of 16.
    assert out.endswith(SENDMAIL), out


def test_tables_of_other_types(configured):
    """D3.3: what cannot be told is said, with what to do instead."""
    changes = {"tables": {"down": {"type": "fail"}}, "identity": {"networks": "down"}}
    assert "# Its rows cannot be told: it is of type fail." in relay_map(
        configured(**changes), "sendmail")
    assert "# /etc/postfix/submit-relay-down.cf says how to ask" in relay_map(
        configured(**changes), "postfix")


def test_nobody(configured):
    """D3.3: without sources there is nobody, and no restriction to copy."""
    for mta in ("postfix", "sendmail"):
        out = relay_map(configured(), mta)
        assert "\n# Nobody: " in out
        assert all(line.startswith("#") for line in out.splitlines() if line)


def test_wrong_usage(configured):
    """D3.3: status 64 for another MTA, 78 for a table that is gone."""
    want = 'submitctl: relay-map: "postfix" or "sendmail" is needed\n'
    assert tool.run("relay-map", "-c", configured(), "exim") == (64, "", want)
    gone = configured(tables={"nets": {"type": "cidr", "file": "/nonexistent"}},
                      identity={"networks": "nets"})
    assert tool.run("relay-map", "-c", gone)[0] == 78


def test_check(configured):
    """X41: submitctl check says what submit-milter -t says."""
    daemon = subprocess.run([tool.find_program(), "-t", "-c", configured()],
                            stdout=subprocess.PIPE, check=True)
    status, out, err = tool.run("check", "-c", configured())
    assert (status, err) == (0, "")
    ours = [line for line in out.splitlines() if "submit-milter-" not in line]
    theirs = [line for line in daemon.stdout.decode().splitlines()
              if "submit-milter-" not in line]
    assert ours == theirs and len(ours) > 50
    assert tool.run("check", "-c", configured(), "-o", "nonsense=1")[0] == 78
