#!/usr/bin/env python3
"""What the runtime takes on a bare machine, measured: worst-case stack, code, variables, foreign symbols.

    bounds.py SOURCE_DIR [ONLY]     prints the tables of docs/PORTING.md; status 1 where a bound does not hold.
                                    ONLY: a part of a target's name and level, as "RV32IMC -Os"

The runtime is compiled for each target as a firmware would. A function's own frame is what the compiler
says (-fstack-usage), or for functions that it does not know (assembly, the compiler's own arithmetic) the sum of
all that their instructions push. Who calls whom is read from the disassembly of the linked program. Calls through
pointers are resolved by the two tables below; any other is an error, and so are recursion and frames whose
size is not known when compiling.

SPDX-License-Identifier: MIT
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Most bytes of stack that any public function may take, by target: measured, and a little for other compilers.
TARGETS = [
    {"name": "Cortex-M0+", "prefix": "arm-none-eabi-", "flags": ["-mcpu=cortex-m0plus", "-mthumb"], "stack": 1300},
    {"name": "RV32IMC", "prefix": "riscv64-unknown-elf-", "flags": ["-march=rv32imc", "-mabi=ilp32"], "stack": 900},
]
LEVELS = ["-Os", "-O2"]
TEXT_MAX = {("Cortex-M0+", "-Os"): 24576}

# Who calls through the table of kernels, and what may stand in it.
KERNEL_CALLERS = r"dogberry_project"
KERNELS = r"matvec_\w+|dogberry_matvec_\w+"

# Who calls what the runtime's caller gave it, whose stack comes on top.
CALLBACK_CALLERS = r"dogberry_say"

# Code that a port brings along anyway; everything else the runtime must define itself.
FOREIGN = r"mem(cpy|set|cmp|move)|__(aeabi|gnu_thumb1_case)_\w+|__(u?div|u?mod|mul|ashl|ashr|lshr)[sd]i3"


class Broken(Exception):
    pass


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compile_all(source, target, level, work):
    """Compiles every file of the runtime, and links all of it with memory.c. Returns the objects and the program."""
    gcc = target["prefix"] + "gcc"
    flags = target["flags"] + [level, "-std=c99", "-ffreestanding", "-ffunction-sections", "-fno-jump-tables",
                               "-fstack-usage", f"-I{source}/runtime/include", f"-I{source}/runtime/src"]
    objects = []
    for file in sorted([*source.glob("runtime/src/*.c"), *source.glob("runtime/kernels/*/*.[cS]")]):
        objects.append(work / (file.parent.name + "-" + file.name + ".o"))
        subprocess.run([gcc, *flags, "-c", file, "-o", objects[-1]], check=True)
    foreign = foreign_symbols(target, objects)
    if foreign:
        raise Broken("needs symbols that a bare machine lacks: " + " ".join(foreign))
    memory = work / "memory.o"
    subprocess.run([gcc, *flags, "-fno-tree-loop-distribute-patterns", "-c", source / "tests/bounds/memory.c", "-o",
                    memory], check=True)
    program = work / "program.elf"
    subprocess.run([gcc, *target["flags"], "-nostdlib", "-Wl,-e,0", "-Wl,--no-warn-rwx-segments", *objects, memory,
                    "-lgcc", "-o", program], check=True)
    return objects, program


def frames_said(work):
    """Frame sizes by (object file, function) and by function."""
    frames = {}
    for file in work.glob("*.su"):
        for line in file.read_text().splitlines():
            place, size, kind = line.split("\t")
            name = re.sub(r"\..*", "", place.split(":")[-1]) # clones and parts count as their function
            if kind not in ("static", "dynamic,bounded"):
                raise Broken(f"{place}: the size of its frame is not known when compiling ({kind})")
            local = file.name.split("-")[-1].split(".")[0], name
            frames[local] = max(int(size), frames.get(local, 0))
            frames[name] = max(int(size), frames.get(name, 0))
    return frames


def pushed(instruction, operands):
    """Bytes by which an instruction moves the stack pointer down, 0 for all that leave it or move it up."""
    if instruction in ("push", "push.w", "stmdb", "stmfd"):
        if instruction.startswith("stm") and not operands.startswith("sp!"):
            return 0
        count = 0
        for part in re.search(r"\{(.*)\}", operands).group(1).split(","):
            ends = re.findall(r"\d+", part) if "-" in part else []
            count += int(ends[1]) - int(ends[0]) + 1 if ends else 1
        return 4 * count
    match = re.fullmatch(r"(?:sp, )?(?:sp, )?#(\d+)", operands.split("@")[0].strip())
    if instruction in ("sub", "sub.w", "subw") and match:
        return int(match.group(1))
    match = re.fullmatch(r"sp,sp,-(\d+)", operands.split("#")[0].strip())
    if instruction in ("addi", "c.addi16sp", "add") and match:
        return int(match.group(1))
    if re.search(r"\[sp, #-\d+\]!", operands):
        return int(re.search(r"#-(\d+)\]!", operands).group(1))
    if re.match(r"sp[,!]", operands) and not re.match(r"(add|ldm|addi|pop|vpop)", instruction) and \
            instruction not in ("cmp", "lw", "sw"):
        raise Broken(f"cannot follow the stack pointer through: {instruction} {operands}")
    return 0


def read_program(target, program):
    """Functions by address: name, file of local ones, sum of pushes, where it goes (by calls and jumps; by calls
    alone), whether through a pointer."""
    functions, file = {}, ""

    def function(name, local):
        return {"name": name, "file": local, "pushes": 0, "calls": set(), "called": set(), "pointer": False,
                "broken": None}

    for line in output_of(target["prefix"] + "readelf", "-sW", program).splitlines():
        field = line.split()
        if len(field) == 8 and field[3] == "FILE":
            file = field[7].split(".")[0]
        elif len(field) == 8 and field[3] == "FUNC":
            functions[int(field[1], 16) & ~1] = function(field[7], file if field[4] == "LOCAL" else None)
    current = None
    for line in output_of(target["prefix"] + "objdump", "-d", "--no-show-raw-insn", program).splitlines():
        start = re.match(r"([0-9a-f]+) <(.*)>:$", line)
        if start:
            address = int(start.group(1), 16)
            if address in functions or not start.group(2).startswith(("$", ".")):
                current = functions.setdefault(address, function(start.group(2), None))
            continue
        code = re.match(r"\s*[0-9a-f]+:\t(\S+)\s*(.*)", line)
        if not code or current is None:
            continue
        instruction, operands = code.groups()
        try:
            current["pushes"] += pushed(instruction, operands)
        except Broken as error:
            current["broken"] = str(error)
        jump = re.search(r"\b([0-9a-f]+) <([^>]+)>", operands)
        if jump and (re.match(r"(b|bl|blx|b\w\w)(\.[nw])?$|j(al)?$|b\w+$|c?bn?z$|tail$", instruction)):
            current["calls"].add(int(jump.group(1), 16))
            if re.match(r"blx?$|jal$", instruction): # a call, where a loop is a jump
                current["called"].add(int(jump.group(1), 16))
        elif re.match(r"blx$|jalr$|jr$", instruction) or (instruction == "bx" and not operands.startswith("lr")):
            current["pointer"] = True
    return functions


def owner_of(functions, address):
    starts = [start for start in functions if start <= address]
    return max(starts) if starts else None


def depths(functions, frames):
    """The deepest stack from each function's entry on, by name."""
    kernels = [a for a, f in functions.items() if re.fullmatch(KERNELS, re.sub(r"\..*", "", f["name"]))]
    done = {}

    def depth(address, path):
        function = functions[address]
        name = re.sub(r"\..*", "", function["name"])
        if address in path or address in function["called"]:
            raise Broken("recursion: " + " -> ".join(functions[a]["name"] for a in [*path, address]))
        if address in done:
            return done[address]
        own = frames.get((function["file"], name), frames.get(name)) if function["file"] else frames.get(name)
        if own is None:
            if function["broken"]:
                raise Broken(f"{name}: {function['broken']}")
            own = function["pushes"]
        callees = {owner_of(functions, target) for target in function["calls"]} - {address, None}
        if function["pointer"] and not name.startswith("__"): # the compiler's own return through registers
            if re.fullmatch(KERNEL_CALLERS, name):
                callees |= set(kernels)
            elif not re.fullmatch(CALLBACK_CALLERS, name):
                raise Broken(f"{name} calls through a pointer")
        done[address] = own + max([depth(callee, [*path, address]) for callee in sorted(callees)], default=0)
        return done[address]

    return {function["name"]: depth(address, []) for address, function in functions.items()}


