"""Metrics of a daemon, read as Prometheus would read them."""

import re

PREFIX = "submit_milter_"
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? ([0-9.]+)$")
LABEL = re.compile(r'([a-z]+)="([^"]*)"')


class Metrics:
    """Samples by name and labels."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            match = SAMPLE.match(line)
            assert match, "no sample: %r" % line
            name, labels, value = match.groups()
            assert name.startswith(PREFIX)
            labels = dict(LABEL.findall(labels or ""))
            self.samples.append((name[len(PREFIX):], labels, float(value)))

    @classmethod
    def of(cls, daemon):
        """Those of a daemon, by its control socket."""
        answer = daemon.ask("metrics")
        assert answer["ok"], answer
        return cls(answer["text"])

    def all(self, name, **labels):
        """The values of all samples that have these labels, and maybe others."""
        return [v for n, has, v in self.samples if n == name and labels.items() <= has.items()]

    def get(self, name, **labels):
        """The value of the one sample with these labels; 0 when there is none yet."""
        values = self.all(name, **labels)
        assert len(values) <= 1, "%s %s: %d samples" % (name, labels, len(values))
        return values[0] if values else 0
