"""Redis."""

import socket

from . import rows
from .process import PATIENCE_MS, Server, find


def pack(*words):
    """A command in Redis's protocol."""
    parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


class Redis(Server):
    """Its rows go with it when it ends; start() gives them back."""

    def command(self):
        conf = self.write(
            "redis.conf",
            "bind 127.0.0.1\nport %d\nunixsocket %s/redis.sock\nsave \"\"\ndatabases 4\n"
            "user default off\nuser admin on nopass ~* +@all\n"
            "user milter on >%s ~sender:* +get +select\n"
            % (self.port, self.folder, '"%s"' % rows.PASSWORD.replace("\\", "\\\\").replace('"', '\\"')),
        )
        return [find("redis-server"), conf]

    def is_ready(self):
        """Ready once the rows are in it."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                commands = [pack("AUTH", "admin", "x"), pack("SELECT", 3)]
                for key, values in rows.ROWS.items():
                    commands.append(pack("SET", b"sender:" + key.encode(), ",".join(values).encode()))
                commands.append(pack("SET", "sender:" + rows.LONG, rows.LONG_VALUE * rows.LONG_COUNT))
                s.sendall(b"".join(commands))
                answer = b""
                while answer.count(b"\r\n") < len(commands):
                    more = s.recv(4096)
                    assert more, answer
                    answer += more
        except OSError:
            return False
        assert b"-" not in answer, answer
        return True

    @property
    def socket(self):
        """Its UNIX socket."""
        return "unix:%s/redis.sock" % self.folder

    def table(self, **changes):
        return {
            "type": "redis",
            "server": "inet:127.0.0.1:%d" % self.port,
            "database": "3",
            "user": "milter",
            "password": rows.PASSWORD,
            "map": "sender:",
            "timeout": PATIENCE_MS,
            **changes,
        }
