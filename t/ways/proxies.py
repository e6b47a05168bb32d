"""nginx, HAProxy and Dovecot in front of a lab, by the files of the example."""

import base64
import contextlib
import http.server
import os
import pathlib
import pwd
import tempfile
import threading

from lab import process
from site_of_ways import HOST, free_port, placed


@contextlib.contextmanager
def running(name, argv, folder, ports):
    """A server in the foreground that has begun to listen."""
    server = process.Server(name, folder / (name + ".log"))
    server.start(argv, cwd=str(folder))
    try:
        server.wait_until(
            lambda: all(process.tcp_listens(HOST, port) for port in ports), 30
        )
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def home(name):
    """A folder with a short path, for sockets, that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="way-%s-" % name) as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        yield path


class Asked(http.server.BaseHTTPRequestHandler):
    """The auth_http server of nginx: right passwords lead to Postfix."""

    def do_GET(self):
        """Answers for one login."""
        login, given = self.headers["Auth-User"], self.headers["Auth-Pass"]
        self.send_response(200)
        if self.server.passwords.get(login) == given:
            self.send_header("Auth-Status", "OK")
            self.send_header("Auth-Server", HOST)
            self.send_header("Auth-Port", str(self.server.upstream))
        else:
            self.send_header("Auth-Status", "Invalid login or password")
            self.send_header("Auth-Error-Code", "535 5.7.8")
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def accounts(lab, upstream):
    """The port of an auth_http server."""
    server = http.server.ThreadingHTTPServer((HOST, 0), Asked)
    server.passwords, server.upstream = lab.passwords, upstream
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def nginx(lab):
    """Ports: 587 and 465 of the example."""
    ports = free_port(), free_port()
    certs = lab.folder / "certs"
    with home("nginx") as folder, accounts(lab, lab.ports["proxied"]) as asked:
        text = placed(
            "nginx.conf",
            {
                "/run/nginx.pid": folder / "nginx.pid",
                "/var/log/nginx/mail.log": folder / "mail.log",
                "127.0.0.1:9143/auth": "127.0.0.1:%d/auth" % asked,
                "/etc/nginx/mail.pem": certs / "server.crt",
                "/etc/nginx/mail.key": certs / "server.key",
                "listen 587;": "listen %s:%d;" % (HOST, ports[0]),
                "listen 465 ssl;": "listen %s:%d ssl;" % (HOST, ports[1]),
            },
        )
        # It opens this log before it has read where its log is.
        text = "daemon off;\nmaster_process off;\n" + text
        (folder / "nginx.conf").write_text(text)
        argv = ["/usr/sbin/nginx", "-c", folder / "nginx.conf", "-p", folder]
        argv += ["-e", folder / "error.log"]
        with running("nginx", argv, folder, ports):
            yield ports


@contextlib.contextmanager
def haproxy(lab):
    """Ports: 587 and 465 of the example."""
    ports = free_port(), free_port()
    with home("haproxy") as folder:
        text = placed(
            "haproxy.cfg",
            {
                "bind :587": "bind %s:%d" % (HOST, ports[0]),
                "bind :465": "bind %s:%d" % (HOST, ports[1]),
                "127.0.0.1:10588": "%s:%d" % (HOST, lab.ports["haproxy"]),
                "127.0.0.1:10465": "%s:%d" % (HOST, lab.ports["haproxys"]),
            },
        )
        (folder / "haproxy.cfg").write_text(text)
        argv = ["/usr/sbin/haproxy", "-db", "-f", folder / "haproxy.cfg"]
        with running("haproxy", argv, folder, ports):
            yield ports


# What stands elsewhere in an administrator's Dovecot.
DOVECOT = """\
base_dir = %(folder)s/run
state_dir = %(folder)s
log_path = %(folder)s/dovecot.log
protocols =
ssl_cert = <%(certs)s/server.crt
ssl_key = <%(certs)s/server.key
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = %(folder)s/users
}
userdb {
  driver = static
  args = uid=%(uid)d gid=%(gid)d home=%(folder)s/home
}
mail_location = maildir:~/mail
first_valid_uid = 0
last_valid_uid = 0
service anvil {
  chroot =
}
"""


@contextlib.contextmanager
def dovecot(lab):
    """Ports: 587 and 465 of the example."""
    ports = free_port(), free_port()
    with home("dovecot") as folder:
        user = pwd.getpwnam("nobody")
        (folder / "home").mkdir()
        os.chown(folder / "home", user.pw_uid, user.pw_gid)
        users = folder / "users"
        users.write_text(
            "".join(
                "%s:{PLAIN.b64}%s::::::\n"
                % (login, base64.b64encode(password.encode()).decode())
                for login, password in lab.passwords.items()
            )
        )
        text = DOVECOT % {
            "folder": folder,
            "certs": lab.folder / "certs",
            "uid": user.pw_uid,
            "gid": user.pw_gid,
        }
        text += placed(
            "dovecot.conf",
            {
                "submission_relay_port = 10587": "submission_relay_port = %d"
                % lab.ports["proxied"],
                "port = 587": "address = %s\n    port = %d" % (HOST, ports[0]),
                "port = 465": "address = %s\n    port = %d" % (HOST, ports[1]),
            },
        )
        (folder / "dovecot.conf").write_text(text)
        argv = ["/usr/sbin/dovecot", "-F", "-c", folder / "dovecot.conf"]
        with running("dovecot", argv, folder, ports):
            yield ports


ALL = {"nginx": nginx, "haproxy": haproxy, "dovecot": dovecot}
