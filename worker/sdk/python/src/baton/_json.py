# SPDX-License-Identifier: Apache-2.0
"""JSON in which no number loses a digit: what a float cannot hold is a Decimal, and a Decimal is written as the number it is."""
from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid
from typing import Any


def _read_float(text: str) -> Any:
    value = float(text)
    if math.isfinite(value) and decimal.Decimal(repr(value)) == decimal.Decimal(text):
        return value
    return decimal.Decimal(text)


def _refuse(name: str) -> Any:
    raise ValueError(f'{name} is no JSON')


def loads(data: bytes) -> Any:
    """Numbers are int, float where it holds every digit, else Decimal. ValueError for what is no JSON (RFC 8259)."""
    return json.loads(data.decode('utf-8'), parse_float=_read_float, parse_constant=_refuse)


def plain(value: Any, path: str = '') -> Any:
    """What json can write, or a Decimal. ValueError names the place of what cannot be written."""
    return _Plain().convert(value, path)


class _Plain:
    def __init__(self) -> None:
        self.above: set[int] = set()  # containers that the value stands in

    def convert(self, value: Any, path: str) -> Any:
        if value is None or isinstance(value, (bool, str)):
            return self.text(value, path) if isinstance(value, str) else value
        if isinstance(value, enum.Enum):
            return self.convert(value.value, path)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, (float, decimal.Decimal)):
            return self.number(value, path)
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        if isinstance(value, uuid.UUID):
            return str(value)
        return self.container(value, path)

    @staticmethod
    def text(value: str, path: str) -> str:
        try:
            value.encode('utf-8')
        except UnicodeEncodeError:
            raise ValueError(f'{path or "the value"} holds half of a surrogate pair, which is no text') from None
        return value

    @staticmethod
    def number(value: Any, path: str) -> Any:
        if not math.isfinite(value):
            raise ValueError(f'{path or "the value"} is {value}, which is no number in JSON')
        return value

    def container(self, value: Any, path: str) -> Any:
        if id(value) in self.above:
            raise ValueError(f'{path or "the value"} contains itself')
        self.above.add(id(value))
        try:
            return self.parts(value, path)
        finally:
            self.above.discard(id(value))

    def parts(self, value: Any, path: str) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: self.convert(getattr(value, field.name), f'{path}.{field.name}'.lstrip('.')) for field in dataclasses.fields(value)}
        if hasattr(value, 'model_dump'):  # pydantic
            return self.convert(value.model_dump(), path)
        if isinstance(value, dict):
            return {self.key(key, path): self.convert(item, f'{path}.{key}'.lstrip('.')) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.convert(item, f'{path}[{index}]') for index, item in enumerate(value)]
        raise ValueError(f'{path or "the value"} is a {type(value).__name__}, which JSON does not have')

    def key(self, key: Any, path: str) -> str:
        if not isinstance(key, str):
            raise ValueError(f'{path or "the value"} has the key {key!r}, which is no text')
        return self.text(key, path)


def _has_decimal(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_decimal(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_decimal(item) for item in value)
    return isinstance(value, decimal.Decimal)


def _write(value: Any) -> str:
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, dict):
        return '{' + ','.join(f'{json.dumps(key, ensure_ascii=False)}:{_write(item)}' for key, item in value.items()) + '}'
    if isinstance(value, list):
        return '[' + ','.join(map(_write, value)) + ']'
    return json.dumps(value, ensure_ascii=False)


def dumps(value: Any) -> bytes:
    """Of what plain() gives."""
    if _has_decimal(value):
        return _write(value).encode('utf-8')
    return json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode('utf-8')
