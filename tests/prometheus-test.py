#!/usr/bin/env -S python3 -B
"""prometheus-test.py CLAUDEMESH BROKER PACKAGING - a real Prometheus reads /metrics and the alert rules; every
query of the dashboard and of the rules is asked, and every name in them exists. TAP on stdout."""
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import people
from free_port import free_port
from people import environment, make_mesh, play, run, start_broker, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
packaging = os.path.realpath(sys.argv[3])
# Variables of the dashboard, as Grafana would fill them in.
VARIABLES = {"$job": ".*"}
NAME = re.compile(r"\b(?:broker|claudemesh|process)_[a-z0-9_]+\b")


def get(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()
    except OSError:
        return 0, ""


def start_prometheus(address):
    port = free_port()
    config = os.path.join(work, "prometheus.yml")
    with open(config, "w") as f:
        f.write("""global: { scrape_interval: 200ms, evaluation_interval: 200ms }
rule_files: [ "%s/prometheus/claudemesh.rules.yml" ]
scrape_configs:
  - job_name: claudemesh
    static_configs: [ { targets: [ "%s" ] } ]
""" % (packaging, address))
    log = open(os.path.join(work, "prometheus.log"), "w")
    process = subprocess.Popen(["prometheus", "--config.file", config, "--web.listen-address", "127.0.0.1:%d" % port,
                                "--storage.tsdb.path", os.path.join(work, "prometheus")], stdout=log, stderr=log)
    people.brokers.append(process)
    return "http://127.0.0.1:%d" % port


def ask(prometheus, query):
    status, text = get(prometheus + "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
    answer = json.loads(text) if text else {}
    return answer.get("data", {}).get("result") if status == 200 and answer.get("status") == "success" else None


def queries_of_dashboard():
    with open(os.path.join(packaging, "grafana/claudemesh-broker.json")) as f:
        dashboard = json.load(f)
    verdict(dashboard["uid"] == "claudemesh-broker" and dashboard["refresh"] == "30s", "the dashboard's uid and refresh")
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


def rules(prometheus):
    answer = json.loads(get(prometheus + "/api/v1/rules")[1] or "{}")
    return [rule for group in answer.get("data", {}).get("groups", []) for rule in group["rules"]]


def test_queries(prometheus):
    loaded = until(lambda: rules(prometheus) if all(r["health"] == "ok" for r in rules(prometheus)) else [])
    verdict(len(loaded) >= 10, "%d alert rules are evaluated without error" % len(loaded))
    verdict(not [r["name"] for r in loaded if r["state"] == "firing"], "a broker at rest raises no alarm")
    queries = [*queries_of_dashboard(), *((r["name"], r["query"]) for r in loaded)]
    unknown = {}
    for title, query in queries:
        if ask(prometheus, query) is None:
            unknown[title] = query
        for name in NAME.findall(query):
            if not until(lambda: ask(prometheus, name), 3):
                unknown[title] = name
    verdict(len(queries) > 40 and not unknown, "B23: each of %d queries asks for what exists %s" % (len(queries), unknown or ""))
    verdict(bool(until(lambda: ask(prometheus, "broker_messages_routed_total{priority='next'} > 0"))), "a message that went is seen")
    verdict(bool(until(lambda: ask(prometheus, "claudemesh_ack_seconds_count > 0"))), "and how long its ack took")


def test_page(url):
    page = get(url + "/metrics")[1]
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60)
    # It wants no _total on what the reference named so; there is nothing else.
    verdict(done.returncode == 0, "promtool finds nothing wrong with the page %s" % (done.stderr if done.returncode else ""))
    verdict("alice" not in page and "demo" not in page, "no name of anybody is a label")


def test_who_may(url):
    token = os.path.join(work, "token")
    with open(token, "w") as f:
        f.write("scrape me\n")
    os.chmod(token, 0o600)
    port = free_port()
    guarded = start_broker("guarded", "127.0.0.1:%d" % port,
                           env=dict(os.environ, CLAUDEMESH_BROKER_METRICS_TOKEN_FILE=token, EXPECTED_MIGRATION="9999_none.sql"))

    def from_elsewhere(token=None):
        """As through a proxy."""
        headers = {"X-Forwarded-For": "192.0.2.7"}
        if token:
            headers["Authorization"] = "Bearer " + token
        try:
            with urllib.request.urlopen(urllib.request.Request(guarded.url + "/metrics", headers=headers), timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as e:
            return e.code
    verdict(from_elsewhere() == 403, "D13: through a proxy nobody reads it")
    verdict(from_elsewhere("scrape m") == 403 and from_elsewhere("scrape me2") == 403, "nor with another token")
    verdict(from_elsewhere("scrape me") == 200, "the token opens it")
    status, text = get(guarded.url + "/health/ready")
    verdict(status == 503 and json.loads(text) == dict(status="not_ready", reason="migration_missing", expected="9999_none.sql"),
            "B3: a migration that is not there makes it not ready")
    status, text = get(url + "/health/ready")
    verdict(status == 200 and json.loads(text)["status"] == "ready", "without one it is")


def test():
    broker = start_broker(env=dict(os.environ, EXPECTED_MIGRATION="0001_init.sql"))
    make_mesh(broker.url)
    prometheus = start_prometheus(broker.url.split("//")[1])
    for who in ("alice", "bob"):
        run(who, "daemon", "up")
    run("alice", "send", "bob", "a message to count")
    people.has("bob", "a message to count")
    test_page(broker.url)
    test_who_may(broker.url)
    verdict(bool(until(lambda: ask(prometheus, "up{job='claudemesh'} == 1"), 30)), "Prometheus reads it")
    test_queries(prometheus)


play(test)
