/*
 * What the instructions do. Sections are those of the TRM (1.8 lists the instructions of the chip by their names), and
 * of the Xtensa manual, chapter 6, by theirs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ACCX is the last register of `ready`. */
enum { ACCX = PIE_ADDRESS_REGISTERS + PIE_VECTORS };

/* Stages of the pipeline (TRM, table 1.7-1) at whose ends a result is there or at whose beginnings it is needed. */
enum { E = 1, M = 2 };

typedef enum {
    ENTRY,
    RETW,
    MOV,
    MOVI,
    ADD,
    ADDI,
    SUB,
    SLLI,
    SRLI,
    SRAI,
    EXTUI,
    MINU,
    MULL,
    L8UI,
    L32I,
    S8I,
    S32I,
    BEQZ,
    BNEZ,
    LOOPNEZ,
    EE_VLD_128_IP,
    EE_VLDBC_8,
    EE_ZERO_ACCX,
    EE_VMULAS_S8_ACCX,
    EE_VMULAS_S8_ACCX_LD_IP,
    EE_ANDQ,
    EE_XORQ,
    EE_VUNZIP_8,
    RUR_ACCX_0,
} code;

/* Operands: a address register that is read, b read and written, d written in stage E, e written in stage M;
 * q vector register that is read, R written in E, Q in M, S read and written in E; i constant, l label. */
struct pie_operation {
    const char *name;
    code code;
    const char *signature;
    int32_t least, most, step; /* of the constant */
    int accx_use, accx_def;    /* stages, 0: none */
};

/* Stages of the chip's own: TRM, table 1.7-2. RUR is not in it; it is taken as other reads, stage E. */
static const pie_operation operations[] = {
    {"entry", ENTRY, "bi", 0, 32760, 8, 0, 0},
    {"retw.n", RETW, "", 0, 0, 1, 0, 0},
    {"mov", MOV, "da", 0, 0, 1, 0, 0},
    {"movi", MOVI, "di", -2048, 2047, 1, 0, 0},
    {"add", ADD, "daa", 0, 0, 1, 0, 0},
    {"addi", ADDI, "dai", -128, 127, 1, 0, 0},
    {"sub", SUB, "daa", 0, 0, 1, 0, 0},
    {"slli", SLLI, "dai", 1, 31, 1, 0, 0},
    {"srli", SRLI, "dai", 0, 15, 1, 0, 0},
    {"srai", SRAI, "dai", 0, 31, 1, 0, 0},
    {"extui", EXTUI, "daii", 0, 31, 1, 0, 0},
    {"minu", MINU, "daa", 0, 0, 1, 0, 0},
    {"mull", MULL, "eaa", 0, 0, 1, 0, 0},
    {"l8ui", L8UI, "eai", 0, 255, 1, 0, 0},
    {"l32i", L32I, "eai", 0, 1020, 4, 0, 0},
    {"s8i", S8I, "aai", 0, 255, 1, 0, 0},
    {"s32i", S32I, "aai", 0, 1020, 4, 0, 0},
    {"beqz", BEQZ, "al", 0, 0, 1, 0, 0},
    {"bnez", BNEZ, "al", 0, 0, 1, 0, 0},
    {"loopnez", LOOPNEZ, "al", 0, 0, 1, 0, 0},
    {"ee.vld.128.ip", EE_VLD_128_IP, "Qbi", -512, 496, 16, 0, 0},
    {"ee.vldbc.8", EE_VLDBC_8, "Qa", 0, 0, 1, 0, 0},
    {"ee.zero.accx", EE_ZERO_ACCX, "", 0, 0, 1, 0, E},
    {"ee.vmulas.s8.accx", EE_VMULAS_S8_ACCX, "qq", 0, 0, 1, M, M},
    {"ee.vmulas.s8.accx.ld.ip", EE_VMULAS_S8_ACCX_LD_IP, "Qbiqq", -512, 496, 16, M, M},
    {"ee.andq", EE_ANDQ, "Rqq", 0, 0, 1, 0, 0},
    {"ee.xorq", EE_XORQ, "Rqq", 0, 0, 1, 0, 0},
    {"ee.vunzip.8", EE_VUNZIP_8, "SS", 0, 0, 1, 0, 0},
    {"rur.accx_0", RUR_ACCX_0, "d", 0, 0, 1, E, 0},
};

const pie_operation *pie_find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

const char *pie_signature(const pie_operation *operation)
{
    return operation->signature;
}

int pie_can_hold(const pie_operation *operation, int32_t value)
{
    return value >= operation->least && value <= operation->most && value % operation->step == 0;
}

/* ---- Memory ---- */

static void stop(const pie_program *program, const pie_instruction *at, const char *what, uint32_t where)
{
    fprintf(stderr, "%s:%d: %s: %s 0x%08x\n", program->path, at->line, at->operation->name, what, (unsigned)where);
    exit(3);
}

