#!/usr/bin/env python3
"""mail-test.py CLAUDEMESH BROKER - invitations by e-mail: SMTP with and without TLS, Postmark, Resend, and
from a mail to a verified member. TAP on stdout."""
import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request

import mail_sink
import people
from people import call, environment, run, verdict, work

people.claudemesh, people.broker = sys.argv[1], sys.argv[2]
FROM = {"EMAIL_FROM": "Our m\u00e4sh <mesh@example.org>"}
brokers = 0


def quiet(who):
    return environment(who, CLAUDEMESH_NO_DAEMON="1")


def broker(**settings):
    """A broker with these settings and the mesh "demo" of alice."""
    global brokers
    brokers += 1
    env = {k: v for k, v in os.environ.items() if not k.startswith("CLAUDEMESH")}
    server = people.start_broker("broker%d" % brokers, env=dict(env, **FROM, **settings))
    who = "alice%d" % brokers
    os.makedirs(os.path.join(work, who), mode=0o700)
    run(who, "create", "demo", "--broker", server.url, "--name", "alice", env=quiet(who))
    return server, who


def share(who, *words):
    done = call(who, "share", *words, "--json", env=quiet(who))
    return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stdout + done.stderr}


def log(n):
    return open(os.path.join(work, "broker%d.log" % n)).read()


def secret(text):
    path = os.path.join(work, "secret%d" % len(text))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text + "\n")
    return path


def certificate(host):
    cert, key = os.path.join(work, host + ".pem"), os.path.join(work, host + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + host,
                    "-addext", "subjectAltName=IP:" + host, "-keyout", key, "-out", cert], check=True,
                   capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def release():
    """Something to install."""
    place = os.path.join(work, "release")
    os.makedirs(place)
    sums = ""
    for name in ("install.sh", "claudemesh-linux-x64"):
        with open(os.path.join(place, name), "w") as f:
            f.write(name)
        sums += "%s  %s\n" % (hashlib.sha256(name.encode()).hexdigest(), name)
    with open(os.path.join(place, "SHA256SUMS"), "w") as f:
        f.write(sums)
    return place


def from_a_mail_to_a_member():
    sink = mail_sink.Smtp()
    server, alice = broker(CLAUDEMESH_BROKER_SMTP_URL="smtp://127.0.0.1:%d" % sink.port,
                           CLAUDEMESH_BROKER_INSTALL_DIR=release())
    made = share(alice, "Bob@example.org")
    verdict(made.get("emailed") is True and made["email"] == "Bob@example.org" and len(sink.mails) == 1,
            "B18: share EMAIL sends a mail and says so")
    mail = sink.mails[0]
    link = server.url + "/i/" + made["code"]
    verdict(mail.headers["To"] == "bob@example.org" and mail.headers["From"].startswith("Our m\u00e4sh") and
            mail.headers["Auto-Submitted"] == "auto-generated" and mail.headers["Date"] and mail.headers["Message-ID"],
            "it has the headers that a mail needs")
    verdict(mail.subject == 'You\'re invited to join "demo" on claudemesh', "the subject names the mesh")
    verdict(link in mail.text and link in mail.html and "curl -fsSL %s/install | sh && claudemesh launch --join %s" %
            (server.url, link) in mail.text, "text and HTML have the link and the line that does all of it")
    verdict("\r\nContent-Transfer-Encoding: quoted-printable\r\n" in mail.raw.decode() and "=0A" not in mail.raw.decode() and
            max(len(line) for line in mail.raw.split(b"\r\n")) < 999, "its lines are lines")
    root = made["url"].split("#")[1]
    verdict(root not in mail.raw.decode() and made["token"] not in mail.raw.decode() and
            root not in log(1) and made["token"] not in log(1), "A12: neither mail nor log has the secret or a token")
    verdict("bob" not in log(1).lower(), "the log does not say to whom")

    page = urllib.request.urlopen(urllib.request.Request(link, headers={"Accept": "text/html"}))
    text = page.read().decode()
    verdict("alice invites you" in text and made["token"] not in text and
            "default-src 'none'" in page.headers["Content-Security-Policy"], "A12: its page tells who invites, and no token")
    os.makedirs(os.path.join(work, "bob"), mode=0o700)
    bob = json.loads(run("bob", "join", link, "--name", "bob", "--json", env=quiet("bob")))
    verdict(bob["verified"] is False and bob["role"] == "member", "B5: who has the mail joins, unverified")

    def is_verified():
        for peer in json.loads(run(alice, "verify", "bob", "--json", env=quiet(alice)))["peers"]:
            return peer["verified"]

    verdict(is_verified() is False, "the others see that")
    done = json.loads(run(alice, "verify", "bob", "--confirm", "--yes", "--json", env=quiet(alice)) or "{}")
    verdict(done.get("signed") is True and is_verified() is True, "the owner confirms the key: everybody sees it verified")
    run("bob", "verify", "--json", env=quiet("bob"))
    keys = [json.load(open(os.path.join(at, f))) for who in (alice, "bob")
            for at, _, files in os.walk(os.path.join(work, who, ".claudemesh")) for f in files
            if at.endswith("keys") and f.endswith(".json")]
    verdict(len(keys) == 2 and keys[0]["root_key"] and keys[0]["root_key"] == keys[1]["root_key"],
            "B16: and bob has the mesh's root key, sealed by alice")
    listed = json.loads(run(alice, "invite", "list", "--all", "--json", env=quiet(alice)))["invites"]
    verdict([(i["state"], i["email"], i["mail"], i["uses"]) for i in listed if i["code"] == made["code"]] ==
            [("exhausted", "bob@example.org", "sent", 1)], "B18: the list says to whom, that it was sent, and that it was used")
    again = share(alice)
    ended = json.loads(run(alice, "invite", "revoke", again["url"], "--json", env=quiet(alice)))
    os.makedirs(os.path.join(work, "eve"), mode=0o700)
    late = call("eve", "join", again["url"], env=quiet("eve"))
    verdict(ended["code"] == again["code"] and late.returncode != 0, "B19: a revoked link lets nobody in")
    verdict(call(alice, "share", "bob@example", env=quiet(alice)).returncode == 3, "what is no address is refused")


