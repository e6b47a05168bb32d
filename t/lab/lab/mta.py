"""What the lab asks of a mail server."""

import abc
import os
import shutil
import signal


# Clients of these addresses are known; nobody was seen yet at any other.
NETWORKS = "127.0.0.16/28\tprinters\n127.0.0.32/28\toffice\n"


class Mta(abc.ABC):
    """A mail server in front of the milter.

    It listens on three ports of the loopback interface, relays everything
    that it accepts to the next hop, treats every client as a remote one, and
    names its listeners to the milter MSA, MSAS and MX ({daemon_name}):

    submission    STARTTLS, AUTH under TLS only
    submissions   TLS from the first octet, AUTH
    mx            a port 25 that takes mail for example.org from anybody and
                  relays for those who authenticate under TLS

    Made with the Place, the Certificates, the Accounts, the path of the
    milter's socket and the port of the next hop. prepare() writes files only
    and needs the certificates and accounts made; start() does not wait.
    server is its process. etc is the folder of its configuration, in which
    files are what people may want to see. In dir are
    networks, a cidr table of clients that are known by address, and clients,
    the source of the table in which clients may be seen for a while.
    """

    name = None
    files = ()

    def __init__(self, place, certificates, accounts, milter_socket, next_hop_port):
        self.place = place
        self.certificates = certificates
        self.accounts = accounts
        self.milter_socket = milter_socket
        self.next_hop_port = next_hop_port
        self.submission_port = place.port()
        self.submissions_port = place.port()
        self.mx_port = place.port()
        self.log = place.log(self.name)
        self.hides_clients = os.environ.get("LAB_RECEIVED") == "private"

    def write_clients(self):
        """Writes what is known of clients without login."""
        (self.place.dir / "networks").write_text(NETWORKS)
        (self.place.dir / "clients").touch()

    @abc.abstractmethod
    def prepare(self):
        """Writes its configuration."""

    @abc.abstractmethod
    def start(self):
        """Starts it."""

    @abc.abstractmethod
    def wait(self):
        """Returns when all three ports answer."""

    def stop(self):
        """Stops it at once; its processes are in one group.

        Those that have left it are the lab's to kill, as whatever is left
        below it.
        """
        child = self.server.child
        if child is None:
            return
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.keep_configuration()

    def keep_configuration(self):
        """Leaves its files where people may look for them."""
        if self.place.dir != self.place.run / "lab":
            kept = self.place.dir / self.name
            kept.mkdir(exist_ok=True)
            for name in self.files:
                shutil.copy(self.etc / name, kept)
