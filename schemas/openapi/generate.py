#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what follows from the description of the REST API: routes, checks of bodies, one document.

usage: generate.py OUTPUT      writes OUTPUT/api_routes.h, api_routes.c and openapi.json
       generate.py --check     only says what is wrong
       generate.py --standing  prints docs/camunda-api.md

shared.yaml has what all families share; each other file has the paths of a family. An operation says who handles it
(x-baton-handler: handle_NAME in C), what it takes to be allowed (x-baton-permission, below), how it stands beside Camunda's (x-baton-standing: level done, partly, not or own, with a reason unless done) and
since when Camunda has it (x-camunda-since). One that lacks any of these does not build. What Camunda has and this API has not is in
missing/operations.yaml, with what takes its place. A text's limit is named by x-baton-limit, a row of common/record/limits.def.

x-baton-permission is `none` (anybody), `self` (whoever is known), or one or more with commas of CHECKED RESOURCE/PERMISSION|PERMISSION, of which
one is enough. CHECKED says what the permission must be on, and where that is decided:
  rows    on the resource of each row that is read or found: in SQL (store/read/scope.h)
  engine  on what the command reaches: by the engine, against the grants that go with it
  path    on the resource that the path's first argument names: at the gateway
  all     on all resources of the kind: at the gateway

A member of a body with x-baton-missing is known to Camunda's clients and not done here: anything but null or empty is refused by name.
So is a member that no schema names, unless the object has additionalProperties or no properties at all.

A schema with x-baton-search is an item that can be searched: what makes its filter, its sort, its query and its page follows from its
properties. x-baton-filter-only: not in the item. x-baton-alias: another name in filters. x-baton-filter: the schema of its filter.
"""
import functools
import glob
import json
import os
import re
import sys

import yaml

ROOT = os.path.dirname(os.path.abspath(__file__))
METHODS = ('get', 'post', 'put', 'patch', 'delete')
LEVELS = ('done', 'partly', 'own')
PERMISSION = re.compile(r'^(none|self|(rows|engine|path|all) [A-Z_]+/[A-Z_|]+(, (rows|engine|path|all) [A-Z_]+/[A-Z_|]+)*)$')
RESOURCES = os.path.join(ROOT, '../../orchestrator/access/resources.def')
I64 = (-2**63, 2**63 - 1)


@functools.cache
def known_permissions():
    """By resource type, from the table that the program has."""
    with open(RESOURCES, encoding='utf-8') as file:
        rows = re.findall(r'^RESOURCE\((\w+),([^)]*)\)', file.read(), re.M)
    return {name: ''.join(re.findall(r'"([^"]*)"', texts)).split() for name, texts in rows}


def load():
    """The whole document, and what is wrong with it."""
    with open(os.path.join(ROOT, 'shared.yaml'), encoding='utf-8') as file:
        document = yaml.safe_load(file)
    document['paths'], problems = {}, []
    for path in sorted(glob.glob(os.path.join(ROOT, '*.yaml'))):
        if os.path.basename(path) == 'shared.yaml':
            continue
        with open(path, encoding='utf-8') as file:
            text = file.read()
        family = yaml.safe_load(text)
        about = text.splitlines()[1].removeprefix('# ')  # each file says so in its second line
        tag = os.path.basename(path).removesuffix('.yaml')
        document.setdefault('tags', []).append({'name': tag, 'description': about})
        for kind, parts in family.get('components', {}).items():  # what no other family names
            known = document['components'].setdefault(kind, {})
            problems += [f'{tag}.yaml: {kind} {name} is there twice' for name in parts if name in known]
            known.update(parts)
        for route, item in family['paths'].items():
            known = document['paths'].setdefault(route, {})
            problems += [f'{tag}.yaml: {route} {key} is there twice' for key in item if key in known]
            known.update(item)
            for method in METHODS:
                if method in item:
                    item[method]['tags'] = [tag]
                    add_problems(item[method])
    make_searches(document)
    return document, problems


PROBLEMS = {'400': 'The request is not right: the detail says where', '401': 'No key, or another one', '404': 'There is no such thing',
            '409': 'Not in a state that allows this', '503': 'Not now: come again after Retry-After'}


def add_problems(operation):
    """What goes wrong in the same way everywhere."""
    reads = operation.get('x-baton-permission') == 'none'
    for status, description in PROBLEMS.items():
        if not (reads and status in ('400', '401', '409')):
            content = {'application/problem+json': {'schema': {'$ref': '#/components/schemas/Problem'}}}
            operation['responses'].setdefault(status, {'description': description, 'content': content})


FILTERS = {'string': 'TextFilter', 'integer': 'IntegerFilter', 'boolean': 'BooleanFilter'}


def state_filter(names):
    """Names of states and the like, which a filter may write in any case."""
    name = {'type': 'string', 'enum': names}
    several = {'type': ['array', 'null'], 'items': name}
    return {'anyOf': [{'type': 'null'}, name, {'type': 'object', 'additionalProperties': False, 'properties': {
        '$eq': {'anyOf': [name, {'type': 'null'}]}, '$neq': {'anyOf': [name, {'type': 'null'}]}, '$exists': {'type': ['boolean', 'null']},
        '$in': several, '$notIn': several, '$like': {'type': ['string', 'null']}}}]}


def filter_of(part):
    """The schema of a property's filter or its name, and whether items can be sorted by it."""
    kind = part.get('type')
    kind = kind[0] if isinstance(kind, list) else kind
    sortable = not part.get('x-baton-filter-only')
    if part.get('x-baton-filter'):
        return part['x-baton-filter'], False
    reference = part.get('$ref', '').rsplit('/')[-1]
    if reference in ('Key', 'OptionalKey'):
        return 'KeyFilter', sortable
    if reference == 'VariablesFilter':
        return reference, False
    if part.get('x-baton-tags'):
        return 'NamesFilter' if part['x-baton-tags'] == 'operators' else 'TagsFilter', False
    if part.get('format') == 'date-time':
        return 'TimeFilter', sortable
    if kind == 'object':
        return 'TextFilter', False
    if part.get('enum'):
        return state_filter(part['enum']), sortable
    return (None, False) if kind == 'array' else (FILTERS.get(kind, 'TextFilter'), sortable)


