"""A DNS server of a test's own, whose TXT records come and go."""

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class Dns:
    """Answers over UDP for every TXT record in .records: {name: [text]}."""

    def __init__(self):
        self.records = {}
        self.is_silent = False
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
        """Makes these, no others, the TXT records of a name."""
        self.records[name.lower()] = list(texts)

    def serve(self):
        """Until the socket is closed."""
        while True:
            try:
                octets, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if not self.is_silent:
                answer = self.answer(dns.message.from_wire(octets))
                self.socket.sendto(answer.to_wire(), client)

    def answer(self, question):
        """The response to one question."""
        response = dns.message.make_response(question)
        response.flags |= dns.flags.AA | dns.flags.RA
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        texts = self.records.get(name)
        if texts is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif asked.rdtype == dns.rdatatype.TXT:
            for text in texts:
                parts = [text[i : i + 255] for i in range(0, len(text), 255)]
                quoted = " ".join('"%s"' % part for part in parts)
                response.find_rrset(
                    response.answer, asked.name, dns.rdataclass.IN,
                    dns.rdatatype.TXT, create=True,
                ).update(dns.rrset.from_text(asked.name, 0, "IN", "TXT", quoted))
        return response
