"""Submissions that daemon and explain must judge alike."""

import dataclasses
import subprocess

from harness import configuration as conf
from harness.kinds import Postfix, Tls
from harness.message import FROM_ALICE, WHOLE, letter, whole

FROM = "From: alice@example.org"
SOMEONE = "<someone@example.com>"
SUBJECT = "/C=DE/CN=robot"
ISSUER = "/C=DE/CN=Our CA"


class PostfixWithCertificate(Postfix):
    """A Postfix whose client has shown a certificate."""

    @staticmethod
    def known(stage, client, queue_id, recipients):
        """As Postfix, and the names in the certificate."""
        known = Postfix.known(stage, client, queue_id, recipients)
        if stage not in ("end-of-header", "end"):
            known.update({"{cert_subject}": SUBJECT, "{cert_issuer}": ISSUER})
        return known


@dataclasses.dataclass
class Case:
    """A submission, and where it ends: `passed`, or `550 5.7.1 at mail`."""

    name: str
    want: str
    message: object = FROM_ALICE
    sender: str = "<alice@example.org>"
    recipients: tuple = (SOMEONE,)
    params: tuple = ()
    client: dict = dataclasses.field(default_factory=dict)
    kind: type = Postfix
    # Options of the listener's profile that are not those of a strict one.
    profile: dict = dataclasses.field(default_factory=dict)
    # What explain is told in the place of a login.
    who: tuple = ()
    is_table_down: bool = False
    # Why some of the edits are made.
    causes: tuple = ()


def configuration(strict, is_table_down):
    """One for all cases: each has a listener of its own name."""
    tables = {
        "states": conf.inline(
            ("held@example.org", "suspended Call 123"),
            ("notices@example.org", "postmaster-only"),
        ),
        "scopes": conf.inline(
            ("inside@example.org", "local"), ("few@example.org", "any max=1")
        ),
        "nets": conf.inline(("192.0.2.77", "printer@example.org")),
        "seen": conf.inline(("192.0.2.78", "reader@example.org 1000000000")),
        "certs": conf.inline((SUBJECT, "robot@example.org")),
        "labels": conf.inline(("sales", "sales.example.net")),
        "canonical": conf.inline(
            ("eve@example.org", "alice@example.org"), ("@old.example", "@new.example")
        ),
        "recipients": conf.inline(("@secret.example", certificate())),
    }
    rights = {}
    if is_table_down:
        tables["down"] = {"type": "fail"}
        rights = {"self": False, "tables": [
            {"table": "down", "key": "address", "right": "own"}]}
    return conf.changed(
        strict,
        tables=tables,
        rights=rights,
        local_domains=("example.org", "example.net"),
        identity={
            "networks": "nets",
            "clients": "seen",
            "certificates": "certs",
            "certificate_issuers": (ISSUER,),
        },
        accounts={"table": "states"},
        qualify={"labels": "labels"},
        rewrites=[{
            "table": "canonical",
            "envelope_sender": True,
            "envelope_recipients": True,
            "header_senders": True,
            "header_recipients": True,
        }],
        encryption={"table": "recipients"},
        recipients={"scopes": "scopes"},
        groups=[{"name": "newcomers", "members": ("new@example.org",)}],
        overrides=[
            {"identities": ("group:newcomers",), "rules": {"sender-rights": "warn"}}
        ],
        profiles=[conf.profile(case.name, **case.profile) for case in CASES],
    )


