"""The parts of msa-probe, an audit of a submission listener from outside.

    cli.py         command line, manual, exit status
    audit.py       the order of things; what could not be tested and why
    report.py      rows: every rule there is, and the verdict on it
    smtp.py        a connection that shows each reply as it is
    extensions.py  the table of extensions
    tls.py         versions, certificate, STARTTLS
    strangers.py   what somebody without a login may do
    user.py        what somebody with a login may do
    content.py     whole messages (--data)
    srv.py         DNS records
    output.py      text and JSON
"""
