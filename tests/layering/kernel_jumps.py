#!/usr/bin/env python3
"""No jump and no address of a kernel's object depends on what it works on.

  kernel_jumps.py ARCHIVE OBJECT...       the shipped objects of an archive
  kernel_jumps.py --self-test COMPILER    planted faults must be found

Reads the machine code, since a compiler may make a branch of what has none in
the source, and valgrind cannot run AVX-512. Every function is followed with
what its registers and stack slots hold:

  public   arguments (pointers and lengths), constants, what is computed of
           these, and what was kept of these on the stack under a fixed offset
  secret   everything read from elsewhere, and everything in a vector or a mask

So a loop may count, and a function may leave early for a length of zero or a
pointer of null; a jump on a byte that was read may not be. Refused are also:
addresses and lengths that are secret, reads under a mask (the processor need
not do them where it is zero), gathers and scatters, divisions, square roots,
jumps and calls through a register or memory, calls of other objects, and
instructions that this program does not know. The check of the stack protector
compares a word that was read: it is known by its segment.

What a function is given the address of on the stack is unknown afterwards, as
far behind the address as the function writes: all of the stack from there on
where it writes under an offset that is not fixed.

Not followed: a store of a function's own into an array on its stack is taken
not to reach a slot that is kept under a fixed offset beside it, as compilers
lay out a frame.
"""
import heapq
import os
import re
import subprocess
import sys
import tempfile

PUBLIC, SECRET = 'public', 'secret'
# Further behind an address than any stack reaches.
FAR = 1 << 20
# Of flags: the stack protector's; public but for the carry.
CANARY, CARRY = 'canary', 'carry'

NAMES = {}  # register: (its 64-bit name, bytes)
for _q, _d, _w, _b in (('rax', 'eax', 'ax', 'al'), ('rbx', 'ebx', 'bx', 'bl'),
                       ('rcx', 'ecx', 'cx', 'cl'), ('rdx', 'edx', 'dx', 'dl'),
                       ('rsi', 'esi', 'si', 'sil'), ('rdi', 'edi', 'di', 'dil'),
                       ('rbp', 'ebp', 'bp', 'bpl'),
                       ('rsp', 'esp', 'sp', 'spl')):
    NAMES.update({_q: (_q, 8), _d: (_q, 4), _w: (_q, 2), _b: (_q, 1)})
for _x in 'abcd':
    NAMES[_x + 'h'] = ('r%sx' % _x, 1)
for _i in range(8, 16):
    _r = 'r%d' % _i
    NAMES.update({_r: (_r, 8), _r + 'd': (_r, 4), _r + 'w': (_r, 2),
                  _r + 'b': (_r, 1)})
