#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""calls.py HEADER... - C text that calls every function of the heap's and the guard's headers, for
all_calls_test.c: a function a call, and a table of them. What an argument is made of goes by its
type and name; a parameter that is not known here is an error, so that a new function cannot be
forgotten."""
import re
import sys

# By the parameter's type and name.
ARGUMENTS = {
    'struct pv_heap *heap': 'any_heap(t)',  # of blocks: the one whose blocks are its own
    'struct pv_guard *guard': '&t->shared->guard',
    'struct pv_listener *listener': 'listener',
    'const struct pv_request *request': 'random_request(t)',
    'uint64_t size': 'random_size(t)',
    'uint64_t count': 'random_size(t) % 4',
    'uint32_t alignment': '64u << random_next(t) % 4',
    'uint32_t flags': 'random_flags(t)',
    'uint64_t limit_pages': 'N_PAGES / 2 + random_next(t) % N_PAGES',
    'const char *name': '"call"',
    'void *ptr': 'block',
    'const void *ptr': 'peek(t)',
    'const void *at': 'random_next(t) % 8 ? peek(t) : NULL',
    'enum pv_fit fit': '(enum pv_fit)(random_next(t) % 3)',
    'enum pv_fault fault': '(enum pv_fault)(random_next(t) % 30)',
    'enum pv_why why': '(enum pv_why)(random_next(t) % 8)',
    'enum pv_fault *ret_fault': '&fault',
}
LIFE = re.compile(r'pv_(heap|guard)_(init|fini)$')  # no other thread may call anything then


def prototypes(text):
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
    text = re.sub(r'^#.*(\\\n.*)*', '', text, flags=re.M)
    for match in re.finditer(r'^(?!static)([a-z][\w ]*?[ *]+)(pv_\w+)\(([^;{]*?)\);', text, re.M | re.S):
        result, name, parameters = match.groups()
        if not LIFE.match(name):
            yield result.strip(), name, [' '.join(p.split()) for p in parameters.split(',')]


def call(result, name, parameters):
    for parameter in parameters:
        if parameter not in ARGUMENTS:
            sys.exit(f'calls.py: {name}: how is "{parameter}" made? Say it in ARGUMENTS.')
    lines = []
    sort = 'GUARDED' if name.startswith('pv_guard') else 'PLAIN'
    gives, takes = result == 'void *', 'void *ptr' in parameters
    if 'struct pv_listener *listener' in parameters:
        lines += ['struct pv_listener *listener = new_listener(t);', 'if (!listener) {', 'return;', '}']
    if takes:
        lines += ['void *block = take_block(t, %s);' % sort]
    if 'enum pv_fault *ret_fault' in parameters:
        lines += ['enum pv_fault fault;']
    arguments = ', '.join(ARGUMENTS[p] for p in parameters)
    if gives or takes:
        arguments = arguments.replace('any_heap(t)', '&t->shared->heap')
    if gives:
        lines += [f'void *made = {name}({arguments});']
        lines += ['put_block(t, %s, made ? made : %s);' % (sort, 'block' if takes else 'NULL')]
    elif result == 'void':
        lines += [f'{name}({arguments});']
    else:
        lines += [f't->sum += (uintptr_t){name}({arguments});']
    body = '\n'.join('    ' + line for line in lines)
    return f'static void call_{name}(struct thread *t)\n{{\n{body}\n}}\n'


def main():
    table = []
    for path in sys.argv[1:]:
        with open(path, encoding='utf-8') as header:
            for result, name, parameters in prototypes(header.read()):
                print(call(result, name, parameters))
                table.append(f'    {{"{name}", call_{name}}},')
    print('static const struct { const char *name; void (*call)(struct thread *t); } calls[] = {')
    print('\n'.join(table))
    print('};')


main()
