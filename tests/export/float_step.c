/*
 * The headers that `dogberry export --float` writes, used as the first Dogberry used its own: runs the tokens that are
 * given as arguments through the float LSTM and prints the logits, then the words. Compiled by test_c_float.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model_weights_word.h"
#include "vocab_data_word.h"

static float hidden[LSTM_UNITS], cell[LSTM_UNITS];

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

static float gate(int which, const float *before, const float *x, int unit)
{
    int column = which * LSTM_UNITS + unit;
    float sum = LSTM_BIAS[column];
    for (int i = 0; i < EMBEDDING_DIM; i++)
        sum += x[i] * LSTM_KERNEL[i * 4 * LSTM_UNITS + column];
    for (int i = 0; i < LSTM_UNITS; i++)
        sum += before[i] * LSTM_RECURRENT[i * 4 * LSTM_UNITS + column];
    return sum;
}

static void step(int token)
{
    const float *x = &EMBEDDING_WEIGHTS[token * EMBEDDING_DIM];
    float before[LSTM_UNITS];
    for (int j = 0; j < LSTM_UNITS; j++)
        before[j] = hidden[j];
    for (int j = 0; j < LSTM_UNITS; j++) {
        float in = sigmoid(gate(0, before, x, j)), forget = sigmoid(gate(1, before, x, j));
        cell[j] = forget * cell[j] + in * tanhf(gate(2, before, x, j));
        hidden[j] = sigmoid(gate(3, before, x, j)) * tanhf(cell[j]);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        step(atoi(argv[i]));
    for (int v = 0; v < VOCAB_SIZE; v++) {
        float logit = DENSE_BIAS[v];
        for (int j = 0; j < LSTM_UNITS; j++)
            logit += hidden[j] * DENSE_KERNEL[j * VOCAB_SIZE + v];
        printf("%.9g\n", (double)logit);
    }
    for (int v = 0; v < VOCAB_SIZE; v++)
        printf("%s%c", VOCAB_WORDS[v], 0);
    return 0;
}