def search_schemas(name, schema):
    """What belongs to the search of an item: its filter, its query and its page."""
    reference, filters, fields = '#/components/schemas/', {}, []
    for field, part in schema['properties'].items():
        kind, sortable = filter_of(part)
        for known in filter(None, [field, part.get('x-baton-alias')]):
            if kind:
                filters[known] = {'$ref': reference + kind} if isinstance(kind, str) else kind
            if sortable:
                fields.append(known)
    alternatives = {'$or': {'type': 'array', 'items': {'$ref': f'{reference}{name}FilterFields'}}}
    sort = {'type': 'object', 'required': ['field'], 'properties': {
        'field': {'type': 'string', 'enum': fields}, 'order': {'type': 'string', 'enum': ['ASC', 'DESC'], 'default': 'ASC'}}}
    return {
        f'{name}FilterFields': {'type': 'object', 'properties': filters, 'additionalProperties': False},
        f'{name}Filter': {'type': 'object', 'properties': filters | alternatives, 'additionalProperties': False},
        f'{name}SearchQuery': {'type': 'object', 'properties': {
            'filter': {'$ref': f'{reference}{name}Filter'}, 'sort': {'type': 'array', 'items': sort, 'maxItems': 8},
            'page': {'$ref': reference + 'SearchPage'}}},
        f'{name}Search': {'type': 'object', 'required': ['items', 'page'], 'properties': {
            'items': {'type': 'array', 'items': {'$ref': reference + name}}, 'page': {'$ref': reference + 'Page'}}},
    }


def make_searches(document):
    schemas = document['components']['schemas']
    for name, schema in list(schemas.items()):
        if schema.get('x-baton-search'):
            schemas.update(search_schemas(name, schema))
            schema['properties'] = {key: part for key, part in schema['properties'].items() if not part.get('x-baton-filter-only')}
            schema['required'] = list(schema['properties'])


def operations(document):
    for route, item in document['paths'].items():
        for method in METHODS:
            if method in item:
                yield route, method, item, item[method]


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == '$ref':
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def follow(document, node):
    while '$ref' in node:
        target = document
        for part in node['$ref'].removeprefix('#/').split('/'):
            target = target[part]
        node = target
    return node