def foreign_symbols(target, objects):
    nm = target["prefix"] + "nm"
    lines = output_of(nm, *objects).splitlines()
    defined = {line.split()[2] for line in lines if re.match(r"[0-9a-f]+ [A-Z] ", line)}
    wanted = {line.split()[1] for line in lines if line.strip().startswith("U ")}
    return sorted(name for name in wanted - defined if not re.fullmatch(FOREIGN, name))


def sizes(target, objects):
    total = output_of(target["prefix"] + "size", "-t", *objects).splitlines()[-1].split()
    return {"text": int(total[0]), "data": int(total[1]), "bss": int(total[2])}


def measure(source, target, level):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        objects, program = compile_all(source, target, level, work)
        size = sizes(target, objects)
        if size["data"] or size["bss"]:
            raise Broken(f"has variables of its own: {size}")
        if size["text"] > TEXT_MAX.get((target["name"], level), size["text"]):
            raise Broken(f"{size['text']} bytes of code and tables, more than {TEXT_MAX[target['name'], level]}")
        return size, depths(read_program(target, program), frames_said(work))


def public_functions(source):
    header = (source / "runtime/include/dogberry.h").read_text()
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    return re.findall(r"^[a-z][\w ]*?[ *](dogberry_\w+)\(", header, flags=re.M)


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    targets = [target for target in TARGETS if shutil.which(target["prefix"] + "gcc")]
    for target in TARGETS:
        if target not in targets:
            print(f"skipped: no {target['prefix']}gcc")
    broken, columns = False, []
    for target in targets:
        for level in LEVELS:
            if only not in f"{target['name']} {level}":
                continue
            try:
                size, stack = measure(source, target, level)
                columns.append((f"{target['name']} {level}", size, stack))
                worst = max(stack[name] for name in public_functions(source))
                if worst > target["stack"]:
                    raise Broken(f"{worst} bytes of stack, more than {target['stack']}")
            except Broken as error:
                print(f"{target['name']} {level}: {error}")
                broken = True
    if not columns:
        return 1 if broken else 0
    print("| bytes of stack | " + " | ".join(title for title, _, _ in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in public_functions(source):
        print(f"| {name} | " + " | ".join(str(stack[name]) for _, _, stack in columns) + " |")
    worst = [max(stack[name] for name in public_functions(source)) for _, _, stack in columns]
    print("| *deepest* | " + " | ".join(map(str, worst)) + " |")
    print("| *code and tables, all of the runtime* | " + " | ".join(str(size["text"]) for _, size, _ in columns) + " |")
    return 1 if broken else 0


sys.exit(main())
