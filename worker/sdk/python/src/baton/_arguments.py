# SPDX-License-Identifier: Apache-2.0
"""A handler's parameters are variables: what its signature declares is checked and converted before it is called."""
from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import inspect
import types
import typing
from typing import Any, Callable, Mapping

from .errors import BadInput
from .job import Job

_UNIONS = (typing.Union, getattr(types, 'UnionType', typing.Union))


def _name_of(expected: Any) -> str:
    return getattr(expected, '__name__', None) or str(expected).replace('typing.', '')


def _wrong(path: str, value: Any, expected: Any) -> BadInput:
    found = 'null' if value is None else type(value).__name__
    return BadInput(f'variable "{path}": expected {_name_of(expected)}, found {found}')


def convert(value: Any, expected: Any, path: str) -> Any:
    """The value as the annotation wants it, or BadInput that names the place."""
    if expected in (inspect.Parameter.empty, Any, object):
        return value
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin is typing.Annotated:
        return convert(value, arguments[0], path)
    if origin in _UNIONS:
        return _convert_union(value, expected, arguments, path)
    if origin is typing.Literal:
        if value in arguments:
            return value
        raise BadInput(f'variable "{path}": expected one of {", ".join(map(repr, arguments))}, found {value!r}')
    if origin is not None:
        return _convert_generic(value, expected, origin, arguments, path)
    return _convert_plain(value, expected, path)


def _convert_union(value: Any, expected: Any, arguments: Any, path: str) -> Any:
    if value is None and type(None) in arguments:
        return None
    rest = [argument for argument in arguments if argument is not type(None)]
    for argument in rest:
        try:
            return convert(value, argument, path)
        except BadInput:
            if len(rest) == 1:
                raise
    raise _wrong(path, value, expected)


def _convert_generic(value: Any, expected: Any, origin: Any, arguments: Any, path: str) -> Any:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise _wrong(path, value, expected)
        of = arguments[1] if len(arguments) == 2 else Any
        return {key: convert(item, of, f'{path}.{key}') for key, item in value.items()}
    if not isinstance(value, list):
        raise _wrong(path, value, expected)
    of = arguments[0] if arguments else Any
    items = [convert(item, of, f'{path}[{index}]') for index, item in enumerate(value)]
    return items if origin is list or not isinstance(origin, type) or inspect.isabstract(origin) else origin(items)


_TEXTS: Mapping[Any, Callable[[str], Any]] = {
    datetime.datetime: datetime.datetime.fromisoformat,
    datetime.date: datetime.date.fromisoformat,
    datetime.time: datetime.time.fromisoformat,
}


def _convert_plain(value: Any, expected: Any, path: str) -> Any:
    if expected is None or expected is type(None):
        if value is None:
            return None
        raise _wrong(path, value, expected)
    if not isinstance(expected, type):
        return value
    if expected in (float, decimal.Decimal, int):
        return _convert_number(value, expected, path)
    if expected in _TEXTS and isinstance(value, str):
        try:
            return _TEXTS[expected](value.replace('Z', '+00:00') if expected is datetime.datetime else value)
        except ValueError:
            raise BadInput(f'variable "{path}": {value!r} is no {expected.__name__}') from None
    if hasattr(expected, 'model_validate'):  # pydantic
        return _convert_model(value, expected, path)
    if dataclasses.is_dataclass(expected):
        return _convert_dataclass(value, expected, path)
    if issubclass(expected, enum.Enum):
        try:
            return expected(value)
        except ValueError:
            raise BadInput(f'variable "{path}": {value!r} is no {expected.__name__}') from None
    if isinstance(value, bool) and expected is not bool or not isinstance(value, expected):
        raise _wrong(path, value, expected)
    return value


def _convert_number(value: Any, expected: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal)):
        raise _wrong(path, value, expected)
    if expected is int and value != int(value):
        raise BadInput(f'variable "{path}": expected a whole number, found {value}')
    return decimal.Decimal(str(value)) if expected is decimal.Decimal else expected(value)


def _convert_model(value: Any, expected: Any, path: str) -> Any:
    try:
        return expected.model_validate(value)
    except ValueError as err:
        raise BadInput(f'variable "{path}": {err}') from None


def _convert_dataclass(value: Any, expected: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(path, value, expected)
    hints = typing.get_type_hints(expected, include_extras=True)
    given = {}
    for field in dataclasses.fields(expected):
        if field.name in value:
            given[field.name] = convert(value[field.name], hints[field.name], f'{path}.{field.name}')
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadInput(f'variable "{path}.{field.name}" is missing')
    return expected(**given)


class Signature:
    """What a handler is called with."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        hints = typing.get_type_hints(handler, include_extras=True)
        self.parameters = []
        self.takes_rest = False
        for parameter in inspect.signature(handler).parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                self.takes_rest = True
            elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
                raise TypeError(f'{handler.__name__}: variables have names, so *{parameter.name} cannot be given any')
            else:
                self.parameters.append((parameter.name, hints.get(parameter.name, parameter.empty), parameter.default))

    def bind(self, job: Job) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, expected, default in self.parameters:
            if expected is Job or (name == 'job' and expected is inspect.Parameter.empty):
                given[name] = job
            elif name in job.variables:
                given[name] = convert(job.variables[name], expected, name)
            elif default is not inspect.Parameter.empty:
                given[name] = default
            elif typing.get_origin(expected) in _UNIONS and type(None) in typing.get_args(expected):
                given[name] = None
            else:
                raise BadInput(f'variable "{name}" is missing')
        if self.takes_rest:
            given.update({name: value for name, value in job.variables.items() if name not in given})
        return given
