"""What can go wrong in the lab, told to the person who ran it."""


class LabError(Exception):
    """The lab cannot be had; the text says why and what to do."""

    status = 1


class UsageError(LabError):
    """The command line asks for something that does not exist."""

    status = 2


class Interrupted(BaseException):
    """A signal told the lab to stop.

    Not an Exception, so that nothing between here and the command line takes
    it for an ordinary failure.
    """

    def __init__(self, signum):
        super().__init__(signum)
        self.signum = signum
