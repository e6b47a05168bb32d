"""A DNS server of a test's own, which the test can make slow or silent."""

import collections
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from .dns import quoted


class Dns:
    """Answers over UDP on a free port.

    .records[name] is a list of (type, text), or the name of an rcode, or None
    for no answer at all. What is not there does not exist. .asked counts the
    questions by name. While .is_silent, there is no answer to anything. Nobody
    may keep an answer for longer than SECONDS.
    """

    def __init__(self, records, seconds=60):
        self.records = records
        self.seconds = seconds
        self.is_silent = False
        self.asked = collections.Counter()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def publish(self, name, *texts):
        """Makes these TXT records all the records of a name."""
        self.records[name.lower()] = [("TXT", quoted(text)) for text in texts]

    def serve(self):
        """Until the socket is closed."""
        while True:
            try:
                octets, client = self.socket.recvfrom(4096)
            except OSError:
                return
            response = self.answer(dns.message.from_wire(octets))
            if response is not None:
                self.socket.sendto(response.to_wire(), client)

    def answer(self, question):
        """The response to one question, or None."""
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        self.asked[name] += 1
        found = self.records.get(name, "NXDOMAIN")
        if self.is_silent or found is None:
            return None
        response = dns.message.make_response(question)
        response.flags |= dns.flags.AA | dns.flags.RA
        if isinstance(found, str):
            response.set_rcode(dns.rcode.from_text(found))
            return response
        for kind, text in found:
            if kind in ("CNAME", dns.rdatatype.to_text(asked.rdtype)):
                response.answer.append(
                    dns.rrset.from_text(asked.name, self.seconds, "IN", kind, text)
                )
        return response
