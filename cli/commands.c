/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stddef.h>

const cli_command *const cli_commands[] = {
    &cli_corpus, &cli_train,    &cli_tune, &cli_eval,   &cli_pack,   &cli_inspect, &cli_verify, &cli_plan,
    &cli_store,  &cli_generate, &cli_chat, &cli_export, &cli_import, &cli_presets, NULL,
};
