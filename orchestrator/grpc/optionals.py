#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""protobuf-c refuses proto3's `optional`: each becomes a oneof of its own, which has the same bytes.

  optionals.py FROM TO
"""
import re
import sys

with open(sys.argv[1]) as source, open(sys.argv[2], 'w') as target:
    target.write(re.sub(r'optional (\w+) (\w+) = (\d+);', r'oneof has_\2 { \1 \2 = \3; }', source.read()))
