#!/usr/bin/env python3
"""served-test.py BROKER - how the broker serves its page: what a browser may keep, load and show (TAP)."""
import gzip
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time

START_SECONDS = 20
FIRST_VIEW_BYTES_MAX = 100000   # index, script and style as they come over the wire
results = []


def check(ok, what, seen=''):
    results.append(ok)
    print('%s %d - %s' % ('ok' if ok else 'not ok', len(results), what))
    if not ok:
        print('# seen: %s' % (seen,))


def start(broker, data):
    process = subprocess.Popen([broker, '--listen', '127.0.0.1:0', '--data', data],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + START_SECONDS
    address = os.path.join(data, 'broker.addr')
    while time.monotonic() < end and process.poll() is None:
        if os.path.exists(address):
            return process, int(open(address).read().strip().rsplit(':', 1)[1])
        time.sleep(0.02)
    sys.exit('Bail out! the broker does not start')


def ask(port, path, method='GET', **headers):
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    c.request(method, path, headers={k.replace('_', '-'): v for k, v in headers.items()})
    r = c.getresponse()
    body = r.read()
    c.close()
    return r, body


def test(port):
    r, body = ask(port, '/')
    index = body.decode()
    csp = r.getheader('Content-Security-Policy', '')
    check(r.status == 200 and 'id="page"' in index, 'the index is readable without gzip', (r.status, index))
    check("default-src 'none'" in csp and "connect-src 'self'" in csp and 'unsafe-inline' not in csp and
          "'unsafe-eval'" not in csp and "frame-ancestors 'none'" in csp, 'a strict policy', csp)
    check(r.getheader('Referrer-Policy') == 'no-referrer' and
          r.getheader('X-Content-Type-Options') == 'nosniff', 'no referrer, no guessing of types')
    check(r.getheader('Access-Control-Allow-Origin') is None, 'other pages may not read it')
    check(r.getheader('Set-Cookie') is None, 'no cookie')
    check('://' not in re.sub(r'http://www\.w3\.org/\S+', '', index), 'it names no other origin', index)
    tag = r.getheader('ETag')
    check(r.getheader('Cache-Control') == 'no-cache' and bool(tag), 'the index is asked for each time')

    r, body = ask(port, '/', If_None_Match='W/"x", ' + tag)
    check(r.status == 304 and body == b'', 'and not sent again while it is the same', r.status)
    r, body = ask(port, '/', If_None_Match='"x"')
    check(r.status == 200, 'another version is sent')
    r, packed = ask(port, '/', Accept_Encoding='br, gzip;q=0.5')
    check(r.getheader('Content-Encoding') == 'gzip' and gzip.decompress(packed).decode() == index, 'gzip')
    r, body = ask(port, '/', Accept_Encoding='gzip;q=0')
    check(r.getheader('Content-Encoding') is None and body.decode() == index, 'gzip refused is not sent')
    r, body = ask(port, '/', 'HEAD')
    check(r.status == 200 and body == b'', 'HEAD')
    r, body = ask(port, '/', 'POST')
    check(r.status == 405 and 'GET' in r.getheader('Allow', ''), 'POST is refused', r.status)

    files = re.findall(r'(?:src|href)="(a/[^"]+)"', index)
    total = len(packed)
    for name in files:
        r, body = ask(port, '/' + name, Accept_Encoding='gzip')
        total += len(body)
        check(r.status == 200 and 'immutable' in r.getheader('Cache-Control', '') and
              r.getheader('Content-Type', '').split(';')[0] in
              ('text/javascript', 'text/css', 'image/svg+xml'), '%s is kept for ever' % re.sub(r'-\w{8}\.', '.', name), r.headers)
    check(len(files) >= 3, 'script, style and icon', files)
    check(total < FIRST_VIEW_BYTES_MAX, 'the first view is %s' % ('small' if total < FIRST_VIEW_BYTES_MAX else 'large'), total)
    r, body = ask(port, '/a/main-00000000.js')
    check(r.status == 404, 'an old name is not found')
    r, body = ask(port, '/a/%2e%2e%2fbroker.addr')
    check(r.status == 404, 'nor anything outside')


def main():
    with tempfile.TemporaryDirectory() as data:
        process, port = start(sys.argv[1], data)
        try:
            test(port)
        finally:
            process.terminate()
            process.wait(10)
    print('1..%d' % len(results))
    return 0 if all(results) else 1


sys.exit(main())
