#!/usr/bin/env -S python3 -B
"""log-secrets-test.py CLAUDEMESH BROKER - through a broker that logs all it can somebody signs in, makes a mesh, invites, makes
keys and writes; then no secret stands in the log, nor in an error, and every line is one JSON object. TAP on stdout."""
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import people
from people import call, environment, play, run, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
ALONE = dict(CLAUDEMESH_NO_DAEMON="1")
secrets = {}
answers = []


def request(url, method, path, body=None, key=None):
    headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + key} if key else {})}
    asked = urllib.request.Request(url + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as e:
        answers.append(e.read().decode())
        return {}


def commands(who, *words):
    return run(who, *words, env=environment(who, **ALONE))


def start():
    log = open(os.path.join(work, "broker.log"), "w")
    out = open(os.path.join(work, "broker.out"), "w+")
    process = subprocess.Popen([people.broker, "--listen", "127.0.0.1:0", "--data", os.path.join(work, "broker"), "--rate-limit", "0",
                                "--log-level", "debug", "--log-format", "json"], stdout=out, stderr=log)
    people.brokers.append(process)
    until(lambda: "listening on " in open(out.name).read())
    return open(out.name).read().split("listening on ")[1].split()[0], process


def live(url):
    for who in ("alice", "bob"):
        os.makedirs(os.path.join(work, who), mode=0o700)
    commands("alice", "create", "demo", "--broker", url, "--name", "alice")
    link = json.loads(commands("alice", "share", "--json"))["url"]
    secrets["secret of a link"] = link.split("#")[1]
    secrets["code of an invite"] = link.split("/i/")[1].split("#")[0]
    urllib.request.urlopen(link.split("#")[0], timeout=10).read()
    commands("bob", "join", link, "--name", "bob\nlevel=error forged line\x1b[31m")
    commands("bob", "join", link, "--name", "bob")
    key = json.loads(commands("alice", "apikey", "create", "k", "--yes", "--json"))["secret"]
    secrets["API key"] = key
    request(url, "GET", "/api/v1/topics", key=key)
    request(url, "GET", "/api/v1/topics", key=key[:-1] + ("A" if key[-1] != "A" else "B"))
    secrets["mistyped API key"] = key[:-1] + ("A" if key[-1] != "A" else "B")
    commands("alice", "send", "bob", "the words of a letter")
    secrets["text of a message"] = "the words of a letter"
    request(url, "POST", "/api/v1/topics/general", dict(ciphertext="dGhlIHdvcmRzIG9mIGEgcG9zdA==", nonce="bm9uY2Vub25jZW5vbmNlbm9uY2Vub25j"), key)
    secrets["body of a post"] = "dGhlIHdvcmRzIG9mIGEgcG9zdA"


def sign_in(url):
    made = subprocess.run([people.broker, "admin", "login-code", "ann@example.org", "--data", os.path.join(work, "broker")],
                          capture_output=True, text=True, timeout=20).stdout
    code = re.search(r"^\s*([0-9]{6})\s*$", made, re.M)
    secrets["code of a login"] = code[1] if code else "?"
    request(url, "POST", "/api/auth/code", dict(email="ann@example.org", code="000000"))
    token = request(url, "POST", "/api/auth/code", dict(email="ann@example.org", code=secrets["code of a login"])).get("token", "?")
    secrets["token of a browser"] = token
    device = request(url, "POST", "/cli/device-code", dict(hostname="host\nforged=1", platform="linux", arch="x64"))
    secrets["code of a program"] = device.get("device_code", "?")
    request(url, "POST", "/cli/device-code/%s/approve" % device.get("session_id"), {}, token)
    polled = request(url, "GET", "/cli/device-code/" + secrets["code of a program"])
    secrets["token of a program"] = polled.get("session_token", "?")
    request(url, "GET", "/cli/meshes", key=secrets["token of a program"])
    request(url, "GET", "/cli/meshes", key=token[:-3] + "abc")
    request(url, "POST", "/cli/session/revoke", dict(token=token))
    secrets["signature of a token"] = token.split(".")[-1]


def keys_of(who):
    for directory, _, files in os.walk(os.path.join(work, who, ".claudemesh")):
        for name in files:
            if name.endswith(".json"):
                with open(os.path.join(directory, name)) as f:
                    for kind, value in re.findall(r'"(secretKey|rootKey|owner_secret_key|secret_key|seed)":\s*"([^"]+)"', f.read()):
                        secrets["%s of %s" % (kind, who)] = value


def test():
    url, process = start()
    live(url)
    sign_in(url)
    keys_of("alice")
    keys_of("bob")
    process.terminate()
    verdict(process.wait(timeout=20) == 0, "the broker ends in good order")
    with open(os.path.join(work, "broker.log")) as f:
        log = f.read()
    missing = [name for name, value in secrets.items() if len(value) < 6]
    verdict(len(secrets) >= 14 and not missing, "%d secrets were made %s" % (len(secrets), missing or ""))
    lines = log.splitlines()
    broken = [line for line in lines if not line.startswith("{") or "msg" not in json.loads(line)]
    verdict(len(lines) > 30 and not broken, "log injection: each of %d lines is one object %s" % (len(lines), broken[:2] or ""))
    verdict(not [line for line in lines if json.loads(line).get("forged") or json.loads(line)["msg"].startswith("forged")], "nobody writes lines of his own")
    verdict("\x1b" not in log, "nor colours")
    # Six digits stand in many a time.
    told = [name for name, value in secrets.items() if re.search(r"(?<![0-9])%s(?![0-9])" % re.escape(value), log)]
    verdict(not told, "no secret stands in it %s" % (told or ""))
    told = [name for name, value in secrets.items() if any(value in answer for answer in answers)]
    verdict(len(answers) > 2 and not told, "nor in an error %s" % (told or ""))


play(test)
