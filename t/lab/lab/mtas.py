"""Which mail servers the lab knows."""

from .errors import UsageError
from .postfix import Postfix
from .sendmail import Sendmail

MTAS = {mta.name: mta for mta in (Postfix, Sendmail)}


def choose(name):
    """The class of the mail server called name."""
    if name in MTAS:
        return MTAS[name]
    raise UsageError("--mta %s: no such mail server; there are: %s" % (name, ", ".join(MTAS)))
