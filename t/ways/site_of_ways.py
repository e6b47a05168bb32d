"""Labs that run the files of conf/examples/every-way as they stand.

Only places are others: ports, folders, users that need not exist here.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import time

from lab import process
from lab import sendmail as sendmail_of_lab
from lab.place import claim_port
from support.lab import another_lab, wait_for
from support.mta import KINDS

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = TOP / "conf" / "examples" / "every-way"
HOST = "127.0.0.1"


claims = []  # to ports, until the tests end


def free_port():
    """A port that is ours until the tests end."""
    port, claim = claim_port()
    claims.append(claim)
    return port


def placed(name, places):
    """A file of the example with places replaced, which it must name."""
    text = (EXAMPLE / name).read_text()
    for shipped, ours in places.items():
        assert shipped in text, "%s has no %r" % (name, shipped)
        text = text.replace(shipped, str(ours))
    return text


def configuration(**changes):
    """Of submit-milter. The lab sets user, group and file by itself."""
    places = {
        'socket_group = "postfix";\n': "",
        'user = "submit-milter";\n': "",
        '"/etc/submit-milter/keys"': '"@LAB_KEYS@"',
        **changes,
    }
    return placed("submit-milter.conf", places)


# Ports in the example's master.cf, by what the tests call them.
SERVICES = {"proxied": 10587, "haproxy": 10588, "haproxys": 10465, "lists": 10025}


@contextlib.contextmanager
def postfix(folder):
    """A Postfix with all services of the example."""
    with another_lab(KINDS["postfix"], configuration(), folder) as lab:
        etc = pathlib.Path(lab.environment["LAB_MTA_CONFIG"])
        ports = {name: free_port() for name in SERVICES}
        shutil.copy(EXAMPLE / "local_senders", etc)
        set_parameter(etc, "command_directory", tools_of_local_users(etc))
        add(etc, "main.cf", placed("main.cf", {"/etc/postfix/": "%s/" % etc}))
        places = {
            "%s:%d " % (HOST, SERVICES[name]): "%s:%d " % (HOST, port)
            for name, port in ports.items()
        }
        drop_service(etc, "pickup")
        add(etc, "master.cf", placed("master.cf", places))
        reread(etc, ports.values())
        lab.ports.update(ports)
        yield lab


def add(etc, name, text):
    """Appends to a file of Postfix's, which must not look young to it."""
    path = etc / name
    path.write_text(path.read_text() + text)
    earlier = time.time() - 60
    os.utime(path, (earlier, earlier))


def set_parameter(etc, name, value):
    """Another value for what main.cf has already."""
    path = etc / "main.cf"
    text, count = re.subn(
        r"(?m)^%s = .*" % name, "%s = %s" % (name, value), path.read_text()
    )
    assert count == 1, "main.cf has %d lines %s" % (count, name)
    path.write_text(text)


def drop_service(etc, name):
    """Takes away what the example replaces."""
    path = etc / "master.cf"
    text, count = re.subn(r"(?m)^%s +unix .*\n" % name, "", path.read_text())
    assert count == 1
    path.write_text(text)


def tools_of_local_users(etc):
    """postdrop(1) as a program that any configuration may be given to.

    The installed one runs with the rights of its group and so takes no
    configuration but the host's.
    """
    tools = etc.parent / "sbin"
    tools.mkdir()
    shutil.copyfile("/usr/sbin/postdrop", tools / "postdrop")
    (tools / "postdrop").chmod(0o755)
    return tools


def reread(etc, ports):
    """Postfix reads its files anew and listens on more ports."""
    pid_file = etc.parent / "spool" / "pid" / "master.pid"
    os.kill(int(pid_file.read_text()), signal.SIGHUP)
    wait_for(
        lambda: all(process.tcp_listens(HOST, port) for port in ports),
        "Postfix does not listen on all ports of the example",
    )


# What stands around the example's lines in /etc/mail/submit.mc.
SUBMIT_MC = """\
divert(-1)
include(`%(macros)s/m4/cf.m4')
divert(0)dnl
define(`MAIL_SETTINGS_DIR', `%(etc)s/')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example.org')dnl
define(`confRUN_AS_USER', `%(uid)d:%(gid)d')dnl
define(`confTRUSTED_USER', `%(uid)d')dnl
define(`MSP_QUEUE_DIR', `%(queue)s')dnl
define(`confPID_FILE', `%(queue)s/pid')dnl
define(`STATUS_FILE', `')dnl
define(`confCT_FILE', `-o %(etc)s/trusted-users')dnl
define(`confSERVICE_SWITCH_FILE', `%(etc)s/service.switch')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupWritableDirPathSafe')dnl
%(shipped)s
"""

PORT_OF_MSP = "10587"
NOBODY = 65534  # it must not run as root, and smmsp need not exist here


@contextlib.contextmanager
def sendmail(folder):
    """A Sendmail with the port for sendmail(1), whose configuration is .msp."""
    with another_lab(KINDS["sendmail"], configuration(), folder) as lab:
        etc = pathlib.Path(lab.environment["LAB_MTA_CONFIG"])
        port = free_port()
        mc = (etc / "sendmail.mc").read_text()
        local = placed("local.mc", {PORT_OF_MSP: port})
        mc = mc.replace("MAILER(`local')dnl", local + "MAILER(`local')dnl", 1)
        (etc / "sendmail.mc").write_text(mc)
        make_cf(etc / "sendmail.mc", etc / "sendmail.cf")
        pid = (etc.parent / "sendmail.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGHUP)
        wait_for(
            lambda: process.tcp_listens(HOST, port)
            and process.tcp_listens(HOST, lab.ports["submission"]),
            "Sendmail does not listen for sendmail(1)",
        )
        lab.msp = make_msp(etc, port)
        yield lab


def make_msp(etc, port):
    """submit.cf, with the lines of the example."""
    queue = etc.parent / "clientmqueue"
    queue.mkdir()
    queue.chmod(0o770)
    uid, gid = (NOBODY, NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
    os.chown(queue, uid, gid)
    values = {
        "macros": sendmail_of_lab.find_unpacked() / sendmail_of_lab.MACROS,
        "etc": etc,
        "uid": uid,
        "gid": gid,
        "queue": queue,
        "shipped": placed("submit.mc", {PORT_OF_MSP: port}),
    }
    (etc / "submit.mc").write_text(SUBMIT_MC % values)
    make_cf(etc / "submit.mc", etc / "submit.cf")
    return etc / "submit.cf"


def make_cf(mc, cf):
    """m4, as make does it in /etc/mail."""
    macros = sendmail_of_lab.find_unpacked() / sendmail_of_lab.MACROS
    argv = ["m4", "-D_CF_DIR_=%s/" % macros, mc]
    cf.write_bytes(process.run(argv, "making %s" % cf.name))
