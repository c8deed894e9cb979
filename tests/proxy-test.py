#!/usr/bin/env -S python3 -B
"""proxy-test.py CLAUDEMESH BROKER DOCS - a broker behind nginx as docs/operations.md has it: people come in over TLS and
the proxy, streams flow, and what is for this machine only is closed. TAP on stdout."""
import os
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import people
from free_port import free_port
from people import call, environment, play, run, start_broker, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
docs = os.path.realpath(sys.argv[3])
ALONE = dict(CLAUDEMESH_NO_DAEMON="1")


def start_nginx(port, upstream):
    """With the handbook's own lines; only ports, names and files are of here."""
    with open(os.path.join(docs, "operations.md")) as f:
        server = re.search(r"nginx:\n\n```\n(server \{.*?\n\})\n```", f.read(), re.S)[1]
    cert, key = os.path.join(work, "cert.pem"), os.path.join(work, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    server = server.replace("listen 443 ssl;", "listen 127.0.0.1:%d ssl; ssl_certificate %s; ssl_certificate_key %s;" % (port, cert, key))
    server = server.replace("mesh.example.org", "localhost").replace("127.0.0.1:7900", upstream)
    config = os.path.join(work, "nginx.conf")
    temporary = "".join("%s_temp_path %s; " % (what, os.path.join(work, "nginx-" + what))
                        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(config, "w") as f:
        f.write("daemon off; %s pid %s; error_log %s;\nevents {}\nhttp { access_log off; %s\n%s\n}\n" % (
            "user root;" if os.geteuid() == 0 else "", os.path.join(work, "nginx.pid"), os.path.join(work, "nginx.log"), temporary, server))
    process = subprocess.Popen(["nginx", "-c", config, "-p", work], stderr=open(os.path.join(work, "nginx.log"), "a"),
                               env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))
    people.brokers.append(process)
    return cert


def status(url, cert, body=None, **headers):
    asked = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=10, context=ssl.create_default_context(cafile=cert)) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code
    except OSError:
        return 0


def test():
    outside, inside = free_port(), free_port()
    url = "https://localhost:%d" % outside
    broker = start_broker(listen="127.0.0.1:%d" % inside, env=dict(os.environ, CLAUDEMESH_BROKER_PUBLIC_URL=url))
    cert = start_nginx(outside, "127.0.0.1:%d" % inside)
    verdict(until(lambda: status(url + "/health", cert) == 200), "nginx runs with the lines of the handbook")
    through = dict(ALONE, SSL_CERT_FILE=cert)
    for who in ("alice", "bob"):
        os.makedirs(os.path.join(work, who), mode=0o700)
    verdict(call("alice", "create", "demo", "--broker", url, "--name", "alice", env=environment("alice", **through)).returncode != 0,
            "through it nobody without an account makes a mesh")
    verdict(status(url + "/metrics", cert) == 403, "nor reads the metrics")
    verdict(status(url + "/hook/set-status", cert, b"{}", **{"Content-Type": "application/json"}) >= 400, "nor speaks for a session of this machine")
    run("alice", "create", "demo", "--broker", "http://127.0.0.1:%d" % inside, "--name", "alice", env=environment("alice", **ALONE))
    link = re.search(r"https?://\S+", run("alice", "share", env=environment("alice", **through)))
    verdict(link and link[0].startswith(url + "/"), "a link names the public address")
    run("bob", "join", link[0], "--name", "bob", env=environment("bob", **through))
    run("bob", "send", "alice", "through the proxy", env=environment("bob", **through))
    verdict("through the proxy" in run("alice", "inbox", env=environment("alice", **through)), "a message goes through it")
    run("alice", "send", "bob", "and back", env=environment("alice", **through))
    verdict("and back" in run("bob", "inbox", env=environment("bob", **through)), "and back")
    sign_in = b'{"email":"ann@example.org"}'
    verdict(status(url + "/api/auth/email", cert, sign_in, **{"Content-Type": "application/json", "Origin": url}) == 200,
            "the page of the public address may sign in")
    verdict(status(url + "/api/auth/email", cert, sign_in, **{"Content-Type": "application/json", "Origin": "https://evil.example"}) == 403,
            "and a page of another one may not")
    verdict(broker.poll() is None, "the broker runs")


play(test)