def check_operation(document, route, method, item, operation):
    place, level = f'{method} {route}', operation.get('x-baton-standing', {}).get('level')
    if level not in LEVELS:
        yield f'{place}: x-baton-standing needs a level: {", ".join(LEVELS)}'
    elif level != 'done' and not operation['x-baton-standing'].get('reason'):
        yield f'{place}: x-baton-standing is "{level}" for which reason?'
    if not PERMISSION.match(str(operation.get('x-baton-permission'))):
        yield f'{place}: x-baton-permission must be none, self, or (rows|engine|path|all) RESOURCE/PERMISSION'
    for resource, permissions in re.findall(r'([A-Z_]+)/([A-Z_|]+)', str(operation.get('x-baton-permission'))):
        for permission in permissions.split('|'):
            if permission not in known_permissions().get(resource, ()):
                yield f'{place}: {RESOURCES} has no {resource}/{permission}'
    if (operation.get('x-baton-permission') == 'none') != (operation.get('security') == []):
        yield f'{place}: permission none and "security: []" go together'
    if level != 'own' and not re.match(r'^8\.\d+$', str(operation.get('x-camunda-since'))):
        yield f'{place}: x-camunda-since says the version that has it'
    if 'x-baton-handler' not in operation:
        yield f'{place}: who handles it (x-baton-handler)?'
    if not any(code.startswith('2') or code == '303' for code in operation['responses']):
        yield f'{place}: it never succeeds'
    declared = {follow(document, parameter)['name'] for parameter in item.get('parameters', []) + operation.get('parameters', [])
                if follow(document, parameter)['in'] == 'path'}
    if declared != set(re.findall(r'\{(\w+)\}', route)):
        yield f'{place}: its path parameters are declared as {sorted(declared)}'


def check(document):
    names = set()
    for route, method, item, operation in operations(document):
        yield from check_operation(document, route, method, item, operation)
        if operation['operationId'] in names:
            yield f'{operation["operationId"]} is there twice'
        names.add(operation['operationId'])
    for reference in sorted(set(references(document))):
        try:
            follow(document, {'$ref': reference})
        except KeyError:
            yield f'{reference} leads nowhere'


class Shapes:
    """C tables of the shapes of request bodies, each written once, parts before wholes."""

    def __init__(self, document):
        self.document, self.names, self.lines = document, {}, []

    def add(self, initialiser, members=''):
        key = (initialiser, members)
        if key not in self.names:
            self.names[key] = f'shape_{len(self.names)}'
            name = self.names[key]
            if members:
                self.lines.append(f'static const struct shape_member {name}_members[] = {{\n{members}}};\n')
                initialiser += f', .members = {name}_members, .count = COUNT_OF({name}_members)'
            self.lines.append(f'static const struct shape {name} = {{{initialiser}}};\n')
        return self.names[key]

    def of(self, schema):
        if schema.get('x-baton-missing'):
            return self.add('.kind = SHAPE_MISSING')
        if schema.get('$ref') == '#/components/schemas/Key':
            return self.add('.kind = SHAPE_KEY')
        if schema.get('$ref') == '#/components/schemas/KeyOrNone':
            return self.add('.kind = SHAPE_KEY, .low = -1')
        schema = follow(self.document, schema)
        kind = schema.get('type')
        if isinstance(kind, list):  # what may be null may be absent, too
            kind = next(name for name in kind if name != 'null')
        if kind == 'object':
            return self.of_object(schema)
        if kind == 'array':
            counts = ''.join(f', .{bound} = {schema[name]}' for bound, name in (('low', 'minItems'), ('high', 'maxItems')) if name in schema)
            return self.add(f'.kind = SHAPE_ARRAY{counts}, .item = &{self.of(schema.get("items", {}))}')
        if kind == 'string' and 'enum' in schema:
            return self.add(f'.kind = SHAPE_STRING, .names = {self.of_names([name for name in schema["enum"] if name])}')
        if kind == 'string':
            limit = schema.get('x-baton-limit')
            length = f', .max_len = LIMIT_{limit}, .limit = "{limit}"' if limit else ''
            length += ''.join(f', .{bound} = {schema[name]}' for bound, name in (('low', 'minLength'), ('high', 'maxLength')) if name in schema)
            return self.add(f'.kind = SHAPE_STRING{length}')
        if kind == 'integer':
            low, high = schema.get('minimum', I64[0]), schema.get('maximum', I64[1])
            text = [('INT64_MIN' if value == I64[0] else 'INT64_MAX' if value == I64[1] else f'INT64_C({value})') for value in (low, high)]
            return self.add(f'.kind = SHAPE_INTEGER, .low = {text[0]}, .high = {text[1]}')
        return self.add({'boolean': '.kind = SHAPE_BOOLEAN', 'number': '.kind = SHAPE_NUMBER'}.get(kind, '.kind = SHAPE_ANY'))

    def of_names(self, names):
        key = ('names', tuple(names))
        if key not in self.names:
            self.names[key] = f'names_{len(self.names)}'
            texts = ', '.join(f'"{name}"' for name in names)
            self.lines.append(f'static const char *const {self.names[key]}[] = {{{texts}, NULL}};\n')
        return self.names[key]

    def of_object(self, schema):
        required, members = schema.get('required', []), ''
        for name, part in schema.get('properties', {}).items():
            mark = ', .is_required = true' if name in required else ''
            members += f'    {{"{name}", &{self.of(part)}{mark}}},\n'
        is_open = schema.get('additionalProperties', members == '')
        return self.add('.kind = SHAPE_OBJECT' + (', .is_open = true' if is_open else ''), members)


