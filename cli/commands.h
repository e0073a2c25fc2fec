/*
 * The subcommands, one a file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

extern const cli_command cli_corpus, cli_train, cli_tune, cli_eval, cli_pack, cli_inspect, cli_verify, cli_plan,
    cli_store, cli_generate, cli_chat, cli_export, cli_import, cli_presets;

#endif
