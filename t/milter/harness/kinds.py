"""What the two mail servers tell a milter, and how they take its edits.

Both send at a stage the macros that the milter asked for there, as far as
they have a value; where it could not ask, those that they send by themselves.
As seen on the wire, Postfix 3.7 and Sendmail 8.17.
"""

import dataclasses
import typing


class Tls(typing.NamedTuple):
    """Facts of an encrypted connection."""

    version: str = "TLSv1.3"
    cipher: str = "TLS_AES_256_GCM_SHA384"
    bits: str = "256"


class Certificate(typing.NamedTuple):
    """A client's certificate."""

    subject: str = "printer"
    issuer: str = "Our CA"
    fingerprint: str = ""
    verify: str = "OK"  # what the MTA thinks of it; only Sendmail tells


@dataclasses.dataclass
class Client:
    """Who has connected to the MTA, and where."""

    daemon_name: str = "MSA"
    daemon_addr: str = "127.0.0.1"
    daemon_port: str = "587"
    name: str = "client.example"
    address: typing.Optional[str] = "192.0.2.10"
    port: int = 40000
    helo: str = "client.example"
    tls: typing.Optional[Tls] = Tls()
    login: typing.Optional[str] = "alice@example.org"
    author: typing.Optional[str] = None  # what it wrote in MAIL AUTH=
    certificate: typing.Optional[Certificate] = None


def macros_of_tls(client):
    """Nothing when it is not encrypted."""
    if client.tls is None:
        return {}
    return {
        "{tls_version}": client.tls.version,
        "{cipher}": client.tls.cipher,
        "{cipher_bits}": client.tls.bits,
    }


def macros_of_certificate(client):
    """Whose it is, by whom, and which one."""
    if client.certificate is None:
        return {}
    known = {"{cert_subject}": client.certificate.subject}
    known["{cert_issuer}"] = client.certificate.issuer
    if client.certificate.fingerprint:
        known["{cert_fp}"] = client.certificate.fingerprint
    return known


def macros_of_login(client):
    """Nothing when it has not authenticated, but for the claim it makes."""
    known = {}
    if client.login is not None:
        known.update({"{auth_type}": "PLAIN", "{auth_authen}": client.login})
    if client.author is not None:
        known["{auth_author}"] = client.author
    return known


def macros_of_listener(client):
    """Where the client came in."""
    return {
        "j": "mx.example.org",
        "{daemon_name}": client.daemon_name,
        "{daemon_addr}": client.daemon_addr,
        "{daemon_port}": client.daemon_port,
    }


class Postfix:
    """Postfix: no queue id before the second recipient; TLS not at the end."""

    name = "postfix"
    keeps_places = False
    by_itself = {
        "connect": "j {daemon_name} {daemon_addr} v _",
        "helo": "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        "mail": "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host}",
        "rcpt": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        "data": "i",
        "end-of-header": "i",
        "end": "i",
    }

    @staticmethod
    def known(stage, client, queue_id, recipients):
        """Macros that have a value at a stage."""
        known = {**macros_of_listener(client), **macros_of_login(client)}
        known["v"] = "Postfix 3.7.11"
        if stage in ("end-of-header", "end"):
            known["{daemon_name}"] = "mx.example.org"
        else:
            known.update(macros_of_tls(client))
            if client.certificate is not None and client.certificate.verify == "OK":
                known.update(macros_of_certificate(client))
        if stage in ("data", "end-of-header", "end") or recipients > 1:
            known["i"] = queue_id
        return known


def xtext(text):
    """Text as Sendmail writes names of people and certificates in macros."""
    return "".join(
        c if "!" <= c <= "~" and c not in '+=<>")' else "+%02X" % ord(c) for c in text
    )


NAMES = ("{auth_authen}", "{auth_author}", "{cert_subject}", "{cert_issuer}")


class Sendmail:
    """Sendmail: a queue id from MAIL on, and every macro at every stage."""

    name = "sendmail"
    keeps_places = True
    by_itself = {
        "connect": "j _ {daemon_name} {if_name} {if_addr}",
        "helo": "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        "mail": "i {auth_type} {auth_authen} {auth_ssf} {auth_author} {mail_addr}",
        "rcpt": "{rcpt_mailer} {rcpt_host} {rcpt_addr}",
        "end": "{msg_id}",
    }

    @staticmethod
    def known(stage, client, queue_id, _recipients):
        """Macros that have a value at a stage."""
        known = {**macros_of_listener(client), **macros_of_login(client)}
        known.update(macros_of_tls(client))
        known.update(macros_of_certificate(client))
        known.update({"{if_name}": "mx.example.org", "v": "8.17.1"})
        verify = "NO" if client.certificate is None else client.certificate.verify
        known["{verify}"] = verify
        if client.login is not None:
            known["{auth_ssf}"] = "256"
        if stage not in ("connect", "helo"):
            known["i"] = queue_id
        known.update({n: xtext(known[n]) for n in NAMES if n in known})
        return known


KINDS = (Postfix, Sendmail)
