/*
 * Prints runtime/src/tables.c: the function tables of the integer runtime. Run it after
 * changing a table's size; a test holds the committed file to its output.
 *
 *     cc tools/make_tables.c -lm -o make_tables && ./make_tables > runtime/src/tables.c
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double sine(double turns)
{
    return sin(turns * 2.0 * acos(-1.0));
}

/* Entry i is function(i * step) in units of 1 / one, at most `top`. */
static void print_table(const char *type, const char *name, double (*function)(double), double step, int count,
                        double one, double top)
{
    printf("\nconst %s %s[%d] = {", type, name, count);
    for (int i = 0; i < count; i++) {
        double value = floor(function(i * step) * one + 0.5);

        printf("%s%.0f,", i % 12 == 0 ? "\n    " : " ", value < top ? value : top);
    }
    printf("\n};\n");
}

int main(void)
{
    printf("/*\n * Tables of sigmoid, tanh, exp2 and sine. Made by tools/make_tables.c; do not edit.\n *\n"
           " * SPDX-License-Identifier: MIT\n */\n#include \"tables.h\"\n\n/* clang-format off */\n");
    print_table("uint16_t", "dogberry_sigmoid_table", sigmoid, 1.0 / 32, 257, 32768.0, 32767.0);
    print_table("uint16_t", "dogberry_tanh_table", tanh, 1.0 / 32, 257, 32768.0, 32767.0);
    print_table("uint32_t", "dogberry_exp2_table", exp2, -1.0 / 64, 65, 16777216.0, 16777216.0);
    print_table("uint16_t", "dogberry_sine_table", sine, 1.0 / 256, 66, 16384.0, 16384.0);
    return 0;
}
