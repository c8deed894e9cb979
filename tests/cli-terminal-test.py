#!/usr/bin/env python3
"""cli-terminal-test.py CLAUDEMESH BROKER - what is asked on a terminal, and what is not: the first
steps, launch's questions, invite links in the place of a command or handed over by a browser.
TAP on stdout."""
import json, os, pty, re, select, shutil, signal, subprocess, sys, tempfile, time

CLAUDEMESH, BROKER = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
WORK = tempfile.mkdtemp()
SECONDS = 20
ENV = {k: v for k, v in os.environ.items() if not k.startswith("CLAUDEMESH") and k != "XDG_DATA_HOME"}
ENV.update(HOME=WORK, NO_COLOR="1", TERM="xterm", CLAUDEMESH_NO_DAEMON="1", TMPDIR=WORK,
           PATH=WORK + "/bin:" + os.environ["PATH"], USER="anna")
count = 0


def verdict(ok, what, seen=""):
    global count
    count += 1
    print(f"{'ok' if ok else 'not ok'} {count} - {what}")
    if not ok:
        for line in str(seen).splitlines():
            print("#", line)
    return ok


def env_of(who, **more):
    home = f"{WORK}/{who}"
    os.makedirs(home, mode=0o700, exist_ok=True)
    return {**ENV, "CLAUDEMESH_CONFIG_DIR": home, **more}


def run(who, *argv, stdin=subprocess.DEVNULL, **more):
    p = subprocess.run([CLAUDEMESH, *argv], env=env_of(who, **more), stdin=stdin, capture_output=True, text=True,
                       timeout=SECONDS)
    return p.returncode, p.stdout + p.stderr


