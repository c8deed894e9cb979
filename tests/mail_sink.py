"""mail_sink.py - mail servers for tests, each on a port of its own: SMTP with or without STARTTLS, and what
Postmark and Resend answer over HTTP. What came is in .mails, oldest first.

By hand: mail_sink.py PORT prints every mail that comes to 127.0.0.1:PORT."""
import base64
import email
import email.policy
import http.server
import json
import socket
import ssl
import sys
import threading


class Smtp(threading.Thread):
    def __init__(self, host="127.0.0.1", port=0, context=None, login=None, refuse=None, silent=False,
                 implicit=False):
        super().__init__(daemon=True)
        self.context, self.login, self.refuse, self.silent, self.implicit = context, login, refuse, silent, implicit
        self.mails, self.lines, self.logins = [], [], []
        self.listener = socket.create_server((host, port))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            one = self.listener.accept()[0]
            threading.Thread(target=self.serve, args=(one,), daemon=True).start()

    def serve(self, s):
        try:
            self.talk(s)
        except (OSError, ValueError):
            pass
        s.close()

    def talk(self, s):
        tls, to = False, []
        if self.silent:
            s.recv(1)
            return
        if self.implicit:
            s, tls = self.context.wrap_socket(s, server_side=True), True
        f = s.makefile("rwb")

        def say(text):
            f.write(text.encode() + b"\r\n")
            f.flush()

        say("220 sink")
        while line := f.readline().decode().strip():
            self.lines.append(("tls " if tls else "") + line)
            word = line.split()[0].upper()
            if word in ("EHLO", "HELO"):
                offers = ["sink"] + (["STARTTLS"] if self.context and not tls else []) + \
                    (["AUTH PLAIN"] if self.login else [])
                for i, offer in enumerate(offers):
                    say("250%s%s" % ("-" if i + 1 < len(offers) else " ", offer))
            elif word == "STARTTLS" and self.context:
                say("220 go on")
                s = self.context.wrap_socket(s, server_side=True)
                f, tls = s.makefile("rwb"), True
            elif word == "AUTH":
                if len(line.split()) < 3:
                    say("334 ")
                    line += " " + f.readline().decode().strip()
                said = base64.b64decode(line.split()[-1]).split(b"\0")[1:]
                self.logins.append((tls, *[b.decode() for b in said]))
                say("235 fine" if self.login == ":".join(b.decode() for b in said) else "535 no")
            elif word == "RCPT":
                to.append(line)
                say("550 no such user" if self.refuse else "250 fine")
            elif word == "DATA":
                say("354 go on")
                raw = b""
                while (part := f.readline()) and part != b".\r\n":
                    raw += part[1:] if part.startswith(b".") else part
                self.mails.append(Mail(raw, to))
                say("250 fine")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


class Mail:
    def __init__(self, raw, to):
        self.raw, self.to = raw, to
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.headers = message
        self.subject = str(message["Subject"])
        self.text = message.get_body(("plain",)).get_content()
        self.html = message.get_body(("html",)).get_content()


class Api:
    """Postmark or Resend: takes POSTs and answers with `status`."""

    def __init__(self, status=200):
        api = self
        self.status, self.mails = status, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.mails.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(api.status)
                if api.status == 302:
                    self.send_header("Location", "http://127.0.0.1:%d/elsewhere" % api.port)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    sink = Smtp(port=int(sys.argv[1]))
    shown = 0
    while True:
        threading.Event().wait(0.2)
        for mail in sink.mails[shown:]:
            print("To: %s\nSubject: %s\n\n%s" % (mail.headers["To"], mail.subject, mail.text), flush=True)
            shown += 1
