/*
 * What a chip needs around examples/minimal.c: where execution begins, and where text goes.
 * Here that is an emulated Cortex-M0 with 16 KB of RAM (QEMU's "microbit") and the debugger's
 * console; a board's own file writes to its UART instead.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"

enum { SYS_WRITEC = 3, SYS_EXIT = 0x18, EXIT_GOOD = 0x20026, EXIT_BAD = 0x20024 };

extern const uint8_t image_begin[], image_end[]; /* image.S */
extern uint32_t stack_top[];                     /* link.ld */

int talk(const void *bytes, size_t length, dogberry_put put, void *context); /* minimal.c */

static void ask_debugger(uint32_t what, const void *argument)
{
    register uint32_t operation __asm__("r0") = what;
    register const void *value __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(value) : "memory");
}

static void put(void *context, const char *text, size_t bytes)
{
    (void)context;
    for (size_t i = 0; i < bytes; i++)
        ask_debugger(SYS_WRITEC, text + i);
}

static void start(void)
{
    int status = talk(image_begin, (size_t)(image_end - image_begin), put, NULL);

    put(NULL, "\n", 1);
    ask_debugger(SYS_EXIT, (const void *)(uintptr_t)(status < 0 ? EXIT_BAD : EXIT_GOOD));
    for (;;) {
    }
}

static void fault(void)
{
    ask_debugger(SYS_EXIT, (const void *)EXIT_BAD);
    for (;;) {
    }
}

/* RAM needs no clearing before start(): the emulator's is zero, and nothing here relies on it. */
__attribute__((section(".vectors"), used)) static const struct {
    void *stack;
    void (*handlers[3])(void);
} vectors = {stack_top, {start, fault, fault}};
