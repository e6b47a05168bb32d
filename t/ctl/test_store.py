"""What mail does while the store of the audit fails."""

import json
import os
import pathlib
import subprocess

import pytest
import tool

from harness import configuration as conf
from harness.daemon import wait_for
from harness.session import submit

SOURCE = pathlib.Path(__file__).with_name("fast.c")


@pytest.fixture(scope="module")
def fast(tmp_path_factory):
    """An environment in which a minute is over in a second."""
    made = tmp_path_factory.mktemp("fast") / "fast.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", made, SOURCE], check=True)
    return {
        **os.environ,
        "LD_PRELOAD": str(made),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
    }


class Store:
    """A folder that is there or not; by a link, as that changes at once."""

    def __init__(self, folder):
        self.folder = folder
        self.aside = folder.with_name("aside")
        self.aside.mkdir()
        self.bring_back()

    def point_to(self, target):
        """What stands there now."""
        new = self.folder.with_name("new")
        new.symlink_to(target)
        new.rename(self.folder)

    def take_away(self):
        """A file stands in its place."""
        file = self.folder.with_name("file")
        file.write_text("")
        self.point_to(file)

    def bring_back(self):
        """As it was."""
        self.point_to(self.aside)


@pytest.fixture
def failing(start, strict, fast, tmp_path):
    """A daemon whose store has failed for a minute, and that store."""

    def begin(**options):
        store = Store(tmp_path / "store")
        daemon = start.make(
            conf.changed(strict, audit={"store": {"directory": str(store.folder), **options}})
        )
        daemon.launch(env=fast)
        wait_for(daemon.is_ready, "not ready")
        store.take_away()
        daemon.expect(r"audit store: .*records stay in the audit file")
        # Not at once: what a moment brings is no reason to keep mail waiting.
        assert submit(daemon).verdict == "passed"
        daemon.wait_for_metric("audit_store_up", 0)
        return daemon, store

    return begin


def stored(daemon):
    """The ids that the store alone has."""
    code, out, err = tool.run(
        "trace", "-c", daemon.config, "--since", "30d", "--limit", "0", "--json")
    assert code in (0, 1), err
    return {a["record"]["id"] for a in json.loads(out)["answers"]}


def test_required(failing):
    """A7 A8 X49: mail gets 451 until the store works again; no record is lost."""
    daemon, store = failing(required=True)
    got = submit(daemon)
    assert got.verdict == "451 4.3.0 at end"
    assert got.record["reply"]["reason"] == "audit-failed"
    top = tool.run("top", "--once", "--interval", "0s", "-c", daemon.config)[1]
    assert "  store       FAILS " in top
    # The panic switch says that no fault of ours holds mail up.
    assert daemon.ask("mode pass 14400")["ok"]
    assert submit(daemon).verdict == "passed"
    assert daemon.ask("mode enforce 0")["ok"]
    assert submit(daemon).verdict == "451 4.3.0 at end"
    store.bring_back()
    daemon.wait_for_metric("audit_store_up", 1)
    assert "audit store: works again" in daemon.log()
    assert submit(daemon).verdict == "passed"
    want = {r["id"] for r in daemon.records()}
    wait_for(lambda: stored(daemon) == want, "records are missing")


def test_not_required(failing):
    """A7 A8: mail passes; its records are in the file, and in the store once it works."""
    daemon, store = failing()
    for _ in range(2):
        assert submit(daemon).verdict == "passed"
    store.bring_back()
    daemon.wait_for_metric("audit_store_up", 1)
    want = {r["id"] for r in daemon.records()}
    assert len(want) == 3
    wait_for(lambda: stored(daemon) == want, "records are missing")
