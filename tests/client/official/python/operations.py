# SPDX-License-Identifier: Apache-2.0
"""Prints Camunda's operations as this client has them, a line each: method, path."""
import os
import re

import camunda_orchestration_sdk.api as api

lines = set()
for folder, _, names in os.walk(os.path.dirname(api.__file__)):
    for name in filter(lambda file: file.endswith('.py'), names):
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            text = file.read()
        method, url = re.search(r'"method": "(\w+)"', text), re.search(r'"url": "([^"]+)"', text)
        if method and url:
            path = re.sub(r'\{(\w+)\}', '{}', url.group(1))
            lines.add(f'{method.group(1).upper()} {path}')
print('\n'.join(sorted(lines, key=lambda line: line.split(' ')[::-1])))