typedef struct {
    pie_machine *machine;
    const pie_program *program;
    const pie_instruction *at;
} step;

/* The chip rounds addresses of vectors down (TRM 1.5.3); here that is an error, as for the others it is on the chip. */
static uint8_t *memory_at(const step *s, uint32_t address, uint32_t bytes, int is_write)
{
    if (address % bytes != 0)
        stop(s->program, s->at, "wrong alignment:", address);
    for (int i = 0; i < s->machine->segments; i++) {
        const pie_segment *segment = &s->machine->segment[i];

        if (address - segment->address <= segment->bytes && segment->bytes - (address - segment->address) >= bytes &&
            (segment->is_writable || !is_write))
            return segment->memory + (address - segment->address);
    }
    stop(s->program, s->at, is_write ? "writes to" : "reads from", address);
    return NULL;
}

static uint32_t load_word(const step *s, uint32_t address)
{
    const uint8_t *m = memory_at(s, address, 4, 0);

    return m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 | (uint32_t)m[3] << 24;
}

static void store_word(const step *s, uint32_t address, uint32_t value)
{
    uint8_t *m = memory_at(s, address, 4, 1);

    for (int i = 0; i < 4; i++)
        m[i] = (uint8_t)(value >> 8 * i);
}

/* ---- The chip's own instructions ---- */

/* TRM 1.8, EE.VMULAS.S8.ACCX: sixteen products of signed bytes, added to ACCX, which saturates at 40 bits. */
static void multiply_add(const step *s, const uint8_t *x, const uint8_t *y)
{
    int64_t sum = s->machine->accx;

    for (int i = 0; i < 16; i++)
        sum += (int8_t)x[i] * (int8_t)y[i];
    if (sum < -(INT64_C(1) << 39) || sum >= INT64_C(1) << 39)
        stop(s->program, s->at, "ACCX saturates", 0);
    s->machine->accx = sum;
}

/* TRM 1.8, EE.VUNZIP.8: of the 32 bytes of both, the even ones into the first register, the odd ones into the second.
 */
static void unzip(uint8_t *first, uint8_t *second)
{
    uint8_t bytes[32];

    memcpy(bytes, first, 16);
    memcpy(bytes + 16, second, 16);
    for (int i = 0; i < 16; i++) {
        first[i] = bytes[2 * i];
        second[i] = bytes[2 * i + 1];
    }
}

static void run_vector(const step *s)
{
    pie_machine *m = s->machine;
    const int32_t *o = s->at->operand;

    switch (s->at->operation->code) {
    case EE_VLD_128_IP: /* EE.VLD.128.IP: then the address goes on by the constant */
        memcpy(m->q[o[0]], memory_at(s, m->a[o[1]], 16, 0), 16);
        m->a[o[1]] += (uint32_t)o[2];
        break;
    case EE_VLDBC_8: /* EE.VLDBC.8: a byte, sixteen times */
        memset(m->q[o[0]], *memory_at(s, m->a[o[1]], 1, 0), 16);
        break;
    case EE_ZERO_ACCX:
        m->accx = 0;
        break;
    case EE_VMULAS_S8_ACCX:
        multiply_add(s, m->q[o[0]], m->q[o[1]]);
        break;
    case EE_VMULAS_S8_ACCX_LD_IP: /* the same with the registers as they were, and a load */
        multiply_add(s, m->q[o[3]], m->q[o[4]]);
        memcpy(m->q[o[0]], memory_at(s, m->a[o[1]], 16, 0), 16);
        m->a[o[1]] += (uint32_t)o[2];
        break;
    case EE_ANDQ:
        for (int i = 0; i < 16; i++)
            m->q[o[0]][i] = m->q[o[1]][i] & m->q[o[2]][i];
        break;
    case EE_XORQ:
        for (int i = 0; i < 16; i++)
            m->q[o[0]][i] = m->q[o[1]][i] ^ m->q[o[2]][i];
        break;
    case EE_VUNZIP_8:
        unzip(m->q[o[0]], m->q[o[1]]);
        break;
    default: /* RUR.ACCX_0: the low 32 bits (TRM 1.5.1.2) */
        m->a[o[0]] = (uint32_t)m->accx;
    }
}

/* ---- Xtensa's ---- */

