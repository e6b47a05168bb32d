"""Programs of others that verify signatures, for many files at a time."""

import contextlib

import dkim
from lab import dkimcheck


def by_dkimpy(lab, files):
    """(file, d, s, a) of each signature that dkimpy verifies."""
    records = {}

    def txt(name, timeout=5):
        if name not in records:
            records[name] = dkimcheck.lookup_txt(name, lab.dns)
        return records[name]

    passed = set()
    for path in files:
        content = path.read_bytes()
        for index, tags in enumerate(dkimcheck.signature_fields(content)):
            with contextlib.suppress(dkim.ValidationError):
                if dkim.DKIM(content).verify(idx=index, dnsfunc=txt):
                    passed.add((path.name, tags["d"], tags["s"], tags["a"]))
    return passed


def by_opendkim(lab, files):
    """The same of opendkim."""
    passed = set()
    for path, words in dkimcheck.opendkim_says(files, lab.dns):
        passed |= {(path.name, *key) for key in dkimcheck.passed_in(words)}
    return passed
