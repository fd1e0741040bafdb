# SPDX-License-Identifier: Apache-2.0
"""How a handler says that it did not come to its end. Everything else that it raises is a failure that is tried again."""
from __future__ import annotations

import enum
from typing import Any, Mapping, Optional


class FailureClass(enum.IntEnum):
    """Why a job failed: what becomes of it follows from this, never from the message. A business outcome is no failure but a BpmnError."""

    UNSPECIFIED = 0
    TRANSIENT = 1  # it may go better later: one retry is used
    THROTTLED = 2  # another system asks to come again later: no retry is used
    PERMANENT = 3  # it will go wrong each time: an incident
    AUTH = 4  # a credential was refused: an incident that names it
    POISON = 5  # an input cannot be worked on: an incident that names it


class Failure(Exception):
    """A failure of a class. `subject` is the credential (AUTH) or the input (POISON) that is meant; `seconds` when to come again, at the
    earliest (TRANSIENT, THROTTLED); 0: as the class has it."""

    def __init__(self, failure_class: FailureClass, message: str = '', *, subject: str = '', seconds: float = 0) -> None:
        super().__init__(message or failure_class.name.lower())
        if failure_class == FailureClass.UNSPECIFIED:
            raise ValueError('a failure has a class; raise any other exception for one that has none')
        if not seconds >= 0:
            raise ValueError('a job is tried again after 0 seconds or more')
        self.failure_class, self.subject, self.seconds = failure_class, subject, seconds


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
