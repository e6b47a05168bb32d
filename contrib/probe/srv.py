"""SRV records by which mail programs find the servers (RFC 6186, 8314)."""

from .report import INFO, NOT_TESTED

SERVICES = {
    "srv-submissions": "_submissions._tcp.",
    "srv-submission": "_submission._tcp.",
}


def check(report, target):
    """Both services of the domain."""
    if not target.domain_given:
        report.leave_out(SERVICES, "--domain tells whose records to look for")
        return
    try:
        import dns.exception
        import dns.resolver
    except ImportError:
        report.leave_out(SERVICES, "needs python3-dnspython, which is not installed")
        return
    try:
        resolver = dns.resolver.Resolver(configure=target.dns is None)
    except dns.exception.DNSException as why:
        report.leave_out(SERVICES, "no resolver: %s" % why)
        return
    if target.dns:
        resolver.nameservers, resolver.port = [target.dns[0]], target.dns[1]
    resolver.lifetime = target.timeout
    for row, service in SERVICES.items():
        name = service + target.domain
        try:
            records = list(resolver.resolve(name + ".", "SRV"))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            report.judge(row, False, "no record of %s" % name)
            continue
        except dns.exception.DNSException as why:
            report.add(row, NOT_TESTED, "%s: %s" % (name, type(why).__name__))
            continue
        judge(report, row, resolver, sorted(records, key=lambda r: r.priority))


def judge(report, row, resolver, records):
    """Records that exist: do they lead to a host?"""
    import dns.exception
    import dns.resolver

    if [record.target.to_text() for record in records] == ["."]:
        report.add(row, INFO, "the record says: not offered")
        return
    lost = []
    for record in records:
        for kind in ("A", "AAAA"):
            try:
                resolver.resolve(record.target, kind)
                break
            except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                continue
            except dns.exception.DNSException as why:
                seen = "%s: %s" % (record.target, type(why).__name__)
                report.add(row, NOT_TESTED, seen)
                return
        else:
            lost.append(record.target.to_text(True))
    seen = ", ".join("%s:%d" % (r.target.to_text(True), r.port) for r in records)
    if lost:
        seen += " (no address: %s)" % ", ".join(lost)
    report.judge(row, not lost, seen)
