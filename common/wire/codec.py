#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the codec between protobuf-c's messages and the structs of record.

usage: codec.py TABLE OUTPUT PROTO...
  TABLE   codec.def: which message is which struct, and what has another name
  OUTPUT  the C file to write; its functions are declared in wire/codec.h
  PROTO   the .proto files; their form is the plain one that is used there: one field a line
"""
import re
import sys


class Message:
    def __init__(self, name):
        self.name, self.fields, self.body = name, [], []


def read_protos(paths):
    """Messages by name, and the highest number of each enumeration by name."""
    messages, enums = {}, {}
    for path in paths:
        message, enum, in_body = None, None, False
        for line in open(path, encoding='utf-8'):
            line = line.split('//')[0].strip()
            if opened := re.match(r'message (\w+) {(})?', line):
                message = messages[opened[1]] = Message(opened[1])
            elif opened := re.match(r'enum (\w+) {', line):
                enum, enums[opened[1]] = opened[1], 0
            elif line.startswith('oneof '):
                in_body = True
            elif line == '}':
                if in_body:
                    in_body = False
                else:
                    message = enum = None
            elif value := re.match(r'\w+ = (\d+);', line):
                enums[enum] = max(enums[enum], int(value[1]))
            elif field := re.match(r'(repeated )?(\w+) (\w+) = (\d+);', line):
                row = (bool(field[1]), field[2], field[3], int(field[4]))
                (message.body if in_body else message.fields).append(row)
    return messages, enums


def read_table(path):
    rows = {'MESSAGE': {}, 'MEMBER': {}, 'BODY': {}, 'ENUM': {}}
    for line in open(path, encoding='utf-8'):
        if not (row := re.match(r'(MESSAGE|MEMBER|BODY|ENUM)\(([^)]*)\)', line)):
            continue
        columns = [column.strip() for column in row[2].split(',')]
        if row[1] == 'MEMBER':
            rows['MEMBER'][columns[0], columns[1]] = columns[2:]
        else:
            rows[row[1]][columns[0]] = columns[1:]
    return rows


def snake(name):
    return re.sub(r'(?<!^)([A-Z])', r'_\1', name).lower()


def c_type(message):
    return f'Baton__V1__{message}'


class Writer:
    def __init__(self, messages, enums, table):
        self.messages, self.enums, self.table = messages, enums, table
        self.structs = {name: columns[0] for name, columns in table['MESSAGE'].items()}

    def member(self, message, field, is_repeated):
        """The member of the struct and, of a repeated field, the one with its count."""
        row = self.table['MEMBER'].get((message, field), [field])
        if not is_repeated:
            return row[0], None
        return row[0], row[1] if len(row) > 1 else f'{field.removesuffix("s")}_count'

    def pack_field(self, message, field):
        is_repeated, kind, name, _ = field
        member, count = self.member(message, name, is_repeated)
        if is_repeated:
            item = 'char' if kind == 'string' else c_type(kind)
            one = f'        to->{name}[i] = pack_text(arena, from->{member}[i]);\n' if kind == 'string' else \
                f'        codec_pack_{snake(kind)}(arena, &from->{member}[i], to->{name}[i] = &{name}[i]);\n'
            items = '' if kind == 'string' else f'    {item} *{name} = ARENA_ARRAY(arena, {item}, from->{count});\n'
            return (f'    to->n_{name} = from->{count};\n'
                    f'    to->{name} = ARENA_ARRAY(arena, {item} *, from->{count});\n{items}'
                    f'    for (size_t i = 0; i < from->{count}; i++)\n{one}')
        if kind == 'string':
            value = f'pack_text(arena, from->{member})'
        elif kind == 'bytes':
            value = f'pack_bytes(from->{member})'
        elif kind in self.enums:
            value = f'({c_type(kind)})((int)from->{member} + {self.table["ENUM"][kind][0]})'
        else:
            value = f'from->{member}'
        return f'    to->{name} = {value};\n'

    def unpack_field(self, message, field):
        is_repeated, kind, name, _ = field
        member, count = self.member(message, name, is_repeated)
        if is_repeated:
            item = 'str' if kind == 'string' else f'struct {self.structs[kind]}'
            one = f'{name}[i] = unpack_text(from->{name}[i])' if kind == 'string' else \
                f'codec_unpack_{snake(kind)}(arena, from->{name}[i], &{name}[i])'
            return (f'    {item} *{name} = ARENA_ARRAY(arena, {item}, from->n_{name});\n'
                    f'    for (size_t i = 0; i < from->n_{name}; i++)\n'
                    f'        {one};\n'
                    f'    to->{member} = {name};\n'
                    f'    to->{count} = from->n_{name};\n')
        if kind == 'string':
            value = f'unpack_text(from->{name})'
        elif kind == 'bytes':
            value = f'unpack_bytes(from->{name})'
        elif kind in self.enums:
            offset, unknown = self.table['ENUM'][kind]
            value = (f'(int)from->{name} < {offset} || (int)from->{name} > {self.enums[kind]}\n'
                     f'        ? {unknown} : (int)from->{name} - {offset}')
        else:
            value = f'from->{name}'
        return f'    to->{member} = {value};\n'

    def message(self, name):
        fields, struct = self.messages[name].fields, self.structs[name]
        lower = snake(name)
        return (f'void codec_pack_{lower}(struct arena *arena, const struct {struct} *from, {c_type(name)} *to)\n{{\n'
                f'    (void)arena;\n'
                f'    baton__v1__{lower}__init(to);\n'
                + ''.join(self.pack_field(name, field) for field in fields) + '}\n\n'
                f'void codec_unpack_{lower}(struct arena *arena, const {c_type(name)} *from, struct {struct} *to)\n{{\n'
                '    (void)arena;\n'
                + ''.join(self.unpack_field(name, field) for field in fields) + '}\n\n')

    def body(self):
        """The oneof of Command: body_case is the command's type, its member a pointer to the body's message."""
        pack, unpack, variables = '', '', ''
        for _, kind, name, number in self.messages['Command'].body:
            member = self.table['BODY'][kind][0]
            case = f'    case {number}: // {name}\n'
            if member == 'none':
                pack += case + f'        to->{name} = ARENA_NEW(arena, {c_type(kind)});\n' \
                    f'        baton__v1__{snake(kind)}__init(to->{name});\n        return;\n'
                unpack += case + '        return;\n'
                continue
            pack += case + f'        to->{name} = ARENA_NEW(arena, {c_type(kind)});\n' \
                f'        codec_pack_{snake(kind)}(arena, &from->{member}, to->{name});\n        return;\n'
            unpack += case + f'        codec_unpack_{snake(kind)}(arena, from->{name}, &to->{member});\n        return;\n'
            if any(field[1:3] == ('bytes', 'variables') for field in self.messages[kind].fields):
                variables += case + f'        return command->{member}.variables;\n'
        return (f'void codec_pack_body(struct arena *arena, const struct command *from, {c_type("Command")} *to)\n{{\n'
                f'    to->body_case = ({c_type("Command")}__BodyCase)from->type;\n'
                f'    switch ((int)from->type) {{\n{pack}    default:\n        check_unreachable();\n    }}\n}}\n\n'
                f'void codec_unpack_body(struct arena *arena, const {c_type("Command")} *from, struct command *to)\n{{\n'
                f'    to->type = (enum command_type)from->body_case;\n'
                f'    switch ((int)from->body_case) {{\n{unpack}    default:\n        return;\n    }}\n}}\n\n'
                f'str codec_variables(const struct command *command)\n{{\n'
                f'    switch ((int)command->type) {{\n{variables}    default:\n        return STR_EMPTY;\n    }}\n}}\n')


def main():
    table_path, output, *protos = sys.argv[1:]
    messages, enums = read_protos(protos)
    table = read_table(table_path)
    writer = Writer(messages, enums, table)
    text = '// Made by codec.py from codec.def and the .proto files.\n#include "wire/codec.h"\n\n#include "wire/pack.h"\n\n'
    text += ''.join(writer.message(name) for name in writer.structs) + writer.body()
    with open(output, 'w', encoding='utf-8') as file:
        file.write(text)


main()