def certificate():
    """One that holds today, in PEM."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-subj", "/CN=x", "-keyout", "/dev/null"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    )
    return made.stdout.decode("ascii")


def login(name):
    """A client who has logged in as that one."""
    return {"login": name}


def rules(**modes):
    """A profile with these rules set otherwise."""
    return {"rules": {name.replace("_", "-"): mode for name, mode in modes.items()}}


EIGHT_BIT = whole(
    FROM, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "X-Note: Grüße",
    body="Grüße\r\n".encode(),
)
SIGNED = whole(
    FROM, "MIME-Version: 1.0", "Content-Type: multipart/signed; boundary=b",
    body=b"--b\r\n\r\n\xe4\r\n--b--\r\n",
)
ENCODE = {"encode": {"eight_bit": "encode", "long_lines": True, "header": True}}
ENCRYPT = {"encrypt": {"recipients": ("secret.example", "open.example"), "subject": "..."}}
UTF8 = whole("From: Ålice <alice@example.org>")

CASES = [
    # Refused.
    Case("nobody", "530 5.7.0 at mail", client=login(None)),
    Case("in-the-clear", "530 5.7.0 at mail", client={"tls": None}),
    Case("old-tls", "530 5.7.10 at mail", client={"tls": Tls(version="TLSv1.1")}),
    Case("foreign-sender", "550 5.7.1 at mail", sender="<bob@example.org>"),
    Case("broken-sender", "501 5.1.7 at mail", sender="<alice@@example.org>"),
    Case("bare-sender", "554 5.1.8 at mail", sender="<alice@example>"),
    Case("suspended", "550 5.7.13 at mail", client=login("held@example.org")),
    Case("postmaster-only", "550 5.7.13 at mail", client=login("notices@example.org")),
    Case("parameter", "550 5.7.1 at mail", params=("RET=HDRS", "SIZE=10"),
         profile={"forbidden_parameters": ("RET",)}),
    Case("broken-recipient", "501 5.1.3 at rcpt", recipients=("<a@@example.com>",)),
    Case("not-inside", "550 5.7.1 at rcpt", sender="<inside@example.org>",
         client=login("inside@example.org")),
    Case("relay", "530 5.7.0 at rcpt", client=login(None), profile={"mixed": True}),
    Case("foreign-from", "550 5.7.1 at end", whole("From: bob@example.org")),
    Case("hidden-from", "550 5.7.1 at end",
         whole("From: bob@example.org (<alice@example.org>)")),
    Case("one-of-two", "550 5.7.1 at end",
         whole("From: alice@example.org, bob@example.org")),
    Case("two-froms", "550 5.7.1 at end", whole(FROM, FROM)),
    Case("group-from", "550 5.7.1 at end", whole("From: us: alice@example.org;")),
    Case("unreadable-from", "554 5.6.0 at end", whole("From: <alice@example.org")),
    Case("bare-to", "554 5.6.0 at end", whole(FROM, "Cc: bob@host")),
    Case("broken-to", "554 5.6.0 at end", whole(FROM, "Cc: bob@@host.example")),
    Case("no-from", "554 5.6.0 at end", letter(*WHOLE)),
    Case("two-subjects", "554 5.6.0 at end", whole(FROM, "Subject: again")),
    Case("8-bit", "554 5.6.0 at end", UTF8),
    Case("bare-cr", "554 5.6.0 at end", whole(FROM, body=b"a\rb\r\n")),
    Case("bare-lf", "554 5.6.0 at end", whole(FROM, body=b"a\nb\r\n")),
    Case("nul", "554 5.6.0 at end", whole(FROM, body=b"a\0b\r\n")),
    # Deferred.
    Case("undecided", "451 4.3.0 at mail", is_table_down=True),
    Case("from-undecided", "451 4.3.0 at end", sender="<>", is_table_down=True),
    Case("signer-undecided", "451 4.3.0 at end", is_table_down=True,
         profile=rules(sender_rights="warn", from_rights="warn")),
    # Passed.
    Case("plain", "passed"),
    Case("null-sender", "passed", sender="<>"),
    Case("alias", "passed", whole("From: alias@example.org"), "<alias@example.org>"),
    Case("acts-for", "passed", whole("From: sales@example.org"), "<sales@example.org>"),
    Case("two-authors", "passed", whole("From: alice@example.org, alias@example.org")),
    Case("one-refused", "passed", recipients=("<a@@example.com>", SOMEONE, "<bob>")),
    Case("one-too-many", "passed", whole("From: few@example.org"), "<few@example.org>",
         recipients=(SOMEONE, "<more@example.com>"), client=login("few@example.org")),
    Case("incomplete", "passed", letter(FROM)),
    Case("bad-date", "passed", letter(FROM, *WHOLE[1:], "Date: yesterday",
                                      "X-Original-Date: never")),
    Case("blind", "passed", letter(FROM, WHOLE[0], WHOLE[2], "Bcc: x@example.com")),
    Case("smtputf8", "passed", UTF8, params=("SMTPUTF8", "BODY=8BITMIME")),
    Case("folded", "passed", whole("From: alice\n\t<alice@example.org>", "X-A:\n b")),
    Case("no-body", "passed", whole(FROM, body=b"")),
    Case("long-line", "passed", whole(FROM, body=b"x" * 1200 + b"\r\n")),
    Case("two-chunks", "passed", whole(FROM, body=b"0123456789\r\n" * 12000)),
    Case("other-key", "passed", whole("From: dave@example.net"), "<dave@example.net>",
         client=login("dave@example.net")),
    Case("no-key", "passed", whole("From: eve@example.edu"), "<eve@example.edu>",
         client=login("eve@example.edu")),
    Case("fallback", "passed", whole("From: eve@example.edu"), "<eve@example.edu>",
         client=login("eve@example.edu"),
         profile={"sign_fallback_domain": "example.org"}),
    Case("unsigned", "passed", profile={"sign": "off"}),
    Case("on-trial", "passed", whole("From: bob@example.org"), "<bob@example.org>",
         profile=rules(sender_rights="warn", from_rights="warn")),
    Case("switched-off", "passed", whole("From: bob@example.org"), "<bob@example.org>",
         profile=rules(sender_rights="off", from_rights="off", tls_required="off")),
    Case("newcomer", "passed", whole("From: new@example.org"), "<other@example.org>",
         client=login("new@example.org")),
    Case("fixed", "passed", whole("From: bob@example.org"), profile={"from": "fix"}),
    Case("transfer", "passed", whole("From: x@example.com"), "<x@example.com>",
         recipients=("<alice@example.org>",), client=login(None),
         profile={"mixed": True}),
    Case("to-postmaster", "passed", whole("From: x@example.com"), "<x@example.com>",
         recipients=("<postmaster@example.org>", SOMEONE), client=login(None),
         profile={"postmaster": {"domains": ("example.org",)}}),
    Case("network", "passed", whole("From: printer@example.org"),
         "<printer@example.org>", client={"login": None, "address": "192.0.2.77"}),
    Case("seen-long-ago", "530 5.7.0 at mail",
         client={"login": None, "address": "192.0.2.78"}),
    Case("certificate", "passed", whole("From: robot@example.org"),
         "<robot@example.org>", client=login(None), kind=PostfixWithCertificate,
         who=("--cert-subject", SUBJECT, "--cert-issuer", ISSUER)),
    # What is made of the message.
    Case("qualified", "passed", whole(FROM, "Cc: Joe <joe@sales>"),
         recipients=("<joe@sales>", SOMEONE), causes=("qualify",)),
    Case("not-qualified", "554 5.1.2 at rcpt", recipients=("<joe@squeaky.sales>",)),
    Case("rewritten", "passed", whole("From: Eve <eve@example.org>", "Cc: ann@old.example"),
         "<eve@example.org>", recipients=("<ann@old.example>",),
         client=login("eve@example.org"), causes=("rewrite",)),
    Case("encoded", "passed", EIGHT_BIT, profile=ENCODE,
         causes=("transfer-encoding",)),
    Case("not-encoded", "554 5.6.3 at end", SIGNED, profile=ENCODE),
    Case("concealed", "passed",
         whole(FROM, "X-Mailer: y", "X-Client: [192.0.2.1]", "X-Z: z"),
         profile={"privacy": {"remove_fields": ("X-Mailer",), "client": True}},
         causes=("privacy",)),
    Case("encrypted", "passed", recipients=("<carol@secret.example>",), profile=ENCRYPT,
         causes=("encrypt",)),
    Case("not-encrypted", "550 5.7.5 at rcpt", recipients=("<carol@open.example>",),
         profile=ENCRYPT),
    Case("not-both", "passed", recipients=("<carol@secret.example>", SOMEONE),
         profile=ENCRYPT, causes=("encrypt",)),
]
