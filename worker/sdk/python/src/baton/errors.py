# SPDX-License-Identifier: Apache-2.0
"""How a handler says that it did not come to its end. Everything else that it raises is a failure that is tried again."""
from __future__ import annotations

from typing import Any, Mapping, Optional


class BpmnError(Exception):
    """A business outcome that the process catches by its code. It uses no retries."""

    def __init__(self, code: str, message: str = '', variables: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message or code)
        if not isinstance(code, str) or not code:
            raise ValueError(f'a BPMN error has a code, which is a text, not {code!r}')
        self.code, self.message, self.variables = code, message, dict(variables or {})


class RetryAfter(Exception):
    """A failure that is tried again after so many seconds. It uses a retry, unless `keeps_retries`."""

    def __init__(self, seconds: float, message: str = '', keeps_retries: bool = False) -> None:
        super().__init__(message or f'to be tried again after {seconds} s')
        if not seconds > 0:
            raise ValueError('a job is tried again after more than 0 seconds')
        self.seconds, self.message, self.keeps_retries = seconds, message, keeps_retries


class Fatal(Exception):
    """A failure that trying again does not mend: an incident at once, whatever retries are left."""


class BadInput(Fatal):
    """Variables that do not fit what the handler declares: names the variable."""
