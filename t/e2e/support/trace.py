"""What submitctl trace finds."""

import json
import pathlib
import subprocess


def trace(lab, *arguments, stdin=b""):
    """Status and answers of submitctl trace, in the lab's configuration."""
    tool = pathlib.Path(lab.program).parent / "submitctl"
    argv = [tool, "trace", "-c", lab.config, "-o", "audit.file=%s" % lab.audit_file]
    done = subprocess.run(
        [*argv, "--json", *arguments], input=stdin, capture_output=True, check=False
    )
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)["answers"]
