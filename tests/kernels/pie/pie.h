/*
 * A machine for runtime/kernels/xtensa_s3: reads the assembly and does what it says, for the few instructions that are
 * used there. What they do is written after the ESP32-S3 Technical Reference Manual (TRM), chapter 1, for those of the
 * chip, and after the Xtensa Instruction Set Architecture Reference Manual for the others. It stops where a program
 * does what it must not: reads or writes elsewhere than it may, at a wrong alignment, or lets ACCX saturate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PIE_H
#define PIE_H

#include <stdint.h>

enum { PIE_OPERANDS = 5, PIE_INSTRUCTIONS = 512, PIE_SEGMENTS = 5, PIE_ADDRESS_REGISTERS = 16, PIE_VECTORS = 8 };

typedef struct pie_operation pie_operation;

typedef struct {
    const pie_operation *operation;
    int32_t operand[PIE_OPERANDS]; /* numbers of registers, constants, numbers of instructions */
    int line;
} pie_instruction;

typedef struct {
    pie_instruction code[PIE_INSTRUCTIONS];
    int count;
    const char *path;
} pie_program;

/* Memory that a program may use, and where it sees it. */
typedef struct {
    uint32_t address, bytes;
    uint8_t *memory;
    int is_writable;
} pie_segment;

typedef struct {
    uint32_t a[PIE_ADDRESS_REGISTERS];
    uint8_t q[PIE_VECTORS][16];
    int64_t accx;
    uint32_t loop_begin, loop_end, loop_count;
    pie_segment segment[PIE_SEGMENTS];
    int segments;
    /* Counted: instructions, and cycles by TRM 1.7 (an instruction a cycle, waiting for operands, two cycles for a
     * branch that is taken), memory answering at once. */
    uint64_t instructions, cycles;
    uint64_t
        ready[PIE_ADDRESS_REGISTERS + PIE_VECTORS + 1]; /* the end of the stage that writes a register, as a cycle */
} pie_machine;

/* Reads an assembly file. Ends the program with a line where it does not understand it. */
void pie_read(pie_program *program, const char *path);

/* Calls the program as a function, with `arguments` in a2, a3, ...; every other register holds rubbish. Ends the
 * program with a line where it does what it must not. */
void pie_call(pie_machine *machine, const pie_program *program, const uint32_t *arguments, int count);

/* The instructions by their names. Returns NULL where there is none. */
const pie_operation *pie_find(const char *name);

/* What operands an instruction has, a letter each: pie_run.c. */
const char *pie_signature(const pie_operation *operation);

/* Whether an instruction can hold the constant. */
int pie_can_hold(const pie_operation *operation, int32_t value);

#endif
