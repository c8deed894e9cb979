#!/usr/bin/env -S python3 -B
"""claims-test.py SOURCE INTRO-TESTS.JSON - every test that the pages on security name is one. TAP on stdout."""
import json
import os
import re
import sys

source, listed = sys.argv[1:3]
PAGES = ("docs/threat-model.md", "docs/crypto-review.md", "SECURITY.md")
with open(listed) as f:
    tests = {test["name"] for test in json.load(f)}
areas = {name.split("/")[0] for name in tests}
count = bad = 0
for page in PAGES:
    with open(os.path.join(source, page)) as f:
        text = f.read()
    named = {name for name in re.findall(r"`([a-z0-9]+/[a-z0-9-]+)`", text) if name.split("/")[0] in areas}
    missing = sorted(name for name in named if name not in tests)
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    broken = [link for link in links if not os.path.exists(os.path.join(source, os.path.dirname(page), link))]
    for good, what in ((not missing, "%d tests are named in %s %s" % (len(named), page, missing or "")),
                       (not broken, "its links lead somewhere %s" % (broken or ""))):
        count += 1
        bad += not good
        print("%s %d - %s" % ("ok" if good else "not ok", count, what))
print("1..%d" % count)
sys.exit(1 if bad else 0)
