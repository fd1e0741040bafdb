#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the text triples whose values another implementation can tell: numbers from Python's decimal, dates from datetime,
strings and lists from Python itself, and for every operator the kinds it takes (DMN 1.5, Tables 50 to 58).

    tests/feel/generate.py          rewrites tests/feel/generated_*.feel
"""
import datetime
import decimal
import itertools
import pathlib
import random
import re

decimal.getcontext().prec = 34
decimal.getcontext().rounding = decimal.ROUND_HALF_EVEN
decimal.getcontext().Emax, decimal.getcontext().Emin = 6144, -6143
HERE = pathlib.Path(__file__).parent
D = decimal.Decimal
random.seed(1)


def number(d):
    if not d.is_finite():
        return 'null'
    d = +d
    if d == 0:
        return '0'
    sign, digits, exponent = d.normalize().as_tuple()
    text = ''.join(map(str, digits))
    point = len(text) + exponent
    if exponent >= 0 and point <= 34:
        text += '0' * exponent
    elif exponent < 0 < point:
        text = text[:point] + '.' + text[point:]
    elif exponent < 0 and point > -34:
        text = '0.' + '0' * -point + text
    else:
        text += 'E%+d' % exponent
    return ('-' if sign else '') + text


def quoted(s):
    return '"' + s.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n') + '"'


def write(name, title, lines):
    lines = list(dict.fromkeys(lines))
    (HERE / f'generated_{name}.feel').write_text(f'# {title}\n' + '\n'.join(lines) + '\n')


def literal(d):
    return f'{d:f}' if d >= 0 else f'(-{-d:f})'


# ---- numbers ----
pool = [D(x) for x in '0 1 2 3 7 10 0.1 0.25 1.5 2.675 99.995 1000000007 123456789.987654321 0.000001 12345678901234567890 '
        '0.3333333333333333333333333333333333 9999999999999999999999999999999999 4611686018427387904 1e-20'.split()]
pool += [-x for x in pool[1:12]]
lines = []
for a, b in itertools.product(pool, pool):
    for op, f in (('+', lambda: a + b), ('-', lambda: a - b), ('*', lambda: a * b), ('/', lambda: a / b)):
        try:
            lines.append(f'{literal(a)} {op} {literal(b)} => {number(f())}')
        except decimal.DecimalException:
            lines.append(f'{literal(a)} {op} {literal(b)} => null')
write('arithmetic', 'Arithmetic to 34 digits, half even (10.3.2.3.1)', random.sample(lines, 1200))

lines = []
for a, b in itertools.product(pool, pool):
    if b:
        try:
            q = (a / b).to_integral_value(decimal.ROUND_FLOOR)
            lines.append(f'modulo({literal(a)}, {literal(b)}) => {number(a - b * q)}')
        except decimal.DecimalException:
            pass
    for op, f in (('<', a < b), ('<=', a <= b), ('=', a == b), ('!=', a != b), ('>', a > b), ('>=', a >= b)):
        lines.append(f'{literal(a)} {op} {literal(b)} => {str(f).lower()}')
write('comparison', 'Numbers compared; modulo', random.sample(lines, 700))

modes = {'decimal': decimal.ROUND_HALF_EVEN, 'round up': decimal.ROUND_UP, 'round down': decimal.ROUND_DOWN,
         'round half up': decimal.ROUND_HALF_UP, 'round half down': decimal.ROUND_HALF_DOWN,
         'floor': decimal.ROUND_FLOOR, 'ceiling': decimal.ROUND_CEILING}
lines = []
for name, mode in modes.items():
    for text in '0 0.5 1.5 2.5 5.5 -0.5 -1.5 -2.5 -5.5 1.125 1.135 -1.125 2.4 2.6 -2.4 -2.6 123.456 -123.456 1e10 0.0001 -0.0001'.split():
        for scale in (0, 1, 2, -1, -2):
            value = D(text).scaleb(scale).to_integral_value(mode).scaleb(-scale)
            lines.append(f'{name}({literal(D(text))}, {scale}) => {number(value)}')
write('rounding', 'Rounding (10.3.4.5)', lines)

# ---- strings ----
words = ['', 'a', 'foobar', 'hello world', 'ünïcödé', '🐎horse', 'a,b;c', 'ABC', 'x' * 20, 'foo\nbar']
lines = []
for w in words:
    lines.append(f'string length({quoted(w)}) => {len(w)}')
    if w.isascii():
        lines.append(f'upper case({quoted(w)}) => {quoted(w.upper())}')
        lines.append(f'lower case({quoted(w)}) => {quoted(w.lower())}')
    for start in (-4, -1, 1, 2, 5):
        i = start - 1 if start > 0 else len(w) + start
        ok = 0 <= i < len(w)
        lines.append(f'substring({quoted(w)}, {start}) => {quoted(w[i:]) if ok else "null"}')
        for length in (1, 3):
            lines.append(f'substring({quoted(w)}, {start}, {length}) => {quoted(w[i:i + length]) if ok else "null"}')
    for m in ('o', 'bar', ' ', '🐎', 'xyz', 'f'):
        lines.append(f'contains({quoted(w)}, {quoted(m)}) => {str(m in w).lower()}')
        lines.append(f'starts with({quoted(w)}, {quoted(m)}) => {str(w.startswith(m)).lower()}')
        lines.append(f'ends with({quoted(w)}, {quoted(m)}) => {str(w.endswith(m)).lower()}')
        before, found, after = w.partition(m)
        lines.append(f'substring before({quoted(w)}, {quoted(m)}) => {quoted(before if found else "")}')
        lines.append(f'substring after({quoted(w)}, {quoted(m)}) => {quoted(after)}')
    for v in words:
        lines.append(f'{quoted(w)} + {quoted(v)} => {quoted(w + v)}')
        lines.append(f'{quoted(w)} < {quoted(v)} => {str(w < v).lower()}')
        lines.append(f'{quoted(w)} = {quoted(v)} => {str(w == v).lower()}')
write('strings', 'Strings count code points (10.3.4.3)', lines)

# ---- lists ----
lists = [[], [1], [1, 2, 3], [3, 1, 2, 3, 1], [5, -5, 0, 12], list(range(1, 13))]
lines = []
for xs in lists:
    lines.append(f'count({xs}) => {len(xs)}')
    lines.append(f'reverse({xs}) => {xs[::-1]}')
    lines.append(f'sort({xs}, function(a, b) a < b) => {sorted(xs)}')
    lines.append(f'sort({xs}, function(a, b) a > b) => {sorted(xs, reverse=True)}')
    lines.append(f'distinct values({xs}) => {list(dict.fromkeys(xs))}')
    lines.append(f'for x in {xs} return x * x => {[x * x for x in xs]}')
    lines.append(f'{xs}[item > 2] => {[x for x in xs if x > 2]}')
    lines.append(f'some x in {xs} satisfies x > 2 => {str(any(x > 2 for x in xs)).lower()}')
    lines.append(f'every x in {xs} satisfies x > 0 => {str(all(x > 0 for x in xs)).lower()}')
    for name, f in (('min', min), ('max', max), ('sum', sum)):
        lines.append(f'{name}({xs}) => {f(xs) if xs else "null"}')
    lines.append(f'mean({xs}) => {number(D(sum(xs)) / len(xs)) if xs else "null"}')
    for i in (-13, -3, -1, 0, 1, 2, 5, 13):
        ok = i and -len(xs) <= i <= len(xs)
        j = i - 1 if i > 0 else len(xs) + i
        lines.append(f'{xs}[{i}] => {xs[j] if ok else "null"}')
        lines.append(f'remove({xs}, {i}) => {xs[:j] + xs[j + 1:] if ok else "null"}')
        lines.append(f'insert before({xs}, {i}, 99) => {xs[:j] + [99] + xs[j:] if ok else "null"}')
        lines.append(f'sublist({xs}, {i}) => {xs[j:] if ok else "null"}')
    for x in (1, 3, 7):
        lines.append(f'list contains({xs}, {x}) => {str(x in xs).lower()}')
        lines.append(f'index of({xs}, {x}) => {[i + 1 for i, y in enumerate(xs) if x == y]}')
        lines.append(f'append({xs}, {x}) => {xs + [x]}')
        lines.append(f'{x} in {xs} => {str(x in xs).lower()}')
    for ys in lists:
        lines.append(f'concatenate({xs}, {ys}) => {xs + ys}')
        lines.append(f'union({xs}, {ys}) => {list(dict.fromkeys(xs + ys))}')
        lines.append(f'{xs} = {ys} => {str(xs == ys).lower()}')
for a, b in itertools.product((-2, 0, 1, 5), repeat=2):
    lines.append(f'for i in {a}..{b} return i => {list(range(a, b + 1)) if a <= b else list(range(a, b - 1, -1))}')
write('lists', 'Lists (10.3.2.5, 10.3.4.4)', lines)

# ---- ranges ----
lines = []
for o, c in itertools.product('[(]', '])['):
    for x in range(0, 7):
        low = x >= 2 if o == '[' else x > 2
        high = x <= 5 if c == ']' else x < 5
        lines.append(f'{x} in {o}2..5{c} => {str(low and high).lower()}')
        lines.append(f'test {x} : {o}2..5{c} => {str(low and high).lower()}')
        lines.append(f'test {x} : not({o}2..5{c}) => {str(not (low and high)).lower()}')
for x in range(3):
    for op, f in (('<', x < 1), ('<=', x <= 1), ('>', x > 1), ('>=', x >= 1)):
        lines.append(f'test {x} : {op} 1 => {str(f).lower()}')
        lines.append(f'{x} in {op} 1 => {str(f).lower()}')
        lines.append(f'{x} in ({op} 1, 7) => {str(f).lower()}')


def end(rng):
    return (rng[0], rng[1], rng[2], rng[3])


def ends_before(a, b):
    return a[2] < b[1] or (a[2] == b[1] and not (a[3] and b[0]))


ranges = [(lo, a, b, hi) for a, b in ((1, 5), (5, 8), (3, 6), (1, 8), (1, 3), (9, 10)) for lo in (True, False) for hi in (True, False)]
text = lambda r: f'{"[" if r[0] else "("}{r[1]}..{r[2]}{"]" if r[3] else ")"}'
for a, b in itertools.product(ranges, ranges):
    lines.append(f'before({text(a)}, {text(b)}) => {str(ends_before(a, b)).lower()}')
    lines.append(f'after({text(a)}, {text(b)}) => {str(ends_before(b, a)).lower()}')
    lines.append(f'meets({text(a)}, {text(b)}) => {str(a[3] and b[0] and a[2] == b[1]).lower()}')
    lines.append(f'overlaps({text(a)}, {text(b)}) => {str(not ends_before(a, b) and not ends_before(b, a)).lower()}')
    inside = (a[1] < b[1] or (a[1] == b[1] and (a[0] or not b[0]))) and (a[2] > b[2] or (a[2] == b[2] and (a[3] or not b[3])))
    lines.append(f'includes({text(a)}, {text(b)}) => {str(inside).lower()}')
    lines.append(f'during({text(b)}, {text(a)}) => {str(inside).lower()}')
    lines.append(f'coincides({text(a)}, {text(b)}) => {str(a == b).lower()}')
write('ranges', 'Ranges, unary tests, Allen relations (10.3.2.7, 10.3.4.7)', lines[:150] + random.sample(lines[150:], 700))

# ---- dates ----
lines = []
dates = [datetime.date(2024, 2, 29), datetime.date(1970, 1, 1), datetime.date(2021, 12, 31), datetime.date(2000, 3, 1), datetime.date(1900, 2, 28),
         datetime.date(2026, 1, 1), datetime.date(2020, 12, 28), datetime.date(2018, 12, 31)]
weekdays = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split()
months = 'January February March April May June July August September October November December'.split()


def days(n):
    return ('-' if n < 0 else '') + (f'P{abs(n)}D' if n else 'PT0S')


def add_months(d, n):
    total = d.year * 12 + d.month - 1 + n
    y, m = divmod(total, 12)
    last = (datetime.date(y + (m == 11), (m + 1) % 12 + 1, 1) - datetime.timedelta(1)).day
    return datetime.date(y, m + 1, min(d.day, last))


for d in dates:
    lines.append(f'date({d.year}, {d.month}, {d.day}) => {d}')
    lines.append(f'@"{d}".weekday => {d.isoweekday()}')
    lines.append(f'day of week(@"{d}") => "{weekdays[d.weekday()]}"')
    lines.append(f'month of year(@"{d}") => "{months[d.month - 1]}"')
    lines.append(f'day of year(@"{d}") => {d.timetuple().tm_yday}')
    lines.append(f'week of year(@"{d}") => {d.isocalendar()[1]}')
    for n in (-400, -31, -1, 0, 1, 28, 365, 1000):
        lines.append(f'@"{d}" + @"{days(n)}" => {d + datetime.timedelta(n)}')
        lines.append(f'@"{d}" - @"{days(n)}" => {d - datetime.timedelta(n)}')
    for n in (-25, -1, 0, 1, 11, 12, 13, 48):
        lines.append(f'@"{d}" + duration("{"-" if n < 0 else ""}P{abs(n)}M") => {add_months(d, n)}')
    for e in dates:
        lines.append(f'@"{d}" - @"{e}" => {days((d - e).days)}')
        lines.append(f'@"{d}" < @"{e}" => {str(d < e).lower()}')
        n = (e.year - d.year) * 12 + e.month - d.month
        n -= n > 0 and e.day < d.day
        n += n < 0 and e.day > d.day
        y, m = divmod(abs(n), 12)
        out = ('-' if n < 0 else '') + 'P' + (f'{y}Y' if y else '') + (f'{m}M' if m or not y else '')
        lines.append(f'years and months duration(@"{d}", @"{e}") => {out}')
for h, m, s in itertools.product((0, 9, 23), (0, 30, 59), (0, 5, 59)):
    t = f'{h:02}:{m:02}:{s:02}'
    lines.append(f'time({h}, {m}, {s}) => {t}')
    lines.append(f'@"{t}".hour * 3600 + @"{t}".minute * 60 + @"{t}".second => {h * 3600 + m * 60 + s}')
    later = (h * 3600 + m * 60 + s + 5400) % 86400
    lines.append(f'@"{t}" + @"PT1H30M" => {later // 3600:02}:{later // 60 % 60:02}:{later % 60:02}')
write('dates', 'Dates and times (10.3.2.3.4 to 10.3.2.3.8, 10.3.4.6)', lines)

# ---- which kinds an operator takes ----
samples = {'null': 'null', 'boolean': 'true', 'number': '10', 'string': '"10"', 'date': '@"2021-01-01"', 'time': '@"10:10:10"',
           'moment': '@"2021-01-01T10:10:10"', 'days': '@"P1D"', 'months': '@"P1Y"', 'range': '[1..10]', 'list': '[10]',
           'context': '{a: 10}', 'function': '(function(a) a)'}
defined = {
    '+': {('number', 'number'), ('string', 'string'), ('date', 'days'), ('date', 'months'), ('time', 'days'), ('moment', 'days'),
          ('moment', 'months'), ('days', 'days'), ('months', 'months'), ('days', 'date'), ('months', 'date'), ('days', 'time'),
          ('days', 'moment'), ('months', 'moment')},
    '-': {('number', 'number'), ('date', 'date'), ('time', 'time'), ('moment', 'moment'), ('date', 'days'), ('date', 'months'),
          ('time', 'days'), ('moment', 'days'), ('moment', 'months'), ('days', 'days'), ('months', 'months')},
    '*': {('number', 'number'), ('number', 'days'), ('days', 'number'), ('number', 'months'), ('months', 'number')},
    '/': {('number', 'number'), ('days', 'number'), ('months', 'number'), ('days', 'days'), ('months', 'months')},
    '**': {('number', 'number')},
}
ordered = {'number', 'string', 'date', 'time', 'moment', 'days', 'months'}
lines = []
for (ka, a), (kb, b) in itertools.product(samples.items(), repeat=2):
    for op, pairs in defined.items():
        lines.append(f'({a} {op} {b}) = null => {str((ka, kb) not in pairs).lower()}')
    for op in ('<', '<=', '>', '>='):
        lines.append(f'({a} {op} {b}) = null => {str(not (ka == kb and ka in ordered)).lower()}')
    if 'function' not in (ka, kb):
        null = 'null' in (ka, kb)
        same = 'true' if ka == kb else 'false' if null else 'null'
        lines.append(f'{a} = {b} => {same}')
    for op, decisive in (('and', 'false'), ('or', 'true')):
        truth = {'true': True, 'false': False}
        x, y = truth.get(a), truth.get(b)
        if op == 'and':
            r = False if x is False or y is False else True if x and y else None
        else:
            r = True if x or y else False if x is False and y is False else None
        lines.append(f'{a} {op} {b} => {"null" if r is None else str(r).lower()}')
types = {'boolean': 'boolean', 'number': 'number', 'string': 'string', 'date': 'date', 'time': 'time', 'date and time': 'moment',
         'days and time duration': 'days', 'years and months duration': 'months', 'list<Any>': 'list', 'range<number>': 'range', 'context<>': 'context'}
for t, want in types.items():
    for k, a in samples.items():
        lines.append(f'{a} instance of {t} => {str(k == want).lower()}')
write('kinds', 'What each operator takes; three-valued logic (Tables 38, 39, 50 to 58)', lines)