def typed(who, argv, dialogue, **more):
    """Runs it on a terminal; dialogue: (what is waited for, what is typed then). Status, all text."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(WORK)
        os.execve(CLAUDEMESH, [CLAUDEMESH, *argv], env_of(who, **more))
    seen, at, deadline, steps = "", 0, time.monotonic() + SECONDS, list(dialogue)
    while time.monotonic() < deadline:
        while steps and steps[0][0] in seen[at:]:
            at = seen.index(steps[0][0], at) + len(steps[0][0])
            os.write(fd, steps.pop(0)[1].encode())
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            break
        seen += data.decode(errors="replace").replace("\r", "")
    else:
        os.kill(pid, signal.SIGKILL)
        seen += "\n(still running)"
    os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if steps:
        seen += f"\n(never asked: {steps[0][0]})"
    return status, seen


def is_(want, what, got, *texts, silent=()):
    status, seen = got
    ok = status == want and all(t in seen for t in texts) and not any(t in seen for t in silent) and "(never" not in seen
    verdict(ok, what, f"status {status}, not {want}; wanted {texts}, not {silent}\n{seen}")
    return seen


def program(name, text):
    os.makedirs(WORK + "/bin", exist_ok=True)
    path = f"{WORK}/bin/{name}"
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)


def start_broker():
    p = subprocess.Popen([BROKER, "--listen", "127.0.0.1:0", "--data", WORK + "/broker", "--log-level", "error"],
                         stdout=subprocess.PIPE, text=True, env=ENV)
    return p, re.sub("^listening on ", "", p.stdout.readline().strip())


def first_steps():
    is_(0, "bare, in no mesh: all commands", typed("new", [], [("Choice", "3\n")]), "welcome to claudemesh",
        "Shows who is there")
    is_(0, "a mesh of one's own", typed("new", [], [("Choice", "x\n"), ("1 to 3", "2\n")]), "claudemesh create NAME")
    is_(3, "what is no link", typed("new", [], [("Choice", "\n"), ("link:", "no link!\n")]), "blank or control")
    is_(1, "the end of the input", typed("new", [], [("Choice", "\x04")]))
    is_(1, "three times no number", typed("new", [], [("Choice", "7\n"), ("1 to 3", "0\n"), ("1 to 3", "-1\n")]))
    is_(0, "--no-input asks nothing", typed("new", ["--no-input"], []), "Shows who is there", silent=["What first"])
    is_(0, "--yes asks nothing", typed("new", ["--yes"], []), "Shows who is there", silent=["What first"])
    is_(0, "nor without a terminal", run("new"), "Shows who is there", silent=["What first"])
    is_(0, "welcome without a terminal", run("new", "welcome"), "claudemesh join LINK", silent=["What first"])
    is_(0, "welcome as JSON", run("new", "welcome", "--json"), '"ok":true')
    is_(0, "version", run("new", "version"), "claudemesh v")


WIZARD = [("Name that peers see", "anna2\n"), ("Role", "tester\n"), ("Groups", "dev:lead,ops\n"), ("Choice", "2\n"),
          ("Start claude?", "\n")]


def questions(url):
    run("owner", "create", "Team", "--broker", url, "--name", "olga")
    link = json.loads(run("owner", "share", "--uses", "9", "--json")[1])["url"]
    program("claude", "#!/bin/sh\necho agent as $CLAUDEMESH_DISPLAY_NAME, $CLAUDEMESH_ROLE, $(stty size >/dev/null && echo"
            " terminal)\ncat $CLAUDEMESH_CONFIG_DIR/config.json\nexit 7\n")
    open(WORK + "/deny.yaml", "w").write("default: allow\nrules:\n  - {resource: mesh, verb: join, decision: deny}\n")
    is_(7, "a link that the policy refuses", typed("anna", [link, "--policy", WORK + "/deny.yaml"], []),
        "blocked by policy: mesh join")
    is_(7, "the same as a flag", run("anna", "launch", "--join", link, "--policy", WORK + "/deny.yaml"),
        "blocked by policy: mesh join")
    seen = is_(7, "a link in the place of a command joins, asks, and launches", typed("anna", [link], WIZARD),
               "joined team", "agent as anna2, tester, terminal", "anna2 (tester) on team @dev @ops")
    verdict('"messageMode": "inbox"' in seen or '"messageMode":"inbox"' in seen, "  with what was said", seen)
    is_(7, "flags answer", typed("anna", ["launch", "--name", "x", "--role", "r", "--groups", "g", "--message-mode",
                                          "push"], [("Start claude?", "y\n")]), silent=["Role, if any", "Name that"])
    is_(1, "no starts nothing", typed("anna", ["launch", "--name", "x"], [("Role", "\n"), ("Groups", "\n"),
                                                                          ("Choice", "\n"), ("Start claude?", "n\n")]),
        "nothing was started", silent=["agent as"])
    is_(7, "--yes asks nothing", typed("anna", ["launch", "--yes"], []), "agent as anna", silent=["Name that"])
    is_(7, "--no-input asks nothing", typed("anna", ["launch", "--no-input"], []), "agent as", silent=["Name that"])
    is_(7, "--quiet asks nothing", typed("anna", ["launch", "--quiet"], []), "agent as", silent=["Name that"])
    is_(7, "nor without a terminal", run("anna", "launch"), "agent as", silent=["Name that"])
    is_(7, "a bare claudemesh launches", typed("anna", [], [("Name that", "\n"), ("Role", "\n"), ("Groups", "\n"),
                                                            ("Choice", "\n"), ("Start", "\n")]), "agent as anna,")
    is_(7, "the words behind -- go on", typed("anna", [link, "--yes", "--", "--name", "--x"], []),
        "already", "agent as")
    verdict(run("anna", "launch", "--print", "--yes", "--", "--x")[1].rstrip().endswith("--x"), "  to the agent")
    run("anna", "create", "Other", "--broker", url)
    is_(7, "which of several", typed("anna", ["launch", "--name", "x"], [
        ("Choice", "2\n"), ("Role", "\n"), ("Groups", "\n"), ("Choice", "\n"), ("Start", "\n")]), "x on other")
    is_(3, "which of several, nobody to ask", run("anna", "launch"), "several meshes are joined")
    is_(3, "a link that is cut off", run("anna", url + "/i/abcdefgh#abc"), "cut off")
    return link


def browser_links(link):
    scheme = "claudemesh://i/" + link.split("/i/")[1]
    args = ["url-handler", "open", "--", link]
    is_(1, "a browser's link is not joined by itself", typed("eve", args, [("want to join?", "\n")]), "nothing was joined",
        "invites you to a mesh of http://127.0.0.1")
    is_(7, "nor without a terminal, whatever --yes says", run("eve", "--yes", *args), "where one can be asked")
    is_(7, "--yes does not answer there", typed("eve", ["--yes", "--no-input", *args], []), "where one can be asked")
    is_(0, "nothing was", run("eve", "list"), "no meshes yet")
    is_(0, "a person joins", typed("eve", args, [("want to join?", "y\n"), ("Enter ends this", "\n")]), "joined team")
    is_(7, "the policy is asked", typed("eve", [*args[:2], "--policy", WORK + "/deny.yaml", *args[2:]], []),
        "blocked by policy")
    is_(3, "a link that is none", typed("eve", ["url-handler", "open", "--", "claudemesh://i/"], []), "not an invite code")
    is_(3, "the scheme's form is read", run("eve", scheme + "x"), "cut off")


def handler():
    program("xdg-mime", f"#!/bin/sh\necho \"$@\" >>{WORK}/xdg\n")
    program("update-desktop-database", "#!/bin/sh\nexit 0\n")
    data = WORK + "/data"
    entry = data + "/applications/claudemesh.desktop"
    odd = WORK + '/a "b" $HOME 100% `x` \\'
    os.mkdir(odd)
    shutil.copy(CLAUDEMESH, odd + "/claudemesh")
    is_(0, "url-handler", run("anna", "url-handler", XDG_DATA_HOME=data), "opened in a terminal")
    text = open(entry).read()
    verdict(f'Exec="{CLAUDEMESH}" url-handler open -- %u\n' in text and "Terminal=true" in text
            and "MimeType=x-scheme-handler/claudemesh;" in text, "  its entry", text)
    verdict(open(WORK + "/xdg").read() == "default claudemesh.desktop x-scheme-handler/claudemesh\n", "  it is the default")
    is_(0, "again, nothing changes", run("anna", "url-handler", "install", "--json", XDG_DATA_HOME=data), '"changed":false')
    p = subprocess.run([odd + "/claudemesh", "url-handler"], env=env_of("anna", XDG_DATA_HOME=data), capture_output=True)
    text = open(entry).read()
    verdict(p.returncode == 0 and '/a \\\\"b\\\\" \\\\$HOME 100%% \\\\`x\\\\` \\\\\\\\/claudemesh" url-handler' in text,
            "a path with every strange character", text)
    if shutil.which("desktop-file-validate"):
        p = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True)
        verdict(p.returncode == 0, "  is a valid entry", p.stdout)
    verdict(os.listdir(data + "/applications") == ["claudemesh.desktop"], "  beside which nothing is left")
    os.remove(WORK + "/bin/xdg-mime")
    program("xdg-mime", "#!/bin/sh\nexit 1\n")
    is_(0, "a desktop that does not know", run("anna", "url-handler", XDG_DATA_HOME=data), "xdg-mime default")
    is_(0, "uninstall", run("anna", "url-handler", "uninstall", "--json", XDG_DATA_HOME=data), '"installed":false')
    verdict(not os.path.exists(entry), "  it is gone")
    is_(0, "remove, where none is", run("anna", "url-handler", "remove", XDG_DATA_HOME=data), "there was no handler")
    open(entry, "w").write("[Desktop Entry]\nExec=claudemesh open %u\n")
    run("anna", "url-handler", XDG_DATA_HOME=data)
    run("anna", "url-handler", "remove", XDG_DATA_HOME=data)
    verdict(open(entry).read() == "[Desktop Entry]\nExec=claudemesh open %u\n", "somebody else's handler comes back")
    is_(3, "another word", run("anna", "url-handler", "instal"), "did you mean: install")
    env = env_of("anna")
    env.pop("HOME")
    p = subprocess.run([CLAUDEMESH, "url-handler"], env=env, capture_output=True, text=True)
    verdict(p.returncode == 3 and "HOME is not set" in p.stderr, "without a home", p.stderr)


broker, url = start_broker()
try:
    first_steps()
    browser_links(questions(url))
    handler()
finally:
    broker.kill()
    shutil.rmtree(WORK, ignore_errors=True)
print(f"1..{count}")
