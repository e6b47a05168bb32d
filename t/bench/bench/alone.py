"""The milters alone, under the load generator, in turns."""

import itertools

from lab import process

from .contenders import FROM, LOGIN, RECIPIENT

KILOBYTE = 1024


class Case:
    """A kind of load, and what each round measured: {contender: [values]}."""

    def __init__(self, algorithm, connections, size):
        self.algorithm = algorithm
        self.connections = connections
        self.size = size
        self.measured = {}

    @property
    def key(self):
        """What tells it from others."""
        return self.algorithm, self.connections, self.size

    def measure(self, load, contender, options):
        """One run of the load generator."""
        argv = [
            load,
            "--connections=%d" % self.connections,
            "--size=%d" % (self.size * KILOBYTE),
            "--seconds=%g" % options.seconds,
            "--warm-up=%g" % (options.seconds / 5),
            "--login=" + LOGIN,
            "--from=" + FROM,
            "--recipient=" + RECIPIENT,
            "--pid=%d" % contender.pid,
            contender.socket,
        ]
        words = process.run(argv, "load on " + contender.name).decode().split()
        values = {n: float(v) for n, v in (word.split("=") for word in words)}
        self.measured.setdefault(contender.name, []).append(values)


def run(load, groups, options):
    """All cases, in rounds; who comes first changes with each round."""
    cases = [
        Case(*key)
        for key in itertools.product(groups, options.connections, options.sizes)
    ]
    for number in range(options.rounds):
        options.say("round %d of %d" % (number + 1, options.rounds))
        for case in cases:
            group = groups[case.algorithm]
            for contender in group if number % 2 == 0 else reversed(group):
                case.measure(load, contender, options)
    return cases
