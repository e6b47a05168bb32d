"""A real Prometheus reads us; rules and dashboard ask for what there is."""

import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness import configuration as conf
from harness.daemon import HOST, free_port, wait_for
from harness.metrics import Metrics
from harness.session import submit

CONTRIB = pathlib.Path(__file__).parents[2] / "contrib"
RULES = CONTRIB / "prometheus" / "submit-milter.rules"
DASHBOARD = CONTRIB / "grafana" / "submit-milter.json"

SETTINGS = """
global: {scrape_interval: 1s}
rule_files: ["%s"]
scrape_configs:
  - job_name: submit-milter
    static_configs: [{targets: ["%s:%d"]}]
"""


def promtool(*arguments):
    """Its status and all that it says."""
    done = subprocess.run(
        ["promtool", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=120, text=True)
    return done.returncode, done.stdout


def test_rules():
    """X21: alerts are right, and come when they should."""
    code, said = promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert code == 0, said
    code, said = promtool("test", "rules", RULES.with_suffix(".test"))
    assert code == 0, said


def test_every_alert_is_tested():
    """X21: that it comes, and that it does not come too soon."""
    cases = re.split(r"- eval_time:", RULES.with_suffix(".test").read_text())[1:]
    told = {True: set(), False: set()}
    for case in cases:
        name = re.search(r"alertname: (\w+)", case).group(1)
        told["exp_alerts: []" not in case].add(name)
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    assert alerts and told == {True: alerts, False: alerts}


@pytest.fixture(scope="module")
def port():
    """Where our daemon is read."""
    return free_port()


@pytest.fixture(scope="module")
def daemon(module_start, strict, port):
    """A daemon that Prometheus reads."""
    return module_start(conf.changed(strict, metrics={"listen": "%s:%d" % (HOST, port)}))


class Prometheus:
    """The server, as long as it runs."""

    def __init__(self, folder, target):
        self.address = "%s:%d" % (HOST, free_port())
        settings = folder / "prometheus.yml"
        settings.write_text(SETTINGS % (RULES, HOST, target))
        self.log = folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", "prometheus",
                 "--config.file=%s" % settings, "--storage.tsdb.path=%s" % (folder / "data"),
                 "--web.listen-address=%s" % self.address],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ask(self, query):
        """The values of an instant query; none while it does not answer."""
        url = "http://%s/api/v1/query?%s" % (self.address, urllib.parse.urlencode({"query": query}))
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                result = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it has just begun
                return []
            raise AssertionError(error.read()) from None
        except OSError:
            assert self.child.poll() is None, self.log.read_text()
            return []
        return [float(one["value"][1]) for one in result]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, daemon, port):
    """One that reads our daemon."""
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), port)
    yield server
    server.child.kill()
    server.child.wait()


def test_scrape(daemon, prometheus):
    """X21: the target is up, and a counter has the value that it should."""
    for _ in range(3):
        assert submit(daemon).verdict == "passed"
    wait_for(lambda: prometheus.ask("up") == [1.0], "the target is not up")
    want = 'submit_milter_messages_total{profile="default",result="passed"}'
    wait_for(lambda: prometheus.ask(want) == [3.0], "it does not read what we counted")


def queries():
    """All that the dashboard asks."""
    dashboard = json.loads(DASHBOARD.read_text())
    return [t["expr"] for p in dashboard["panels"] for t in p["targets"]]


def test_dashboard(daemon, prometheus):
    """X21: every metric that dashboard and rules name exists; every query can be asked."""
    families = set(re.findall(r"# TYPE (\w+)", Metrics.of(daemon).text))
    for text in queries() + [RULES.read_text()]:
        for name in re.findall(r"\bsubmit_milter_\w+", text):
            assert re.sub("_bucket$", "", name) in families, name
    wait_for(lambda: prometheus.ask("up") == [1.0], "the target is not up")
    for query in queries():
        plain = query.replace("$__rate_interval", "1m").replace("$instance", ".*")
        prometheus.ask(plain)