def an_admin_without_the_owner_s_key():
    server, alice = broker()
    link = share(alice, "--role", "admin")["url"]
    os.makedirs(os.path.join(work, "ann"), mode=0o700)
    run("ann", "join", link, "--name", "ann", env=quiet("ann"))
    made = share("ann", "--uses", "2", "--expires", "1h")
    verdict(made.get("proves") is False and made.get("max_uses") == 2 and "token" not in made,
            "D6: an admin without the owner's key makes an invite on its own terms")
    for who in ("carl", "dora", "emil"):
        os.makedirs(os.path.join(work, who), mode=0o700)
    joined = [call(who, "join", made["url"], "--name", who, env=quiet(who)).returncode for who in ("carl", "dora", "emil")]
    verdict(joined[:2] == [0, 0] and joined[2] != 0, "it lets in two, unverified, and no third")
    verdict(share("carl").get("failed", "").find("canInvite") >= 0, "a member may not invite, and is told why")


def tls():
    cert, context = certificate("127.0.0.2")
    sink = mail_sink.Smtp("127.0.0.2", context=context, login="mesh:swordfish")
    settings = dict(CLAUDEMESH_BROKER_SMTP_URL="smtp://mesh@127.0.0.2:%d" % sink.port,
                    CLAUDEMESH_BROKER_SMTP_PASSWORD_FILE=secret("swordfish"))
    _, alice = broker(**settings, CLAUDEMESH_BROKER_MAIL_CA=cert)
    verdict(share(alice, "bob@example.org").get("emailed") is True and sink.logins == [(True, "mesh", "swordfish")],
            "another machine gets the password and the mail inside TLS")
    verdict("swordfish" not in log(brokers), "the password is in no log")
    _, alice = broker(**settings)
    verdict(share(alice, "bob@example.org").get("emailed") is False and len(sink.logins) == 1,
            "a certificate that nobody vouches for gets neither")
    inside = mail_sink.Smtp("127.0.0.2", context=context, implicit=True)
    _, alice = broker(CLAUDEMESH_BROKER_SMTP_URL="smtps://127.0.0.2:%d" % inside.port, CLAUDEMESH_BROKER_MAIL_CA=cert)
    verdict(share(alice, "bob@example.org").get("emailed") is True and inside.lines[0].startswith("tls "),
            "smtps:// is TLS from the first byte")
    bare = mail_sink.Smtp("127.0.0.2", login="mesh:swordfish")
    _, alice = broker(**dict(settings, CLAUDEMESH_BROKER_SMTP_URL="smtp://mesh@127.0.0.2:%d" % bare.port))
    verdict(share(alice, "bob@example.org").get("emailed") is False and not bare.logins and not bare.mails,
            "nor does one without STARTTLS")


