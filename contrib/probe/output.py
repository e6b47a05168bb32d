"""The report for people, and for programs."""

import json
import textwrap

from .report import FAIL, INFO, NOT_TESTED, PASS, RULES, WARN

ORDER = (PASS, FAIL, WARN, INFO, NOT_TESTED)
COLUMNS = "%-10s  %-21s  %-8s  %-16s  "
WIDTH = 60  # of the last column


def line(*fields):
    """A line of the table; what was seen may need more than one."""
    start = COLUMNS % fields[:-1]
    seen = textwrap.wrap(fields[-1], WIDTH) or [""]
    return start + ("\n" + " " * len(start)).join(seen)


def text(report, target):
    """The table and a summary."""
    lines = [line("verdict", "row", "level", "source", "seen")]
    for row in report.rows():
        fields = (row.verdict, row.name, row.level, row.source, row.seen)
        lines.append(line(*fields))
    counts = ", ".join("%d %s" % (report.count(v), v) for v in ORDER)
    lines += ["", "%s: %s" % (address(target), counts)]
    return "\n".join(lines)


def address(target):
    """Who was probed."""
    host = "[%s]" % target.host if ":" in target.host else target.host
    return "%s:%d" % (host, target.port)


def as_json(report, target):
    """One JSON object."""
    about = {rule.name: rule.about for rule in RULES}
    rows = [{**row._asdict(), "about": about[row.name]} for row in report.rows()]
    summary = {verdict: report.count(verdict) for verdict in ORDER}
    whole = {
        "version": 1,
        "host": target.host,
        "port": target.port,
        "rows": rows,
        "summary": summary,
    }
    return json.dumps(whole, indent=1)


def rules():
    """Every rule with what it asks."""
    lines = ["%-21s  %-8s  %-16s  %s" % ("row", "level", "source", "what")]
    lines += ["%-21s  %-8s  %-16s  %s" % (r[0], r[2], r[1], r[3]) for r in RULES]
    return "\n".join(lines)