def body_of(shapes, route, method, operation):
    """(route_body, name of the shape or None)"""
    content = operation.get('requestBody', {}).get('content', {})
    if 'multipart/form-data' in content:
        return 'MULTIPART', None
    if 'application/x-www-form-urlencoded' in content:
        return 'FORM', None
    if 'application/json' not in content:
        takes_none = method in ('post', 'put', 'patch') and route.startswith('/v2/')  # but an empty object
        return ('JSON', shapes.of({'type': 'object', 'additionalProperties': False})) if takes_none else ('NO_BODY', None)
    return 'JSON', shapes.of(content['application/json'].get('schema', {}))


def load_missing():
    with open(os.path.join(ROOT, 'missing', 'operations.yaml'), encoding='utf-8') as file:
        return yaml.safe_load(file)['missing']


def missing_routes():
    for group in load_missing():
        for operation in group['operations']:
            method, path = operation.split(' ')
            yield f'    {{ROUTE_{method}, "{path}", NO_BODY, route_missing, NULL, "self", false, false,\n     {json.dumps(group["instead"])}}},\n'


def standing(document):
    """The page of docs: every operation of Camunda's newest API beside what is here."""
    rows = {}
    for route, method, _, operation in operations(document):
        level = operation['x-baton-standing']
        rows.setdefault(operation['tags'][0], []).append(
            (operation['operationId'], f'{method.upper()} {route}', operation.get('x-camunda-since', ''), level['level'], level.get('reason', '')))
    counts = {level: sum(row[3] == level for family in rows.values() for row in family) for level in LEVELS}
    lacking = load_missing()
    counts['not'] = sum(len(group['operations']) for group in lacking)
    yield '# Camunda 8\'s REST API and Baton\'s\n'
    yield '<!-- Made by schemas/openapi/generate.py --standing; a test keeps it so. -->\n'
    yield (f'Of the {counts["done"] + counts["partly"] + counts["not"]} operations of Camunda\'s newest API {counts["done"]} are here whole, '
           f'{counts["partly"]} in part and {counts["not"]} not; {counts["own"]} are Baton\'s own. '
           'Camunda\'s official clients run unchanged against those that are here: tests/client/README.md.\n')
    for family in sorted(rows):
        yield f'## {family.replace("-", " ").capitalize()}\n'
        yield '| Operation | Method and path | Since | Here | What differs |\n|---|---|---|---|---|'
        for row in rows[family]:
            yield f'| {row[0]} | `{row[1]}` | {row[2]} | {row[3]} | {row[4]} |'
        yield ''
    yield '## Not here\n'
    yield 'These answer 404 with the sentence that says what takes their place.\n'
    yield '| Family | Since | What takes its place | Operations |\n|---|---|---|---|'
    for group in lacking:
        yield f'| {group["family"]} | {group["since"]} | {group["instead"]} | {"<br>".join(f"`{operation}`" for operation in group["operations"])} |'


