#!/usr/bin/env -S python3 -B
"""debian-files-test.py SOURCE BUILD - what can be said of the Debian packages without building them: every file that they
list is installed or in the tree, and they have the version of the project. tools/build-deb is the whole. TAP on stdout."""
import glob
import json
import os
import re
import subprocess
import sys

from people import play, verdict

source, build = sys.argv[1:3]
debian = os.path.join(source, "packaging/debian")


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def installed():
    """Paths below the root, with the prefix of a package."""
    plan = json.loads(subprocess.run(["meson", "introspect", build, "--install-plan"], capture_output=True, text=True, check=True).stdout)
    places = {"{bindir}": "usr/bin", "{mandir}": "usr/share/man", "{datadir}": "usr/share", "{prefix}": "usr", "{sbindir}": "usr/sbin"}
    got = set()
    for group in plan.values():
        for row in group.values():
            start = row["destination"].split("/")[0]
            got.add(row["destination"].replace(start, places.get(start, start), 1))
    return got


def test():
    have, missing, n = installed(), [], 0
    for name in glob.glob(os.path.join(debian, "*.install")) + glob.glob(os.path.join(debian, "*.docs")):
        for line in read(name).split("\n"):
            what = line.split()[0] if line else ""
            if not what:
                continue
            n += 1
            # The tree's packaging/debian is the package's debian.
            there = what in have or os.path.exists(os.path.join(source, re.sub(r"^debian/", "packaging/debian/", what)))
            if not there:
                missing.append((os.path.basename(name), what))
    verdict(n > 8 and not missing, "%d files of the packages exist %s" % (n, missing or ""))
    version = re.match(r"claudemesh \(([^-]+)-", read(debian, "changelog"))[1]
    verdict("version: '%s'" % version in read(source, "meson.build"), "their version is the project's: %s" % version)
    depends = set(re.findall(r"lib[a-z0-9.+-]+-dev", read(debian, "control")))
    listed = set(re.findall(r"lib[a-z0-9.+-]+-dev", read(source, "check"))) - {"libclang-rt-14-dev", "libc6-dev", "libcmocka-dev", "libjansson-dev"}
    verdict(depends == listed, "they are built with the libraries that ./check installs %s" % (sorted(depends ^ listed) or ""))


play(test, ())
