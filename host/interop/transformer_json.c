/* SPDX-License-Identifier: MIT */
#include "interop/transformer_json.h"

#include <stdbool.h>
#include <string.h>

#include "interop/json.h"
#include "nn/rmsnorm.h"

/* Names of what stands between the feed-forward part's matrices, by enum db_feed_forward. */
static const char *const ACTIVATIONS[] = {NULL, "relu", "relu2", "silu", "silu"};

static void set(json_t *root, const char *key, uint32_t value)
{
    json_object_set_new(root, key, json_integer((json_int_t)value));
}

void db_transformer_to_json(const db_model_config *config, uint16_t start, uint16_t end, json_t *root)
{
    const bool gated = config->feed_forward == DB_SWIGLU;
    json_object_set_new(root, "model_type", json_string(gated ? "llama" : "arcee"));
    json_object_set_new(root, "architectures", json_pack("[s]", gated ? "LlamaForCausalLM" : "ArceeForCausalLM"));
    set(root, "vocab_size", config->vocab);
    set(root, "hidden_size", config->embedding);
    set(root, "intermediate_size", config->hidden);
    set(root, "num_hidden_layers", config->layers);
    set(root, "num_attention_heads", config->heads);
    set(root, "num_key_value_heads", config->kv_heads);
    set(root, "head_dim", db_model_config_head(config));
    set(root, "max_position_embeddings", config->context);
    set(root, "rope_theta", config->rotary_base);
    json_object_set_new(root, "hidden_act", json_string(ACTIVATIONS[config->feed_forward]));
    json_object_set_new(root, "rms_norm_eps", json_real(DB_RMSNORM_EPSILON));
    json_object_set_new(root, "tie_word_embeddings", json_boolean(config->output == DOGBERRY_TIED));
    json_object_set_new(root, "attention_bias", json_false());
    json_object_set_new(root, "mlp_bias", json_false());
    set(root, "bos_token_id", start);
    set(root, "eos_token_id", end);
}

int db_transformer_from_json(db_model_config *config, const json_t *root, const char *where, db_error *error)
{
    const char *activation;
    if (db_json_u32(root, "hidden_size", 1, 65535, &config->embedding, where, error) != 0 ||
        db_json_u32(root, "intermediate_size", 1, 65535, &config->hidden, where, error) != 0 ||
        db_json_u32(root, "num_attention_heads", 1, 65535, &config->heads, where, error) != 0 ||
        db_json_u32(root, "num_key_value_heads", 1, 65535, &config->kv_heads, where, error) != 0 ||
        db_json_u32(root, "max_position_embeddings", 1, DB_CONTEXT_MAX, &config->context, where, error) != 0 ||
        db_json_u32(root, "rope_theta", 0, 100000000, &config->rotary_base, where, error) != 0 ||
        db_json_text(root, "hidden_act", &activation, where, error) != 0)
        return -1;
    const char *type = json_string_value(json_object_get(root, "model_type"));
    if (type && strcmp(type, "arcee") == 0 && strcmp(activation, ACTIVATIONS[DB_SILU]) == 0) {
        config->feed_forward = DB_SILU;
        return 0;
    }
    for (config->feed_forward = DB_RELU; config->feed_forward <= DB_SWIGLU; config->feed_forward++)
        if (strcmp(ACTIVATIONS[config->feed_forward], activation) == 0)
            return 0;
    return db_fail(error, "%s: \"hidden_act\" is \"%.40s\"; relu, relu2 and silu are known", where, activation);
}