def needs_body(operation):
    return 'true' if operation.get('requestBody', {}).get('required') else 'false'


def answers_json(operation):
    """Whether an answer that is good has a body, and no other than JSON."""
    content = {kind for code, answer in operation['responses'].items() if code.startswith('2') for kind in answer.get('content', {})}
    return 'true' if content == {'application/json'} else 'false'


def write_routes(document, output):
    shapes, rows, handlers = Shapes(document), [], []
    for route, method, _, operation in operations(document):
        body, shape = body_of(shapes, route, method, operation)
        handler = operation['x-baton-handler']
        pattern = re.sub(r'\{\w+\}', '{}', route)
        rows.append(f'    {{ROUTE_{method.upper()}, "{pattern}", {body}, handle_{handler}, {"&" + shape if shape else "NULL"},\n'
                    f'     "{operation["x-baton-permission"]}", {answers_json(operation)}, {needs_body(operation)}, NULL}},\n')
        handlers.append(handler)
    rows += missing_routes()
    with open(os.path.join(output, 'api_routes.h'), 'w', encoding='utf-8') as file:
        file.write('// Made by schemas/openapi/generate.py.\n#include "http/route.h"\n\n')
        file.write(''.join(f'void handle_{name}(struct request *request);\n' for name in sorted(set(handlers))))
        file.write('\nextern const struct route api_routes[];\nextern const size_t api_route_count;\n')
        file.write('\n// The document, as JSON.\nextern const char api_document[];\nextern const size_t api_document_len;\n')
    with open(os.path.join(output, 'api_routes.c'), 'w', encoding='utf-8') as file:
        file.write('// Made by schemas/openapi/generate.py.\n#include "api_routes.h"\n\n#include "record/limits.h"\n\n')
        file.write('\n'.join(shapes.lines))
        file.write('\nconst struct route api_routes[] = {\n' + ''.join(rows) + '};\n')
        file.write('const size_t api_route_count = COUNT_OF(api_routes);\n')
        write_document(document, output, file)


def or_null(part):
    kind = part.get('type')
    if '$ref' in part or 'anyOf' in part:
        return {'anyOf': [part, {'type': 'null'}]}
    if not isinstance(kind, str):
        return part
    return part | {'type': [kind, 'null']} | ({'enum': part['enum'] + [None]} if 'enum' in part else {})


def allow_null(document, schema, seen):
    """What a body need not have may be null in it: clients send what nobody filled in."""
    if '$ref' in schema:
        if schema['$ref'] not in seen:
            seen.add(schema['$ref'])
            allow_null(document, follow(document, schema), seen)
        return
    for part in [schema[key] for key in ('items',) if key in schema] + schema.get('anyOf', []):
        allow_null(document, part, seen)
    for name, part in schema.get('properties', {}).items():
        allow_null(document, part, seen)
        if name not in schema.get('required', []):
            schema['properties'][name] = or_null(part)


def published(document):
    document, seen = json.loads(json.dumps(document)), set()  # nothing is shared in it
    for _, _, _, operation in operations(document):
        content = operation.get('requestBody', {}).get('content', {})
        if 'application/json' in content:
            allow_null(document, content['application/json'].get('schema', {}), seen)
    return document


def write_document(document, output, file):
    text = json.dumps(published(document), separators=(',', ':'), ensure_ascii=True)
    with open(os.path.join(output, 'openapi.json'), 'w', encoding='utf-8') as copy:
        copy.write(text + '\n')
    file.write('\nconst char api_document[] = {\n')
    data = text.encode()
    for at in range(0, len(data), 32):
        file.write('    ' + ','.join(str(byte) for byte in data[at:at + 32]) + ',\n')
    file.write('};\nconst size_t api_document_len = sizeof api_document;\n')


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ('-h', '--help'):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 2
    document, problems = load()
    problems += check(document)
    for text in problems:
        print(f'schemas/openapi: {text}', file=sys.stderr)
    if not problems and sys.argv[1] == '--standing':
        print('\n'.join(standing(document)))
    elif not problems and sys.argv[1] != '--check':
        write_routes(document, sys.argv[1])
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
