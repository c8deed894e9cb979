#!/usr/bin/env -S python3 -B
"""admin-test.py CLAUDEMESH BROKER DOCS PACKAGING - the operator's commands, what the log tells of one request, and that the
handbook knows every command and every alert. TAP on stdout."""
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import people
from people import call, environment, make_mesh, play, run, start_broker, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
docs, packaging = sys.argv[3:5]
ALONE = dict(CLAUDEMESH_NO_DAEMON="1")
DATA = os.path.join(work, "broker")


def admin(*words):
    return subprocess.run([people.broker, "admin", *words, "--data", DATA], capture_output=True, text=True, timeout=60)


def listed(*words):
    done = admin(*words, "--json")
    return json.loads(done.stdout) if done.returncode == 0 else {}


def says(part, *words):
    done = admin(*words)
    return done.returncode == 0 and part in done.stdout


def refuses(part, *words):
    done = admin(*words)
    return done.returncode != 0 and part in done.stderr


def post(url, path, token=None, **body):
    """Status, answer and X-Request-Id."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, json.dumps(body).encode(), headers), timeout=10) as answer:
            return answer.status, json.load(answer), answer.headers["X-Request-Id"]
    except urllib.error.HTTPError as e:
        return e.code, json.load(e), e.headers["X-Request-Id"]


def sign_in(url, email):
    code = admin("login-code", email).stdout.split()[0]
    return post(url, "/api/auth/code", email=email, code=code)


def test_people(url):
    status, ann, request = sign_in(url, "ann@example.org")
    verdict(status == 200 and sign_in(url, "bob@example.org")[0] == 200, "two people sign in with codes of the operator")
    users = listed("users").get("users", [])
    verdict([(u["email"], u["sessions"], u["blocked_at"]) for u in users] == [("ann@example.org", 1, None), ("bob@example.org", 1, None)],
            "users lists them %s" % users)
    verdict(says("EMAIL", "users") and says("ann@example.org  ", "users"), "as a table, too")
    session = listed("sessions", "ann@example.org").get("sessions", [{}])[0]
    verdict(says("browser", "sessions", "ann@example.org") and says("is over", "session-revoke", session.get("id", "x")), "a session of hers is ended")
    verdict(refuses("no session", "session-revoke", session.get("id", "x")), "once")
    verdict(post(url, "/api/my/profile", ann["token"], name="Ann")[0] == 401, "and its token is dead")
    token = sign_in(url, "ann@example.org")[1]["token"]
    verdict(says("1 session ended", "user-block", "Ann@Example.org"), "she is blocked")
    verdict(post(url, "/api/my/profile", token, name="Ann")[0] == 401, "her sessions are dead")
    status, answer, _ = sign_in(url, "ann@example.org")
    verdict(status == 403 and answer["error"] == "account_blocked", "she cannot sign in")
    verdict(says("may sign in again", "user-unblock", "ann@example.org") and sign_in(url, "ann@example.org")[0] == 200, "until she is unblocked")
    verdict(refuses("nobody has signed in", "user-block", "carol@example.org"), "who never signed in is not known")
    return request


def test_meshes():
    run("alice", "send", "bob", "for later", env=environment("alice", **ALONE))
    mesh = listed("meshes").get("meshes", [{}])[0]
    verdict({k: mesh.get(k) for k in ("slug", "owner", "members", "connections", "waiting", "archived_at")} ==
            dict(slug="demo", owner="alice", members=2, connections=0, waiting=1, archived_at=None), "meshes lists it %s" % mesh)
    verdict(says("SLUG", "meshes") and says("open", "meshes"), "as a table, too")
    run("alice", "apikey", "create", "ci", "--yes", env=environment("alice", **ALONE))
    key = listed("keys", "demo").get("keys", [{}])[0]
    verdict(key.get("label") == "ci" and key.get("issuer") == "alice" and key.get("revoked_at") is None, "keys lists the API keys %s" % key)
    verdict(says("is dead", "key-revoke", "demo", key.get("id", "x")), "one is ended")
    verdict(listed("keys", "demo").get("keys", [{}])[0].get("revoked_at") is not None, "and shown as ended")
    verdict(says("rows hold", "audit", "demo"), "the audit log is verified")
    verdict(says("is closed", "mesh-archive", "demo"), "the mesh is closed")
    done = call("bob", "peers", env=environment("bob", **ALONE))
    verdict(done.returncode != 0, "nobody gets in")
    verdict(refuses("no mesh", "mesh-open", "demo"), "a closed one is named by its id")
    verdict(says("is open", "mesh-open", mesh.get("id", "x")), "it is opened again")
    verdict("for later" in run("bob", "inbox", env=environment("bob", **ALONE)), "and has what waited")
    verdict(refuses("usage", "keys") and refuses("usage", "mesh-open", "x", "--json"), "wrong words are told")


def test_log(request):
    """Every line that has the id of the call in it: from the engine, and from the loop."""
    def lines():
        with open(os.path.join(work, "broker.log")) as f:
            return [json.loads(line) for line in f if request in line]
    got = until(lambda: lines() if len(lines()) > 2 else [])
    said = {line["msg"] for line in got}
    verdict({"signed in", "request"} <= said and all(line["request"] == request for line in got),
            "the lines of one request share the id that its caller was shown %s" % sorted(said))


def test_handbook():
    with open(os.path.join(docs, "operations.md")) as f:
        text = f.read()
    with open(os.path.join(packaging, "prometheus/claudemesh.rules.yml")) as f:
        alerts = re.findall(r"alert: (\w+)", f.read())
    missing = [name for name in alerts if "| %s |" % name not in text]
    verdict(len(alerts) > 10 and not missing, "operations.md says what to do about each of %d alerts %s" % (len(alerts), missing or ""))
    commands = re.findall(r"^  ([a-z][a-z-]+)", subprocess.run([people.broker, "admin"], capture_output=True, text=True, timeout=60).stdout, re.M)
    missing = [name for name in commands if name not in text]
    verdict(len(commands) > 14 and not missing, "and names each of %d admin commands %s" % (len(commands), missing or ""))


def test():
    broker = start_broker(env=dict(os.environ, CLAUDEMESH_BROKER_LOG_FORMAT="json", CLAUDEMESH_BROKER_LOG_LEVEL="debug"))
    make_mesh(broker.url)
    request = test_people(broker.url)
    test_meshes()
    test_log(request)
    test_handbook()


play(test)