def failures():
    sink = mail_sink.Smtp(refuse=True)
    _, alice = broker(CLAUDEMESH_BROKER_SMTP_URL="smtp://127.0.0.1:%d" % sink.port)
    made = share(alice, "bob@example.org")
    verdict(made.get("emailed") is False and made["url"], "a refused mail still makes an invite, and says so")
    listed = json.loads(run(alice, "invite", "list", "--json", env=quiet(alice)))["invites"]
    verdict(listed[0]["mail"] == "failed", "and is not tried again")
    hangs = mail_sink.Smtp(silent=True)
    server, alice = broker(CLAUDEMESH_BROKER_SMTP_URL="smtp://127.0.0.1:%d" % hangs.port)
    since = time.monotonic()
    waiting = subprocess.Popen([people.claudemesh, "share", "bob@example.org", "--json"], env=quiet(alice),
                               stdout=subprocess.PIPE, text=True)
    took = []
    for _ in range(5):
        at = time.monotonic()
        run(alice, "share", "--json", env=quiet(alice))
        took.append(time.monotonic() - at)
    made = json.loads(waiting.communicate()[0])
    verdict(made["emailed"] is False and 4 < time.monotonic() - since < 14 and max(took) < 3,
            "a mail server that hangs costs the one who mails at most ten seconds, and nobody else anything")
    at = time.monotonic()
    server.terminate()
    verdict(server.wait(15) == 0 and time.monotonic() - at < 6, "and the broker's end nothing")


def providers():
    for name, path, header, token in (("POSTMARK", "/email", "X-Postmark-Server-Token", "pm-token"),
                                      ("RESEND", "/emails", "Authorization", "Bearer re-token")):
        api = mail_sink.Api()
        _, alice = broker(**{name + "_API_KEY": token.split()[-1],
                             "CLAUDEMESH_BROKER_%s_URL" % name: "http://127.0.0.1:%d" % api.port})
        made = share(alice, "bob@example.org")
        got = api.mails[0] if api.mails else ("", {}, {})
        low = {k.lower(): v for k, v in got[2].items()}
        verdict(made.get("emailed") is True and got[0] == path and got[1].get(header) == token and
                low["to"] == "bob@example.org" and "<mesh@example.org>" in low["from"] and
                made["code"] in low.get("htmlbody", low.get("html")) and made["code"] in low.get("textbody", low.get("text")),
                "%s gets what it documents" % name.capitalize())
    for status in (302, 500, 422):
        api = mail_sink.Api(status)
        _, alice = broker(RESEND_API_KEY="re-token", CLAUDEMESH_BROKER_RESEND_URL="http://127.0.0.1:%d" % api.port)
        verdict(share(alice, "bob@example.org").get("emailed") is False and len(api.mails) == 1,
                "its %d is no mail, and leads nowhere" % status)
    for name, value in (("SMTP_URL", "http://127.0.0.1:1"), ("SMTP_URL", "smtp://a:b@127.0.0.1:1"),
                        ("SMTP_URL", "file:///etc/passwd"), ("RESEND_URL", "http://example.org"),
                        ("RESEND_URL", "file:///etc/passwd")):
        env = dict(os.environ, RESEND_API_KEY="k", **FROM, **{"CLAUDEMESH_BROKER_" + name: value})
        done = subprocess.run([people.broker, "--listen", "127.0.0.1:0", "--data", os.path.join(work, "none")], env=env,
                              capture_output=True, text=True, timeout=20)
        verdict(done.returncode != 0 and name.lower().replace("_", "-") in done.stderr, "a mail server at %s is refused at the start" % value)
    env = dict(os.environ, RESEND_API_KEY="k", EMAIL_FROM="x\nBcc: y")
    done = subprocess.run([people.broker, "--listen", "127.0.0.1:0", "--data", os.path.join(work, "none")], env=env,
                          capture_output=True, text=True, timeout=20)
    verdict(done.returncode != 0 and "--mail-from" in done.stderr, "so is a sender that is no address")


def main():
    from_a_mail_to_a_member()
    an_admin_without_the_owner_s_key()
    tls()
    failures()
    providers()


people.play(main)
