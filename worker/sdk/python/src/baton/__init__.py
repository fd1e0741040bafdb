# SPDX-License-Identifier: Apache-2.0
"""Workers for Baton in Python: handlers are functions, their parameters variables, what they return variables again."""
from .client import ApiError, Client
from .errors import BadInput, BpmnError, Failure, FailureClass, Fatal, RetryAfter
from .job import Job, JobKind, current_job
from .outcome import AdHoc, Completed, Corrected, Denied, Failed, Outcome, Thrown
from .settings import Settings
from .worker import Worker

__version__ = '0.1.0'
__all__ = ['AdHoc', 'ApiError', 'BadInput', 'BpmnError', 'Client', 'Completed', 'Corrected', 'Denied', 'Failed', 'Failure', 'FailureClass', 'Fatal', 'Job', 'JobKind', 'Outcome', 'RetryAfter', 'Settings',
           'Thrown', 'Worker', 'current_job']
