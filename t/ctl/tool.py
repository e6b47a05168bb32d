"""Runs submitctl."""

import json
import subprocess

from harness.daemon import find_program

PATIENCE = 120  # seconds


def program():
    """submitctl, next to the daemon."""
    return find_program().parent / "submitctl"


def run(*arguments, stdin=b"", **options):
    """Status, standard output and standard error of a run."""
    done = subprocess.run(
        [program(), *map(str, arguments)],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
        **options,
    )
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def run_json(*arguments, **options):
    """Status and the object of a run that must not complain."""
    status, out, err = run(*arguments, "--json", **options)
    assert err == "", err
    assert out.isascii(), "JSON is to be in ASCII"
    return status, json.loads(out)
