/* Zephyr: printk() on the standard output. SPDX-License-Identifier: MIT */
#include <stdio.h>

#define printk printf
