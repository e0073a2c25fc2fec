/*
 * Start-up, faults and exit of a bare Cortex-M. The exit is a debugger's (Arm semihosting).
 * SPDX-License-Identifier: MIT
 */
#include "machine.h"

extern uint32_t bss_begin[], bss_end[];

enum { SYS_EXIT = 0x18, EXIT_SUCCESS_CODE = 0x20026, EXIT_FAILURE_CODE = 0x20024 };

void machine_exit(int status)
{
    register uintptr_t r0 __asm__("r0") = SYS_EXIT;
    register uintptr_t r1 __asm__("r1") = status == 0 ? EXIT_SUCCESS_CODE : EXIT_FAILURE_CODE;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    for (;;) {
    }
}

void start(void);

void start(void)
{
#ifdef __ARM_FP /* nothing computes in floating point, but a compiler may use the registers */
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    __asm__ volatile("cpsid i"); /* interrupts wake machine_rest() and are not served */
    for (uint32_t *at = bss_begin; at < bss_end; at++)
        *at = 0;
    machine_start();
    machine_exit(main());
}

__attribute__((section(".vectors"), used)) static const struct {
    void *stack;
    void (*handlers[15])(void);
} vectors = {__StackTop,
             {start, machine_fault, machine_fault, machine_fault, machine_fault, machine_fault, machine_fault,
              machine_fault, machine_fault, machine_fault, machine_fault, machine_fault, machine_fault, machine_fault,
              machine_fault}};
