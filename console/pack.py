#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs the built console into C: each file compressed, with its type and its ETag, in one piece of the program.

usage: pack.py DIST OUTPUT   writes OUTPUT/console_files.c of the files in DIST, and checks the budgets
       pack.py --none OUTPUT writes one without files

Budgets, in bytes as they are sent: what the first page takes, and what the diagram viewer takes beside it.
"""
import gzip
import hashlib
import json
import os
import sys

FIRST_PAGE = 120 << 10
VIEWER = 80 << 10
TYPES = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
         '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2', '.woff': 'font/woff', '.webmanifest': 'application/manifest+json'}

HEAD = '''// Made by console/pack.py.
#include "api/console_files.h"

'''
BUNDLE = '''__asm__(".section .rodata\\n.global console_bundle\\nconsole_bundle:\\n.incbin \\"{path}\\"\\n.byte 0\\n.text\\n");
'''


def files(dist):
    for folder, _, names in sorted(os.walk(dist)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            kind = TYPES.get(os.path.splitext(name)[1])
            if kind and '.vite' not in folder:
                with open(path, 'rb') as file:
                    yield os.path.relpath(path, dist), kind, file.read()


def closure(manifest, entry, dynamic):
    """What a page loads for an entry of the manifest: its imports, and their styles."""
    found, todo = set(), [entry]
    while todo:
        item = manifest[todo.pop()]
        if item['file'] in found:
            continue
        found.add(item['file'])
        found.update(item.get('css', []))
        todo += item.get('imports', [])
        todo += [name for name in item.get('dynamicImports', []) if any(part in name for part in dynamic)]
    return found


def check_budgets(dist, sizes):
    with open(os.path.join(dist, '.vite/manifest.json'), encoding='utf-8') as file:
        manifest = json.load(file)
    page = closure(manifest, 'index.html', ['pages/home'])
    viewer = closure(manifest, next(name for name in manifest if 'diagram/viewer' in name), []) - page
    problems = 0
    for name, names, most in (('first page', page | {'index.html'}, FIRST_PAGE), ('diagram viewer', viewer, VIEWER)):
        size = sum(sizes[part] for part in names)
        print(f'console: {name} {size / 1024:.1f} KiB of {most >> 10}')
        problems += size > most
    return problems == 0


def main():
    dist, output = sys.argv[1:3]
    rows, bundle, sizes = [], b'', {}
    for name, kind, data in files(dist) if dist != '--none' else ():
        packed = gzip.compress(data, 9, mtime=0)
        sizes[name] = len(packed)
        etag = hashlib.sha256(data).hexdigest()[:20]
        rows.append(f'    {{"{name}", "{kind}", "\\"{etag}\\"", {len(bundle)}, {len(packed)}}},\n')
        bundle += packed
    if rows and not check_budgets(dist, sizes):
        sys.exit('console: over its budget')
    path = os.path.join(output, 'console.bundle')
    with open(path, 'wb') as file:
        file.write(bundle)
    table = ''.join(rows) or '    {0},\n'
    with open(os.path.join(output, 'console_files.c'), 'w', encoding='utf-8') as file:
        file.write(HEAD + BUNDLE.format(path=path) + f'\nconst struct console_file console_files[] = {{\n{table}}};\n'
                   f'const size_t console_file_count = {len(rows)};\n')
    print(f'console: {len(rows)} files, {len(bundle) / 1024:.0f} KiB')


main()
