#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small credit bureau for the example: GET /score/<number> answers {"score": …}, 404 for numbers that end in 404.

usage: bureau.py [PORT]    0 or nothing: a free port, printed as the first line
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def score_of(number):
    """The same number always has the same score, 420 to 849."""
    return 420 + sum(ord(c) * (i + 3) for i, c in enumerate(number)) * 37 % 430


class Bureau(BaseHTTPRequestHandler):
    def do_GET(self):
        number = self.path.rsplit('/', 1)[-1]
        known = self.path.startswith('/score/') and not number.endswith('404')
        body = json.dumps({'score': score_of(number)} if known else {'error': 'no such file'}).encode()
        self.send_response(200 if known else 404)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == '__main__':
    if len(sys.argv) > 1 and sys.argv[1] in ('-h', '--help'):
        sys.exit(__doc__)
    server = ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1]) if len(sys.argv) > 1 else 0), Bureau)
    print(server.server_address[1], flush=True)
    server.serve_forever()
