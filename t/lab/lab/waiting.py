"""Waiting for what happens by itself."""

import time

PATIENCE = 60.0  # seconds
POLL = 0.002


def wait_for(look, complaint):
    """Returns the first true answer of look()."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = look()
        if answer:
            return answer
        assert time.monotonic() < deadline, complaint
        time.sleep(POLL)