REGISTERS = sorted({name for name, _ in NAMES.values()})
# Compilers keep addresses in vector registers, too: their first 64 bits.
VECTORS = ['xmm%d' % i for i in range(32)]
PASSED = ('rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9')
SCRATCH = ('rax', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11')

MOVES = {'mov', 'movabs', 'movzb', 'movzw', 'movsb', 'movsw', 'movsl', 'movzbl',
         'movzwl', 'movzbw', 'movsbl', 'movswl', 'movsbw', 'movzbq', 'movzwq',
         'movsbq', 'movswq', 'movslq', 'movsxd', 'movbe', 'bswap', 'not'}
ARITHMETIC = {'add', 'sub', 'and', 'or', 'xor', 'adc', 'sbb', 'imul', 'neg',
              'inc', 'dec', 'shl', 'sal', 'shr', 'sar', 'rol', 'ror', 'shld',
              'shrd', 'bsf', 'bsr', 'tzcnt', 'lzcnt', 'popcnt', 'andn', 'bextr',
              'blsr', 'blsi', 'blsmsk', 'bzhi', 'btr', 'bts', 'btc'}
NO_FLAGS = {'shlx', 'shrx', 'sarx', 'rorx', 'pdep', 'pext'}
COMPARES = {'cmp', 'test', 'bt'}
SHIFTS = {'shl', 'sal', 'shr', 'sar', 'rol', 'ror', 'shld', 'shrd'}
USES_FLAGS = {'adc', 'sbb'}
PREFIXES = {'rep', 'repz', 'repnz', 'repe', 'lock', 'notrack', 'bnd', 'cs',
            'ds', 'es', 'data16', 'addr32', '{evex}', '{vex}', '{vex3}'}
CONDITIONS = ('o no b nb ae nae c nc e z ne nz be na a nbe s ns p pe np po l '
              'nge ge nl le ng g nle').split()
WITH_CARRY = set('b nb ae nae c nc be nbe a na'.split())
JUMPS = {'j' + c for c in CONDITIONS} | {'jrcxz', 'jecxz'}
MOVES_IF = {'cmov' + c for c in CONDITIONS}
SETS = {'set' + c for c in CONDITIONS}
DIVIDES = re.compile(r'^(i?div[bwlq]?|fi?div.*|v?(div|sqrt|rcp|rsqrt).*)$')
GATHERS = re.compile(r'^v?p?(gather|scatter|compress|expand|maskmov)')
VECTOR_FLAGS = re.compile(r'^(v?ptest|vtestp[sd]|k(or)?test[bwdq]'
                          r'|v?u?comis[sdh]|v?pcmp[ei]str[im])$')
STRINGS = re.compile(r'^(movs|stos)[bwlq]?$')
LEAVES = re.compile(r'^(jmp|call)q?$')
MEMORY = re.compile(r'^(?:%(\w\w):)?(-?0x[0-9a-f]+|-?\d+)?'
                    r'(?:\((%\w+)?(?:,(%\w+)(?:,\d)?)?\))?$')


class Operand:
    """A register, a constant or a place in memory, as objdump writes it."""

    def __init__(self, text):
        # A zeroed or merged register; what is broadcast is read as it is.
        self.masked = re.search(r'\{%k\d\}', text) is not None
        self.text = text = re.sub(r'\{[^}]*\}', '', text).strip()
        self.register = self.width = self.memory = None
        self.vector, self.low = False, None
        if text.startswith('%') and ':' not in text:
            name = text[1:]
            self.vector = name not in NAMES
            if not self.vector:
                self.register, self.width = NAMES[name]
            elif name[1:3] == 'mm':
                self.low = 'x' + name[1:]
        elif not text.startswith('$'):
            match = MEMORY.match(text)
            if match is None:
                raise ValueError('operand ' + text)
            segment, offset, base, index = match.groups()
            self.memory = (segment, int(offset or '0', 0),
                           base and base[1:], index and index[1:])


class Instruction:
    def __init__(self, address, text):
        self.address = address
        words = text.split('#')[0].split()
        self.prefixes = set()
        while words and (words[0] in PREFIXES or words[0].startswith('rex')):
            self.prefixes.add(words.pop(0))
        self.name = words[0] if words else 'nop'
        self.text = ' '.join(words)
        rest = ' '.join(words[1:])
        self.target = None
        match = re.match(r'^([0-9a-f]+)(?: <.*>)?$', rest)
        if match and (self.name in JUMPS or LEAVES.match(self.name)):
            self.target = int(match.group(1), 16)
            rest = ''
        self.indirect = rest.startswith('*')
        if self.indirect or self.name.startswith('nop'):
            rest = ''
        self.operands = [Operand(o) for o in
                         re.findall(r'(?:[^,(]|\([^)]*\))+', rest)]


class State:
    """What is known before an instruction."""

    def __init__(self, registers, flags, slots, equal=None,
                 constants=()):
        self.registers, self.flags = registers, flags
        self.slots, self.equal = slots, equal
        # register: the constant in it, where it is known
        self.constants = dict(constants)

    def copy(self):
        return State(dict(self.registers), self.flags, dict(self.slots),
                     self.equal, self.constants)

    def __eq__(self, other):
        return (self.registers == other.registers and
                self.flags == other.flags and self.slots == other.slots and
                self.equal == other.equal and
                self.constants == other.constants)


# A value is PUBLIC, SECRET, ('frame', base, offset) for an address of the own
# stack, ('entry', register, PUBLIC or SECRET) for what a register held when the
# function was called, or ('passed', registers, offset) for an address that many
# bytes behind what a public one held; one of these, where it is a sum of two.
def taint(value):
    if value in (PUBLIC, SECRET):
        return value
    return value[2] if value[0] == 'entry' else PUBLIC


def join(a, b):
    if a == b:
        return a
    if SECRET in (taint(a), taint(b)):
        if a[0] == b[0] == 'entry' and a[1] == b[1]:
            return ('entry', a[1], SECRET)
        return SECRET
    return add_passed((a, b)) if passed(a) and passed(b) else PUBLIC


def join_states(a, b):
    slots = {k: (join(v[0], b.slots[k][0]), v[1]) for k, v in a.slots.items()
             if k in b.slots and b.slots[k][1] == v[1]}
    both = {a.flags, b.flags}
    flags = a.flags if len(both) == 1 else \
        SECRET if SECRET in both else CARRY if CARRY in both else PUBLIC
    return State({r: join(v, b.registers[r]) for r, v in a.registers.items()},
                 flags, slots, a.equal if a.equal == b.equal else None,
                 dict(a.constants.items() & b.constants.items()))


def passed(value):
    """(registers, offset) of an address that was passed, or None."""
    if value[0] == 'entry' and value[2] == PUBLIC:
        return (value[1],), 0
    return value[1:] if value[0] == 'passed' else None


def add_passed(values):
    """Somewhere behind one of the addresses that were passed."""
    registers = {r for v in values if passed(v) for r in passed(v)[0]}
    return ('passed', tuple(sorted(registers)), FAR) if registers else PUBLIC


class Object:
    """The functions of an object, followed until nothing changes."""

    def __init__(self, path):
        self.instructions, self.starts, self.imports = {}, {}, {}
        self.faults, self.jumps, self.protectors = {}, set(), set()
        self.load(path)
        self.entries = {}   # function: registers when it is called
        self.exits = {}     # function: registers when it returns
        self.callers = {}   # function: functions that call it
        # function: how far behind each passed address it writes
        self.written = {}
        called = {i.target for i in self.instructions.values()
                  if i.name.startswith('call')}
        self.work = []
        for start in self.starts:
            if start not in called and '.cold' not in self.starts[start]:
                registers = {r: PUBLIC for r in REGISTERS}
                registers.update({v: SECRET for v in VECTORS})
                self.enter(start, registers)
        self.followed = set()
        while self.work:
            self.follow(self.work.pop())
        for address, instruction in self.instructions.items():
            # Between functions there is padding.
            if address not in self.followed and not re.match(
                    r'nop|int3|xchg %ax,%ax', instruction.text):
                self.fault(instruction, 'not followed')

    def load(self, path):
        undefined = subprocess.run(['nm', '-u', path], check=True, text=True,
                                   capture_output=True).stdout.split()
        names = [n for n in undefined if n not in ('U', 'w')]
        with tempfile.TemporaryDirectory() as work:
            # Linked by itself: then calls say where they go.
            linked = os.path.join(work, 'linked')
            command = ['ld.bfd', '-e', '0', '-o', linked, path]
            for i, name in enumerate(names):
                self.imports[0x1000 + 16 * i] = name
                command.append('--defsym=%s=%d' % (name, 0x1000 + 16 * i))
            subprocess.run(command, check=True)
            text = subprocess.run(
                ['objdump', '-dwC', '--no-show-raw-insn', '-j', '.text',
                 linked],
                check=True, text=True, capture_output=True).stdout
        for line in text.splitlines():
            match = re.match(r'^([0-9a-f]+) <(.*)>:$', line)
            if match:
                self.starts[int(match.group(1), 16)] = match.group(2)
                continue
            match = re.match(r'^\s+([0-9a-f]+):\t(.*)$', line)
            if match:
                address = int(match.group(1), 16)
                self.instructions[address] = Instruction(address,
                                                         match.group(2))
        addresses = sorted(self.instructions)
        self.next = dict(zip(addresses, addresses[1:]))

    def enter(self, function, registers):
        """Joins what a call passes to what others passed."""
        given = {r: ('entry', r, taint(v)) for r, v in registers.items()}
        old = self.entries.get(function)
        new = given if old is None else \
            {r: join(v, old[r]) for r, v in given.items()}
        if new != old:
            self.entries[function] = new
            self.work.append(function)

    def fault(self, instruction, what):
        self.faults[instruction.address] = '%s: %s' % (what, instruction.text)

    def record(self, where, width):
        """A write behind an address that the function was passed."""
        if where[0] != 'passed':
            return
        ends = self.written.setdefault(self.function, {})
        for register in where[1]:
            ends[register] = min(max(ends.get(register, 0), where[2] + width),
                                 FAR)

    def follow(self, function):
        self.function = function
        registers = dict(self.entries[function])
        registers['rsp'] = ('frame', 'entry', 0)
        before = {function: State(registers, SECRET, {})}
        work, waiting = [function], {function}
        written = dict(self.written.get(function, {}))
        out = None
        while work:
            address = heapq.heappop(work)
            waiting.discard(address)
            instruction = self.instructions.get(address)
            if instruction is None:
                self.faults[address or 0] = 'runs into nothing'
                continue
            self.followed.add(address)
            state = before[address].copy()
            for target, after in self.step(function, instruction, state):
                if target is None:  # returns
                    out = after if out is None else join_states(out, after)
                    continue
                old = before.get(target)
                new = after if old is None else join_states(old, after)
                if old is None or new != old:
                    before[target] = new
                    if target not in waiting:
                        waiting.add(target)
                        heapq.heappush(work, target)
        if out is None:
            return
        left = {r: v if v[0] == 'entry' and v[1] == r else taint(v)
                for r, v in out.registers.items()}
        if left != self.exits.get(function) or \
                written != self.written.get(function, {}):
            self.exits[function] = left
            self.work.extend(self.callers.get(function, ()))

    # --- values --------------------------------------------------------------

    def address_of(self, state, memory):
        """The value of an address."""
        segment, offset, base, index = memory
        if segment in ('fs', 'gs'):
            return PUBLIC
        if index is not None:
            parts = [SECRET if r not in NAMES else
                     state.registers[NAMES[r][0]]
                     for r in (base, index) if r is not None]
            if SECRET in [taint(p) for p in parts]:
                return SECRET
            return add_passed(parts)
        if base is None or base == 'rip':
            return ('constant', 'constant', PUBLIC)
        value = state.registers[NAMES[base][0]]
        if value[0] == 'frame':
            return ('frame', value[1], value[2] + offset)
        if passed(value):
            registers, start = passed(value)
            return ('passed', registers, min(start + offset, FAR))
        return taint(value)

    def check_address(self, instruction, state, operand):
        if operand.memory and taint(self.address_of(state,
                                                    operand.memory)) == SECRET:
            self.fault(instruction, 'an address that is secret')

    def read(self, state, operand, width):
        if operand.vector:
            return SECRET
        if operand.register:
            return state.registers[operand.register]
        if not operand.memory:
            return PUBLIC
        where = self.address_of(state, operand.memory)
        if where[0] == 'constant' and operand.memory[0] is None:
            return PUBLIC
        if where[0] == 'frame':
            value, size = state.slots.get(where[1:], (SECRET, 0))
            if size == width:
                return value
            # The low part of a word.
            return taint(value) if size > width else SECRET
        return SECRET

    def write(self, state, operand, width, value):
        if operand.register:
            if width < 4:
                value = join(taint(value),
                             taint(state.registers[operand.register]))
            elif width == 4:
                value = taint(value)
            state.registers[operand.register] = value
            state.constants.pop(operand.register, None)
            if state.equal and operand.register in state.equal:
                state.equal = None
        elif operand.memory:
            where = self.address_of(state, operand.memory)
            self.record(where, width)
            if where[0] == 'frame':
                self.forget(state, where, width)
                state.slots[where[1:]] = (value, width)

    @staticmethod
    def forget(state, where, width):
        _, base, offset = where
        for key in [k for k, (_, size) in state.slots.items()
                    if k[0] == base and k[1] < offset + width and
                    offset < k[1] + size]:
            del state.slots[key]

    @staticmethod
    def width_of(instruction):
        for operand in reversed(instruction.operands):
            if operand.width:
                return operand.width
        return {'b': 1, 'w': 2, 'l': 4, 'q': 8}.get(instruction.name[-1], 8)

    # --- one instruction -----------------------------------------------------

    def step(self, function, i, state):
        """The states after it: [(address, state)], None for a return."""
        name, after = i.name, self.next.get(i.address)
        if i.indirect:
            self.fault(i, 'goes where a register or memory says')
            return []
        if re.match(r'^retq?$', name):
            return [(None, state)]
        if name in ('ud2', 'hlt', 'int3'):
            return []
        if name.startswith('jmp'):
            if i.target in self.imports:  # a call at the end of a function
                return [(None, s) for _, s in self.call(function, i, state, 0)]
            return [(i.target, state)]
        if name in JUMPS:
            return self.jump(i, state, after)
        if name.startswith('call'):
            return self.call(function, i, state, after)
        for operand in i.operands:
            if name not in ('lea', 'leaq', 'leal'):
                self.check_address(i, state, operand)
        if DIVIDES.match(name):
            self.fault(i, 'a division or a root')
        elif GATHERS.match(name):
            self.fault(i, 'an address of each lane')
        elif any(o.vector for o in i.operands) or re.match('^(v|k)', name):
            self.vector(i, state)
        elif STRINGS.match(name) and i.operands[-1].text.startswith('%es:'):
            self.string(i, state)
        elif not self.general(i, state):
            self.fault(i, 'an instruction that is not known')
        return [(after, state)]

    def jump(self, i, state, after):
        if i.name in ('jrcxz', 'jecxz'):
            bad = taint(state.registers['rcx']) == SECRET
        else:
            bad = state.flags == SECRET or \
                state.flags == CARRY and i.name[1:] in WITH_CARRY
        if bad:
            self.fault(i, 'a jump on what is secret')
        kind = self.protectors if state.flags == CANARY else self.jumps
        kind.add(i.address)
        taken = state.copy()
        # A loop that moves the stack pointer page by page ends where another
        # register says.
        if state.equal and 'rsp' in state.equal and i.name in ('je', 'jne'):
            other = [r for r in state.equal if r != 'rsp']
            same = taken if i.name == 'je' else state
            if other:
                same.registers['rsp'] = state.registers[other[0]]
        return [(i.target, taken), (after, state)]

    def call(self, function, i, state, after):
        imported = self.imports.get(i.target)
        if imported == '__stack_chk_fail':
            return []
        # What was passed by its address may be anything afterwards, as far
        # behind it as the function is seen to write.
        for register in PASSED:
            value = state.registers[register]
            end = self.written.get(i.target, {}).get(register, 0)
            if imported and register == 'rdi':
                end = FAR  # of a length that is not known here
            if value[0] == 'frame':
                self.forget(state, value, max(end, 8))
            elif passed(value) and end > 0:
                self.record(('passed',) + passed(value), end)
        state.flags = SECRET
        state.equal = None
        if imported in ('memcpy', 'memset', 'memmove', '__memcpy_chk',
                        '__memset_chk', '__memmove_chk'):
            for register in ('rdi', 'rdx') + \
                    (() if 'memset' in imported else ('rsi',)):
                if taint(state.registers[register]) == SECRET:
                    self.fault(i, 'an address or a length that is secret')
            for register in SCRATCH + tuple(VECTORS):
                state.registers[register] = SECRET
                state.constants.pop(register, None)
            state.registers['rax'] = PUBLIC
            return [(after, state)]
        if i.target not in self.starts:
            self.fault(i, 'a call of another object (%s)' % imported)
            return []
        self.callers.setdefault(i.target, set()).add(function)
        self.enter(i.target, state.registers)
        left = self.exits.get(i.target)
        if left is None:  # followed again when it is known
            return []
        for register, value in left.items():
            if value[0] != 'entry' and register != 'rsp':
                state.registers[register] = value
                state.constants.pop(register, None)
        return [(after, state)]

    def vector(self, i, state):
        masked = any(o.masked for o in i.operands)
        if masked and any(o.memory for o in i.operands):
            self.fault(i, 'memory under a mask')
        if VECTOR_FLAGS.match(i.name):
            state.flags = SECRET
            state.equal = None
            return
        target = i.operands[-1] if i.operands else None
        if target is None:
            return
        value = SECRET
        if i.name in ('vmovq', 'movq'):
            source = i.operands[0]
            value = state.registers.get(source.register or source.low, SECRET)
        if target.low:
            state.registers[target.low] = value
        elif target.register:
            self.write(state, target, 8, value)
        elif target.memory:
            where = self.address_of(state, target.memory)
            width = max(
                64 if '%zmm' in o.text else 32 if '%ymm' in o.text else 16
                for o in i.operands)
            self.record(where, width)
            if where[0] == 'frame':
                self.forget(state, where, width)

    def string(self, i, state):
        """A word, or with a prefix as many as rcx says, to where rdi points."""
        repeated = i.prefixes & {'rep', 'repz', 'repe', 'repnz'}
        used = ['rdi'] + ['rsi'] * i.name.startswith('movs') + \
            ['rcx'] * bool(repeated)
        for register in used:
            if taint(state.registers[register]) == SECRET:
                self.fault(i, 'an address or a length that is secret')
        where = self.address_of(state, i.operands[-1].memory)
        width = self.width_of(i)
        if repeated:
            count = state.constants.get('rcx')
            width = FAR if count is None or count < 0 else width * count
        self.record(where, width)
        if where[0] == 'frame':
            self.forget(state, where, width)
        for register in used:
            state.registers[register] = add_passed([state.registers[register]])
            state.constants.pop(register, None)

    def general(self, i, state):
        """Instructions of the general registers; false for unknown ones."""
        name = i.name
        width = self.width_of(i)
        known = MOVES | ARITHMETIC | NO_FLAGS | COMPARES | MOVES_IF | SETS
        known |= {'lea', 'push', 'pop', 'leave', 'xchg', 'mul', 'mulx', 'cqto',
                  'cltd', 'cltq', 'cwtl', 'nop', 'endbr64'}
        if name not in known and name[:-1] in known and name[-1] in 'bwlq':
            name = name[:-1]
        operands = i.operands
        values = [self.read(state, o, width) for o in operands]
        all_in = SECRET if any(taint(v) == SECRET for v in values) else PUBLIC
        target = operands[-1] if operands else None

        if name in ('endbr64', 'nop') or name not in known:
            return name in known
        if name == 'xchg' and len(operands) == 2:
            self.write(state, operands[0], width, values[1])
            self.write(state, operands[1], width, values[0])
        elif name == 'lea':
            where = self.address_of(state, operands[0].memory)
            self.write(state, target, width,
                       where if where[0] in ('frame', 'passed') else
                       taint(where))
        elif name == 'push':
            self.move_stack(state, -8)
            where = Operand('(%rsp)')
            self.write(state, where, 8, values[0])
        elif name == 'pop':
            value = self.read(state, Operand('(%rsp)'), 8)
            self.move_stack(state, 8)
            self.write(state, target, 8, value)
        elif name == 'leave':
            state.registers['rsp'] = state.registers['rbp']
            state.registers['rbp'] = self.read(state, Operand('(%rsp)'), 8)
            self.move_stack(state, 8)
        elif name in ('cqto', 'cltd'):
            state.registers['rdx'] = taint(state.registers['rax'])
            state.constants.pop('rdx', None)
        elif name in ('cltq', 'cwtl'):
            state.registers['rax'] = taint(state.registers['rax'])
            state.constants.pop('rax', None)
        elif name in ('mul', 'mulx') or name == 'imul' and len(operands) == 1:
            source = state.registers['rdx' if name == 'mulx' else 'rax']
            both = SECRET if SECRET in (taint(source), all_in) else PUBLIC
            if name == 'mulx':
                self.write(state, operands[1], width, both)
                self.write(state, operands[2], width, both)
                return True
            state.registers['rax'] = state.registers['rdx'] = both
            state.constants.pop('rax', None)
            state.constants.pop('rdx', None)
            state.flags, state.equal = both, None
        elif name in COMPARES:
            if name == 'bt' and target.memory and operands[0].register and \
                    taint(values[0]) == SECRET:
                self.fault(i, 'an address that is secret')
            self.compare(state, operands, all_in)
        elif name in MOVES_IF:
            self.write(state, target, width,
                       SECRET if state.flags in (SECRET, CARRY) else
                       join(values[0], values[1]))
        elif name in SETS:
            self.write(state, target, 1,
                       SECRET if state.flags in (SECRET, CARRY) else PUBLIC)
        elif name in MOVES:
            narrow = len(operands) == 1 or name not in ('mov', 'movabs')
            if narrow and operands[0].memory:
                values[0] = self.read(state, operands[0],
                                      2 if name[4:5] == 'w' else
                                      4 if name[4:5] == 'l' else 1)
            constant = int(operands[0].text[1:], 0) \
                if operands[0].text.startswith('$') else \
                state.constants.get(operands[0].register)
            self.write(state, target, width,
                       taint(values[0]) if narrow else values[0])
            if target.register and width >= 4 and not narrow and \
                    constant is not None:
                state.constants[target.register] = constant
        else:
            self.arithmetic(i, name, state, operands, values, all_in, width)
        return True

    @staticmethod
    def compare(state, operands, all_in):
        registers = [o.register for o in operands]
        state.equal = tuple(registers) if all(registers) else None
        guard = any(o.memory and o.memory[0] == 'fs' for o in operands)
        state.flags = CANARY if guard else all_in

    def arithmetic(self, i, name, state, operands, values, all_in, width):
        target = operands[-1]
        constant = None
        if operands[0].text.startswith('$'):
            constant = int(operands[0].text[1:], 0)
            if constant >= 1 << 63:
                constant -= 1 << 64
        value = all_in
        if name in USES_FLAGS and state.flags in (SECRET, CARRY):
            value = SECRET
        if name in ('bts', 'btr', 'btc') and target.memory and \
                taint(values[0]) == SECRET:
            self.fault(i, 'an address that is secret')
        same = len(operands) == 2 and operands[0].register is not None and \
            operands[0].register == target.register
        if same and name in ('xor', 'sub'):
            value = PUBLIC
        moved = values[-1]
        if moved[0] == 'frame' and constant is not None and width == 8:
            if name in ('add', 'sub'):
                by = constant if name == 'add' else -constant
                value = ('frame', moved[1], moved[2] + by)
            elif name == 'and' and target.register == 'rsp':
                value = ('frame', i.address, 0)
        elif name in ('add', 'sub') and width == 8 and value == PUBLIC:
            value = add_passed(values)
            if constant is not None and passed(moved):
                by = constant if name == 'add' else -constant
                value = ('passed', passed(moved)[0],
                         min(passed(moved)[1] + by, FAR))
        guard = any(o.memory and o.memory[0] == 'fs' for o in operands)
        self.write(state, target, width, value)
        if name in NO_FLAGS:
            return
        flags = taint(value)
        if state.flags in (SECRET, CARRY) and flags == PUBLIC:
            if name in ('inc', 'dec'):
                flags = CARRY
            elif name in SHIFTS and not constant and len(operands) > 1:
                flags = SECRET  # by zero they leave all as they were
        state.flags = CANARY if guard else flags
        state.equal = None

    @staticmethod
    def move_stack(state, by):
        value = state.registers['rsp']
        if value[0] == 'frame':
            state.registers['rsp'] = ('frame', value[1], value[2] + by)

    def name_of(self, address):
        start = max((s for s in self.starts if s <= address), default=0)
        return self.starts.get(start, '?')


def examine(path, name):
    """Prints what is wrong with an object; returns whether it is right."""
    checked = Object(path)
    if checked.faults:
        print('%s: %d faults' % (name, len(checked.faults)))
        for address, what in sorted(checked.faults.items())[:20]:
            print('  %x in %s: %s' % (address, checked.name_of(address)[:90],
                                      what))
        return False
    if not checked.jumps:
        print('%s: no jump was found, not even a loop' % name)
        return False
    print('%s: %d jumps on counters, lengths and null, %d of the stack '
          'protector, none on what is worked on' %
          (name, len(checked.jumps), len(checked.protectors)))
    return True


# Functions that a compiler leaves as they are, each with what is to be said of
# it; none for a right one. Every source is a function of bytes.
PLANTED = (
    ('loops, an early end, a null pointer and a constant table', None, """
static const unsigned char kTable[8] = {1, 2, 3, 4, 5, 6, 7, 9};
void F(const unsigned char* in, unsigned long count, unsigned char* out) {
  if (count == 0 || in == nullptr) return;
  for (unsigned long i = 0; i < count; ++i) out[i] = in[i] ^ kTable[i % 8];
}"""),
    ('a choice by mask, in a function that is called', None, """
__attribute__((noinline)) static unsigned long Choose(unsigned long bit,
                                                      unsigned long a) {
  return (0 - bit) & a;
}
void F(const unsigned long* in, unsigned long count, unsigned long* out) {
  for (unsigned long i = 0; i < count; ++i) out[i] = Choose(in[i] & 1, in[i]);
}"""),
    ('a branch on a byte', 'a jump on what is secret', """
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  for (unsigned long i = 0; i < count; ++i) {
    if (in[i] & 4) out[i] = 1;
  }
}"""),
    ('a branch in a function that is given a digit', 'a jump on what is secret',
     """
__attribute__((noinline)) static void Add(volatile char* sum, int digit) {
  if (digit < 0) *sum = 1;
}
void F(const signed char* digits, volatile char* out) {
  for (int i = 0; i < 64; ++i) Add(out, digits[i]);
}"""),
    ('a loop that ends at the first difference', 'a jump on what is secret', """
int F(const unsigned char* a, const unsigned char* b, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) if (a[i] != b[i]) return 0;
  return 1;
}"""),
    ('a branch on a mask of lanes', 'a jump on what is secret', """
#include <immintrin.h>
int F(const void* in, long* out) {
  const __m256i v = _mm256_loadu_si256(static_cast<const __m256i*>(in));
  if (_mm256_movemask_epi8(v) != 0) return *out = 7, 3;
  return 1;
}"""),
    ('a branch on a test of lanes', 'a jump on what is secret', """
#include <immintrin.h>
int F(const void* in, long* out) {
  const __m256i v = _mm256_loadu_si256(static_cast<const __m256i*>(in));
  if (_mm256_testz_si256(v, v)) return *out = 7, 3;
  return 1;
}"""),
    ('a digit kept on the stack', 'a jump on what is secret', """
void F(const unsigned char* in, unsigned char* out) {
  volatile unsigned long digit = in[3];
  asm volatile("" : : : "rbx", "r12", "r13", "r14", "r15", "memory");
  if (digit == 8) out[0] = in[4];
}"""),
    ('a byte kept in what a function fills', 'a jump on what is secret', """
struct Two { unsigned long first, second; };
__attribute__((noinline)) static void Fill(Two* two,
                                           const unsigned char* in) {
  two->first = 1;
  two->second = in[3];
}
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  Two two;
  two.first = 0;
  asm volatile("" : : "r"(&two) : "memory");
  two.second = count;
  asm volatile("" : : "r"(&two) : "memory");
  Fill(&two, in);
  if (two.second == 8) *out = 1;
}"""),
    ('a byte kept in what a loop fills', 'a jump on what is secret', """
__attribute__((noinline)) static void Fill(unsigned long* to,
                                           const unsigned char* in,
                                           unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) to[i] = in[i] ^ 9;
}
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  unsigned long words[4];
  words[0] = 0;
  asm volatile("" : : "r"(words) : "memory");
  words[3] = count;
  asm volatile("" : : "r"(words) : "memory");
  Fill(words, in, count);
  if (words[3] == 8) *out = 1;
}"""),
    ('a byte kept in what a moving pointer fills', 'a jump on what is secret',
     """
__attribute__((noinline)) static void Fill(unsigned long* to,
                                           const unsigned char* in,
                                           unsigned long count) {
  unsigned long* const end = to + count;
  do {
    *to++ = *in++ ^ 9;
    asm volatile("" : "+r"(to));
  } while (to != end);
}
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  unsigned long words[4];
  words[0] = 0;
  asm volatile("" : : "r"(words) : "memory");
  words[3] = count;
  asm volatile("" : : "r"(words) : "memory");
  Fill(words, in, count);
  if (words[3] == 8) *out = 1;
}"""),
    ('a byte kept in what memcpy fills', 'a jump on what is secret', """
#include <cstring>
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  unsigned long words[4];
  words[0] = 0;
  asm volatile("" : : "r"(words) : "memory");
  words[3] = count;
  asm volatile("" : : "r"(words) : "memory");
  std::memcpy(words, in, count);
  if (words[3] == 8) *out = 1;
}"""),
    ('a byte kept in what a string instruction fills',
     'a jump on what is secret', """
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  unsigned long words[4];
  words[0] = 0;
  asm volatile("" : : "r"(words) : "memory");
  words[3] = count;
  void* to = words;
  asm volatile("rep movsq" : "+D"(to), "+S"(in), "+c"(count) : : "memory");
  if (words[3] == 8) *out = 1;
}"""),
    ('a byte kept in what a called string instruction fills',
     'a jump on what is secret', """
__attribute__((noinline)) static void Fill(void* to, const unsigned char* in,
                                           unsigned long count) {
  asm volatile("rep movsb" : "+D"(to), "+S"(in), "+c"(count) : : "memory");
}
void F(const unsigned char* in, unsigned long count, volatile char* out) {
  unsigned long words[4];
  words[0] = 0;
  asm volatile("" : : "r"(words) : "memory");
  words[3] = count;
  Fill(words, in, count);
  if (words[3] == 8) *out = 1;
}"""),
    ('a string instruction of a length that was read',
     'an address or a length', """
void F(const unsigned char* in, void* to) {
  unsigned long count = *in;
  asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(7) : "memory");
}"""),
    ('a look-up by a byte', 'an address that is secret', """
void F(const unsigned char* in, const unsigned char* table,
       unsigned char* out) {
  *out = table[*in];
}"""),
    ('a look-up in lanes', 'an address of each lane', """
#include <immintrin.h>
void F(const void* in, const long long* table, void* out) {
  const __m256i v = _mm256_loadu_si256(static_cast<const __m256i*>(in));
  _mm256_storeu_si256(static_cast<__m256i*>(out),
                      _mm256_i64gather_epi64(table, v, 8));
}"""),
    ('a read under a mask', 'memory under a mask', """
#include <immintrin.h>
void F(const unsigned char* bits, const void* in, void* out) {
  _mm512_storeu_si512(out, _mm512_maskz_loadu_epi64(*bits, in));
}"""),
    ('a division', 'a division or a root', """
void F(const unsigned long* in, unsigned long* out) {
  *out = in[0] / in[1];
}"""),
    ('a call through a pointer', 'goes where a register or memory says', """
void F(void (*const* table)(), const unsigned char* in) {
  table[0]();
  table[1]();
}"""),
    ('a switch by a table', 'goes where a register or memory says', """
void F(const unsigned char* in, volatile int* out) {
  switch (*in) {
    case 0: *out = 5; *out = 9; break;
    case 1: out[1] = 3; break;
    case 2: out[2] = 8; *out = 1; break;
    case 3: out[3] = 1; break;
    case 4: out[4] = 6; out[6] = 2; break;
    case 5: out[5] = 9; break;
    case 6: *out = 2; out[7] = 4; break;
  }
}"""),
    ('a copy of a length that was read', 'an address or a length', """
#include <cstring>
void F(const unsigned char* in, unsigned char* out) {
  std::memcpy(out, in + 1, *in);
}"""),
    ('a call of another object', 'a call of another object', """
void G(int);
void F(const unsigned char* in) { G(*in); }"""),
)


def self_test(compiler):
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        for what, expected, source in PLANTED:
            path = os.path.join(work, 'planted.cc')
            with open(path, 'w', encoding='ascii') as file:
                file.write(source + '\n')
            subprocess.run([compiler, '-O2', '-fPIC', '-mavx2', '-mavx512f',
                            '-fstack-protector-strong', '-fcf-protection=full',
                            '-c', '-o', path + '.o', path], check=True)
            faults = set(Object(path + '.o').faults.values())
            if expected is None and faults or expected is not None and \
                    not any(f.startswith(expected) for f in faults):
                print('%s: expected %s, found %s' % (
                    what, expected or 'nothing', sorted(faults) or 'nothing'))
                failed = 1
    return failed


def main(arguments):
    if len(arguments) == 2 and arguments[0] == '--self-test':
        return self_test(arguments[1])
    if len(arguments) < 2:
        print(__doc__)
        return 2
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        for name in arguments[1:]:
            subprocess.run(['ar', 'x', os.path.abspath(arguments[0]), name],
                           check=True, cwd=work)
            failed |= not examine(os.path.join(work, name), name)
    return int(failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
