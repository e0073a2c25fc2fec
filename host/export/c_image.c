/* SPDX-License-Identifier: MIT */
#include "export/c_image.h"

#include <stdbool.h>
#include <stdio.h>

#include "boards/shape.h"
#include "export/names.h"

enum { WORDS_A_LINE = 10, PATH_BYTES = 128 };

static void add_header(FILE *out, const char *prefix, const dogberry_image *image)
{
    char capitals[DB_IDENTIFIER_MAX], name[33];
    db_identifier_capitals(capitals, prefix);
    db_plain_name(name, image->name);
    fprintf(out, "/* The model \"%s\", made by `dogberry export`. Sizes of what %s_model.c holds. */\n", name, prefix);
    fprintf(out, "#ifndef %s_MODEL_H\n#define %s_MODEL_H\n\n#include <stdint.h>\n\n", capitals, capitals);
    fprintf(out, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    fprintf(out, "#define %s_MODEL_BYTES %uu\n", capitals, image->length);
    fprintf(out, "#define %s_MODEL_SESSION_BYTES %zuu /* of RAM, for dogberry_start() */\n", capitals,
            dogberry_session_bytes(image));
    fprintf(out, "#define %s_MODEL_PARAMETERS %uu\n", capitals, image->parameters);
    fprintf(out, "#define %s_MODEL_VOCABULARY %uu\n", capitals, image->vocab);
    fprintf(out, "#define %s_MODEL_EMBEDDING %uu\n", capitals, image->embedding);
    fprintf(out, "#define %s_MODEL_HIDDEN %uu\n", capitals, image->hidden);
    fprintf(out, "#define %s_MODEL_LAYERS %uu\n\n", capitals, image->layers);
    fprintf(out, "/* For dogberry_open(): the image as little-endian words, aligned to 16 bytes. */\n");
    fprintf(out, "extern const uint32_t %s_model[%s_MODEL_BYTES / 4u];\n\n", prefix, capitals);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

static void add_words(FILE *out, const char *prefix, const dogberry_image *image)
{
    char capitals[DB_IDENTIFIER_MAX], name[33];
    db_identifier_capitals(capitals, prefix);
    db_plain_name(name, image->name);
    fprintf(out, "/* The model \"%s\", made by `dogberry export`: see %s_model.h. */\n", name, prefix);
    fprintf(out, "#include \"%s_model.h\"\n\n", prefix);
    fprintf(out, "/* Where constants go to flash only when told to. */\n"
                 "#ifdef __has_include\n#if __has_include(<avr/pgmspace.h>)\n#include <avr/pgmspace.h>\n"
                 "#elif __has_include(<pgmspace.h>)\n#include <pgmspace.h>\n#endif\n#endif\n"
                 "#ifndef PROGMEM\n#define PROGMEM\n#endif\n\n");
    fprintf(out, "__attribute__((aligned(16))) const uint32_t %s_model[%s_MODEL_BYTES / 4u] PROGMEM = {\n", prefix,
            capitals);
    for (uint32_t at = 0; at < image->length; at += 4) {
        const uint8_t *bytes = image->source.bytes + at;
        uint32_t word = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        bool ends = (at / 4 + 1) % WORDS_A_LINE == 0 || at + 4 >= image->length;
        fprintf(out, "%s0x%x,%s", at / 4 % WORDS_A_LINE == 0 ? "    " : " ", word, ends ? "\n" : "");
    }
    fprintf(out, "};\n");
}

void db_c_image_add(db_package *package, const char *folder, const char *prefix, const dogberry_image *image)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s_model.h", folder, prefix);
    add_header(db_package_text(package, path), prefix, image);
    snprintf(path, sizeof path, "%s%s_model.c", folder, prefix);
    add_words(db_package_text(package, path), prefix, image);
}

/* ---- Summary ---- */

/* Whether any matrix of the image has these bits. */
static bool has_bits(const dogberry_image *image, uint32_t bits)
{
    const bool transformer = image->architecture == DOGBERRY_TRANSFORMER;
    bool found = image->embeddings.bits == bits || image->output_matrix.bits == bits;
    for (uint32_t i = 0; i < image->layers; i++) {
        for (uint32_t part = 0; transformer && part <= DOGBERRY_BLOCK_OUTER; part++)
            found = found || db_shape_block(image, i, part).bits == bits;
        found =
            found || (!transformer && (image->layer[i].input.bits == bits || image->layer[i].recurrent.bits == bits));
    }
    return found;
}

static const char *bits_of(const dogberry_image *image)
{
    const bool wide = has_bits(image, 8), narrow = has_bits(image, 4);
    return wide && narrow ? "int8 and int4" : wide ? "int8" : "int4";
}

static void add_architecture(FILE *out, const dogberry_image *image)
{
    static const char *const outputs[] = {"dense", "tied to the embedding", "class-factored"};
    fprintf(out, "Architecture\n  vocabulary   %u\n  embedding    %u\n  layers       %u of %s %u\n  output       %s\n",
            image->vocab, image->embedding, image->layers,
            image->architecture == DOGBERRY_TRANSFORMER ? "transformer"
            : image->architecture == DOGBERRY_GRU       ? "GRU"
                                                        : "LSTM",
            image->hidden, image->output < 3 ? outputs[image->output] : "unknown");
    fprintf(out, "  parameters   %u\n  weights      %s\n\n", image->parameters, bits_of(image));
}

void db_summary_add(db_package *package, const dogberry_image *image, const db_plan *plan)
{
    const db_board *board = plan->board;
    char name[33];
    db_plain_name(name, image->name);
    FILE *out = db_package_text(package, "export_summary.txt");
    fprintf(out, "Model %s\n\n", name);
    add_architecture(out, image);
    fprintf(out, "Sizes\n  image        %u bytes of flash\n  session      %zu bytes of RAM\n\n", image->length,
            plan->session_bytes);
    fprintf(out, "On %s\n  flash        %.1f %% of %u bytes, %.1f %% with %u bytes reserved for the program\n",
            board->title, 100.0 * image->length / board->flash_bytes, board->flash_bytes,
            100.0 * (double)plan->flash_end / board->flash_bytes, plan->model_offset);
    fprintf(out, "  RAM          %.1f %% of %u bytes for the session\n",
            100.0 * (double)plan->session_bytes / board->ram_bytes, board->ram_bytes);
    fprintf(out, "  words/s      %.1f to %.1f, modelled, not measured\n", plan->tokens_per_second_least,
            plan->tokens_per_second);
    fprintf(out, "    core       %.0f cycles a word at %u MHz: %s\n", plan->cycles_per_token, board->clock_hz / 1000000,
            board->core->basis);
    fprintf(out, "    flash      %llu bytes a word at %.1f MB/s: %s\n", (unsigned long long)plan->cost.image_bytes,
            board->flash_bandwidth / 1e6, board->flash_basis);
    fprintf(out, "    The lower figure adds the two times, the higher takes the larger; \"word\" is one token.\n");
    if (board->note)
        fprintf(out, "  note         %s\n", board->note);
    fprintf(out, "  %s\n", plan->verdict);
}