static void run_arithmetic(const step *s)
{
    uint32_t *a = s->machine->a;
    const int32_t *o = s->at->operand;
    uint32_t left = a[o[1] & 15], right = a[o[2] & 15];

    switch (s->at->operation->code) {
    case MOV:
        a[o[0]] = left;
        break;
    case MOVI:
        a[o[0]] = (uint32_t)o[1];
        break;
    case ADD:
        a[o[0]] = left + right;
        break;
    case ADDI:
        a[o[0]] = left + (uint32_t)o[2];
        break;
    case SUB:
        a[o[0]] = left - right;
        break;
    case SLLI:
        a[o[0]] = left << o[2];
        break;
    case SRLI:
        a[o[0]] = left >> o[2];
        break;
    case SRAI:
        a[o[0]] = (uint32_t)((int32_t)left >> o[2]);
        break;
    case EXTUI:
        a[o[0]] = left >> o[2] & ((1u << o[3]) - 1u);
        break;
    case MINU:
        a[o[0]] = left < right ? left : right;
        break;
    case MULL:
        a[o[0]] = left * right;
        break;
    case L8UI:
        a[o[0]] = *memory_at(s, left + (uint32_t)o[2], 1, 0);
        break;
    case L32I:
        a[o[0]] = load_word(s, left + (uint32_t)o[2]);
        break;
    case S8I:
        *memory_at(s, left + (uint32_t)o[2], 1, 1) = (uint8_t)a[o[0]];
        break;
    case S32I:
        store_word(s, left + (uint32_t)o[2], a[o[0]]);
        break;
    default: /* ENTRY: the registers have turned already; the frame is taken */
        a[o[0]] -= (uint32_t)o[1];
    }
}

/* ---- Time ---- */

/* TRM 1.7.1: what stage SA of A has written, stage SB of B has max(SA - SB + 1, 0) cycles after A at the earliest.
 * `ready` holds A's cycle + SA + 1. */
static void wait_for(pie_machine *m, int reg, int stage)
{
    if (m->ready[reg] > m->cycles + (uint64_t)stage)
        m->cycles = m->ready[reg] - (uint64_t)stage;
}

static void count_instruction(const step *s)
{
    const pie_operation *operation = s->at->operation;
    pie_machine *m = s->machine;

    for (int i = 0; operation->signature[i] != '\0'; i++) {
        if (strchr("ab", operation->signature[i]))
            wait_for(m, s->at->operand[i], E);
        else if (strchr("qS", operation->signature[i]))
            wait_for(m, PIE_ADDRESS_REGISTERS + s->at->operand[i], E);
    }
    if (operation->accx_use > 0)
        wait_for(m, ACCX, operation->accx_use);
    for (int i = 0; operation->signature[i] != '\0'; i++) {
        int is_vector = strchr("RSQ", operation->signature[i]) != NULL;

        if (is_vector || strchr("bde", operation->signature[i]))
            m->ready[(is_vector ? PIE_ADDRESS_REGISTERS : 0) + s->at->operand[i]] =
                m->cycles + (strchr("eQ", operation->signature[i]) ? M : E) + 1u;
    }
    if (operation->accx_def > 0)
        m->ready[ACCX] = m->cycles + (uint64_t)operation->accx_def + 1u;
    m->cycles++;
    m->instructions++;
}

/* ---- The program ---- */

/* Returns the number of the next instruction. */
static uint32_t run_one(const step *s, uint32_t at)
{
    pie_machine *m = s->machine;
    const int32_t *o = s->at->operand;
    code what = s->at->operation->code;

    if (what == BEQZ || what == BNEZ) {
        if ((m->a[o[0]] == 0) == (what == BEQZ)) {
            m->cycles += 2; /* TRM 1.7.3 */
            return (uint32_t)o[1];
        }
    } else if (what == LOOPNEZ) {
        m->loop_begin = at + 1u;
        m->loop_end = (uint32_t)o[1];
        m->loop_count = m->a[o[0]] - 1u;
        if (m->a[o[0]] == 0) {
            m->loop_count = 0;
            return m->loop_end;
        }
    } else if (what >= EE_VLD_128_IP) {
        run_vector(s);
    } else {
        run_arithmetic(s);
    }
    if (m->loop_count > 0 && at + 1u == m->loop_end) {
        m->loop_count--;
        return m->loop_begin;
    }
    return at + 1u;
}

void pie_call(pie_machine *machine, const pie_program *program, const uint32_t *arguments, int count)
{
    uint32_t at = 0;

    memset(machine->q, 0xA5, sizeof machine->q);
    machine->accx = -0x123456789;
    machine->loop_count = 0;
    machine->loop_end = 0;
    for (int i = 2; i < PIE_ADDRESS_REGISTERS; i++)
        machine->a[i] = i - 2 < count ? arguments[i - 2] : 0xDEADBEEFu;
    for (;;) {
        step s = {machine, program, &program->code[at]};

        if (at >= (uint32_t)program->count)
            stop(program, &program->code[program->count - 1], "runs out of the program", at);
        count_instruction(&s);
        if (s.at->operation->code == RETW)
            return;
        at = run_one(&s, at);
    }
}
