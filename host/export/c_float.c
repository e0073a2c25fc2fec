/* SPDX-License-Identifier: MIT */
#include "export/c_float.h"

#include <stdlib.h>
#include <string.h>

#include "export/names.h"
#include "text/section.h"

enum { VALUES_A_LINE = 8, SEQUENCE_LENGTH = 40 };

/* Nine digits tell every float; a number without point or exponent would be an int. */
static void put_value(FILE *out, float value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.9g", (double)value);
    fprintf(out, strpbrk(digits, ".e") ? "%sf" : "%s.0f", digits);
}

/* The tensor [rows][cols] as an array, transposed: [cols][rows]. */
static void add_array(FILE *out, const char *name, const float *values, uint32_t rows, uint32_t cols, bool transposed)
{
    uint64_t count = (uint64_t)rows * cols;
    fprintf(out, "\nconst float %s[%llu] PROGMEM = {\n", name, (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++) {
        bool ends = (i + 1) % VALUES_A_LINE == 0 || i + 1 == count;
        fputs(i % VALUES_A_LINE == 0 ? "    " : " ", out);
        put_value(out, values[transposed ? i % rows * cols + i / rows : i]);
        fputs(ends ? ",\n" : ",", out);
    }
    fprintf(out, "};\n");
}

static void add_tensor(FILE *out, const char *name, const db_model_dir *model, const char *tensor_name)
{
    const db_tensor *tensor = db_layout_find(&model->layout, tensor_name);
    bool transposed = tensor->cols > 1 && strcmp(tensor_name, "embedding.weight") != 0;
    add_array(out, name, model->parameters + tensor->offset, tensor->rows, tensor->cols, transposed);
}

static void begin_header(FILE *out, const db_model_dir *model, const char *guard)
{
    char name[33];
    db_plain_name(name, model->name);
    fprintf(out, "/* The model \"%s\", made by `dogberry export --float`. */\n#ifndef %s\n#define %s\n\n", name, guard,
            guard);
    fprintf(out, "#ifdef __has_include\n#if __has_include(<avr/pgmspace.h>)\n#include <avr/pgmspace.h>\n"
                 "#elif __has_include(<pgmspace.h>)\n#include <pgmspace.h>\n#endif\n#endif\n"
                 "#ifndef PROGMEM\n#define PROGMEM\n#endif\n\n");
}

static void add_weights(db_package *package, const db_model_dir *model)
{
    const db_model_config *config = &model->config;
    FILE *out = db_package_text(package, "model_weights_word.h");
    begin_header(out, model, "MODEL_WEIGHTS_WORD_H");
    fprintf(out,
            "#define VOCAB_SIZE %u\n#define SEQ_LENGTH %d\n#define EMBEDDING_DIM %u\n#define LSTM_UNITS %u\n"
            "#define START_TOKEN %u /* fed before a text */\n",
            config->vocab, SEQUENCE_LENGTH, config->embedding, config->hidden, model->start_token);
    fprintf(out, "\n/* [VOCAB_SIZE][EMBEDDING_DIM] */");
    add_tensor(out, "EMBEDDING_WEIGHTS", model, "embedding.weight");
    fprintf(out, "\n/* [EMBEDDING_DIM][4 * LSTM_UNITS]: input, forget, cell and output gate */");
    add_tensor(out, "LSTM_KERNEL", model, "layers.0.weight_input");
    fprintf(out, "\n/* [LSTM_UNITS][4 * LSTM_UNITS] */");
    add_tensor(out, "LSTM_RECURRENT", model, "layers.0.weight_recurrent");
    add_tensor(out, "LSTM_BIAS", model, "layers.0.bias");
    fprintf(out, "\n/* [LSTM_UNITS][VOCAB_SIZE] */");
    add_tensor(out, "DENSE_KERNEL", model, "output.weight");
    add_tensor(out, "DENSE_BIAS", model, "output.bias");
    fprintf(out, "\n#endif\n");
}

/* A quoted C string; everything but printable ASCII in three octal digits, which nothing that follows can extend. */
static void put_string(FILE *out, const char *text, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\' || byte == '?')
            fprintf(out, "\\%03o", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

static void add_words(db_package *package, const db_model_dir *model)
{
    FILE *out = db_package_text(package, "vocab_data_word.h");
    begin_header(out, model, "VOCAB_DATA_WORD_H");
    fprintf(out, "const char *const VOCAB_WORDS[%u] PROGMEM = {\n", model->config.vocab);
    for (uint32_t id = 0; id < model->config.vocab; id++) {
        size_t length;
        const char *key = db_section_key(&model->tokenizer, id, &length);
        fputs("    ", out);
        put_string(out, key, length);
        fputs(",\n", out);
    }
    fprintf(out, "};\n\n#endif\n");
}

int db_c_float_add(db_package *package, const db_model_dir *model, db_error *error)
{
    const db_model_config *config = &model->config;
    if (config->architecture != DOGBERRY_LSTM || config->output != DOGBERRY_DENSE || config->layers != 1 ||
        model->tokenizer.view.kind != DOGBERRY_WORD)
        return db_fail(error,
                       "%s: --float is for models of words with one LSTM layer and a dense output, as preset "
                       "dogberry; export others as an image, without --float",
                       model->name);
    add_weights(package, model);
    add_words(package, model);
    return 0;
}
