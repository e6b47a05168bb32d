"""What was measured, as a table for people and a line for programs."""

import os
import platform
import re
import statistics
import subprocess

OURS = "submit-milter"
THEIRS = "opendkim"
UNSYNCED = "no sync"
HEAD = "%-14s %5s %6s  %-14s %16s %17s %17s %16s"
ROW = "%-14s %5d %6s  %-14s %16s %17s %17s %16s"
MAIL_HEAD = "%-20s %16s %16s %16s"


def machine():
    """Where this was measured."""
    with open("/proc/cpuinfo") as f:
        text = f.read()
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    flags = re.search(r"^flags\s*:\s*(.*)$", text, re.M)
    has_ifma = flags is not None and "avx512ifma" in flags[1].split()
    return "\n".join(
        [
            "%s, %d processors, %s AVX512-IFMA, Linux %s"
            % (
                model[1] if model else platform.machine(),
                os.cpu_count(),
                "with" if has_ifma else "without",
                platform.release(),
            ),
            "%s; %s; Postfix %s"
            % (
                first_line(["openssl", "version"]).split(" (")[0],
                first_line(["/usr/sbin/opendkim", "-V"]),
                first_line(["/usr/sbin/postconf", "-h", "-d", "mail_version"]),
            ),
        ]
    )


def first_line(argv):
    """The first line that a command prints; "?" when there is none."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError:
        return "?"
    return (done.stdout.decode(errors="replace").splitlines() or ["?"])[0].strip()


def cell(runs, name, scale=1, digits=0):
    """Median, and the least and the most in brackets."""
    values = [run[name] / scale for run in runs]
    numbers = (statistics.median(values), min(values), max(values))
    return "%.*f (%.*f-%.*f)" % tuple(v for n in numbers for v in (digits, n))


def ratio(ours, theirs, name):
    """The median of what each round said: ours divided by theirs."""
    return statistics.median(
        a[name] / b[name] if b[name] else float("nan") for a, b in zip(ours, theirs)
    )


def show_alone(cases):
    """The table of the milters alone."""
    print()
    print("Milter alone: medians (least-most) of the rounds")
    head = ("signature", "conns", "size", "milter", "messages/s", "CPU us/message")
    print(HEAD % (*head, "p50 ms", "p99 ms"))
    for case in cases:
        for name, runs in case.measured.items():
            print(
                ROW
                % (
                    case.algorithm,
                    case.connections,
                    "%d KB" % case.size,
                    name,
                    cell(runs, "rate"),
                    cell(runs, "cpu_us"),
                    cell(runs, "p50_us", 1000, 1),
                    cell(runs, "p99_us", 1000, 1),
                )
            )
        show_ratio(case, "  ratio", THEIRS)
        show_ratio(case, "  to no sync", UNSYNCED)


def show_ratio(case, title, other):
    """Ours divided by another's."""
    ours, theirs = case.measured[OURS], case.measured[other]
    names = ("rate", "cpu_us", "p50_us", "p99_us")
    size = "%d KB" % case.size
    ratios = ["%.2f" % ratio(ours, theirs, name) for name in names]
    print(ROW % (case.algorithm, case.connections, size, title, *ratios))


def show_mail(measured):
    """The table of Postfix with each milter."""
    print()
    print("Postfix: 8 sessions, 4 KB, a connection a message")
    print(MAIL_HEAD % ("", "delivered/s", "accepted/s", "milter CPU us"))
    for name, runs in measured.items():
        cpu = cell(runs, "cpu_us") if runs[0]["cpu_us"] else "-"
        print(MAIL_HEAD % (name, cell(runs, "rate"), cell(runs, "accepted"), cpu))


def ratios(cases, measured, resident):
    """The last line: ours divided by the other's, 8 connections and 4 KB."""
    values, slowest, durable = {}, {}, {}
    for case in cases:
        if case.key[1:] != (8, 4):
            continue
        ours, theirs = case.measured[OURS], case.measured[THEIRS]
        values["cpu_" + case.algorithm] = ratio(ours, theirs, "cpu_us")
        values["throughput_" + case.algorithm] = ratio(ours, theirs, "rate")
        unsynced = case.measured[UNSYNCED]
        durable["durable_" + case.algorithm] = ratio(ours, unsynced, "rate")
        if case.algorithm == "rsa":
            slowest["p99_rsa"] = ratio(ours, theirs, "p99_us")
    values.update(slowest)
    if measured:
        ours, theirs = measured[OURS + " rsa"], measured[THEIRS + " rsa"]
        values["e2e_cpu"] = ratio(ours, theirs, "cpu_us")
        values["e2e_throughput"] = ratio(ours, theirs, "rate")
        unsynced = measured[UNSYNCED + " rsa"]
        durable["durable_e2e"] = ratio(ours, unsynced, "rate")
    values["rss"] = resident[OURS] / resident[THEIRS]
    values.update(durable)
    return " ".join("%s=%.2f" % pair for pair in values.items())
