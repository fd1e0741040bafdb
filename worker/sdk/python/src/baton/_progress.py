# SPDX-License-Identifier: Apache-2.0
"""How far a partition is done: jobs end in any order, and only what has no unanswered job before it is committed."""
from __future__ import annotations

import collections
from typing import Optional


class Progress:
    def __init__(self) -> None:
        self._open: 'collections.OrderedDict[int, bool]' = collections.OrderedDict()  # offset: it is done

    def begin(self, offset: int) -> None:
        self._open[offset] = False

    def end(self, offset: int) -> Optional[int]:
        """The offset to commit, where that has changed."""
        if offset not in self._open:
            return None
        self._open[offset] = True
        done = None
        while self._open:
            first, is_done = next(iter(self._open.items()))
            if not is_done:
                break
            self._open.popitem(last=False)
            done = first + 1
        return done
