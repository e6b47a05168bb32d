"""TLS: versions, the certificate, and what STARTTLS leaves behind."""

import ssl

from .report import FAIL, INFO, NOT_TESTED, PASS
from .smtp import Connection, ProbeError, TlsFailed, permissive

VERSIONS = {
    "tls-1.0": ssl.TLSVersion.TLSv1,
    "tls-1.1": ssl.TLSVersion.TLSv1_1,
    "tls-1.2": ssl.TLSVersion.TLSv1_2,
    "tls-1.3": ssl.TLSVersion.TLSv1_3,
}
WRONG_NAME = {62, 63, 64}  # X509_V_ERR_HOSTNAME_MISMATCH and its kin
OURS = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "UNSUPPORTED_PROTOCOL_VERSION")
UNKNOWN_COMMAND = b"XPROBE\r\n"


def reach(target, context, verify=None):
    """A handshake with that context; what it came to."""
    with Connection(target, context, verify) as connection:
        connection.hello()
        if not target.implicit:
            connection.start_tls()
        return connection.socket.version(), connection.socket.getpeercert()


def check_versions(report, target, known):
    """Which versions the server accepts; `known` is one that we saw."""
    for name, version in VERSIONS.items():
        must_not = name in ("tls-1.0", "tls-1.1")
        if known == version:
            report.judge(name, not must_not, "accepted")
            continue
        context = permissive()
        context.minimum_version = context.maximum_version = version
        try:
            reach(target, context)
            report.judge(name, not must_not, "accepted")
        except TlsFailed as why:
            if any(word in str(why) for word in OURS):
                report.add(name, NOT_TESTED, "our own TLS library has it not")
            elif isinstance(why.why, TimeoutError):
                report.add(name, NOT_TESTED, "no answer in time")
            else:
                report.judge(name, must_not, "refused (%s)" % why)
        except ProbeError as why:
            report.add(name, NOT_TESTED, str(why))


def verifying(target, with_name=True):
    """A context that believes only who can prove it."""
    context = ssl.create_default_context(cafile=target.ca)
    context.check_hostname = with_name
    return context


def check_certificate(report, target):
    """Who issued the certificate, for whom, and until when."""
    broken = FAIL if target.ca else INFO
    hint = "" if target.ca else " (--ca FILE tells whom to believe)"
    name = None
    for with_name in (True, False):
        try:
            _, certificate = reach(target, verifying(target, with_name), target.name)
        except TlsFailed as why:
            code = getattr(why.why, "verify_code", None)
            if code is None:
                return report.leave_out(
                    ["certificate-chain", "certificate-name"], str(why)
                )
            words = why.why.verify_message
            if with_name and code in WRONG_NAME:
                name = words
                continue
            report.add("certificate-chain", broken, words + hint)
            return None  # whose name it is means nothing then
        report.add("certificate-chain", PASS, "until %s" % certificate["notAfter"])
        report.add(
            "certificate-name",
            broken if name else PASS,
            name or "fits %s" % target.name,
        )
        return None
    return None


def check_injection(report, target):
    """A command in the clear that comes along with STARTTLS must be dropped."""
    with Connection(target) as connection:
        connection.hello()
        connection.send(b"STARTTLS\r\n" + UNKNOWN_COMMAND)
        answer = connection.reply("STARTTLS")
        if answer.code != 220:
            report.judge("starttls-injection", True, "refused: %s" % answer)
            return
        if b"\n" in connection.buffer:
            report.judge("starttls-injection", False, "answered before TLS")
            return
        try:
            connection.wrap()
            answer = connection.hello()
        except TlsFailed as why:
            # Something that is no TLS came: an answer in the clear.
            answered = "WRONG_VERSION_NUMBER" in str(why)
            seen = "answered before TLS" if answered else "no TLS then: %s" % why
            report.judge("starttls-injection", not answered, seen)
            return
        except ProbeError as why:
            report.judge("starttls-injection", True, "no session then: %s" % why)
            return
        if answer.code == 250:
            report.judge("starttls-injection", True, "dropped")
        else:
            report.judge("starttls-injection", False, "answered under TLS: %s" % answer)
