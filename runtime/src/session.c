/*
 * A conversation: state in the caller's arena, tokens in, tokens out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "factored.h"
#include "kinds.h"
#include "layers.h"
#include "session.h"
#include "tokenizer.h"
#include "transformer.h"

#define ROUND_UP_16(bytes) (((bytes) + 15u) & ~15u)

/* The most logits that are there at a time. */
static uint32_t logit_count(const dogberry_image *image)
{
    if (!dogberry_is_factored(image))
        return image->vocab;
    return image->classes > image->factored.largest ? image->classes : image->factored.largest;
}

/* What is there of a transformer's layers behind what all sessions have. */
static void map_transformer(const dogberry_image *image, dogberry_arena_map *map)
{
    map->stream = map->layers;
    map->cache = map->stream + ROUND_UP_16(2u * image->embedding);
    map->total = map->cache + (uint32_t)sizeof(dogberry_context) + ROUND_UP_16(dogberry_transformer_cache_bytes(image));
}

dogberry_arena_map dogberry_map_arena(const dogberry_image *image)
{
    int transformer = dogberry_is_transformer(image);
    uint32_t words = transformer ? dogberry_transformer_words(image) : dogberry_scratch_words(image->hidden);
    uint32_t scratch = ROUND_UP_16(4u * words), fresh = image->hidden;
    dogberry_arena_map map;

    map.logits = DOGBERRY_SESSION_BYTES;
    map.heap = map.logits + ROUND_UP_16(2u * logit_count(image));
    map.edited = map.heap + 2u * DOGBERRY_TOP_K_MAX;
    map.input = map.edited + ROUND_UP_16(2u * image->factored.largest);
    if (map.input - map.logits < scratch)
        map.input = map.logits + scratch;
    map.fresh = map.input + ROUND_UP_16(image->embedding);
    if (transformer && fresh < image->embedding)
        fresh = image->embedding;
    map.shares = map.fresh + ROUND_UP_16(fresh);
    map.layers = map.shares + ROUND_UP_16(4u * image->classes);
    map.layer_bytes = ROUND_UP_16(image->hidden) + ROUND_UP_16(2u * image->hidden);
    map.total = map.layers + image->layers * map.layer_bytes;
    if (transformer)
        map_transformer(image, &map);
    return map;
}

size_t dogberry_session_bytes(const dogberry_image *image)
{
    return dogberry_map_arena(image).total;
}

static void *at(dogberry_session *session, uint32_t offset)
{
    return (uint8_t *)session + offset;
}

static dogberry_state layer_state(dogberry_session *session, const dogberry_arena_map *map, uint32_t layer)
{
    uint32_t offset = map->layers + layer * map->layer_bytes;
    dogberry_state state;

    state.output = at(session, offset);
    state.cell = at(session, offset + ROUND_UP_16(session->model.image->hidden));
    state.fresh = at(session, map->fresh);
    return state;
}

static dogberry_work work_of(dogberry_session *session, const dogberry_arena_map *map)
{
    dogberry_work work = {session->model.image->kernels, at(session, map->logits), (map->input - map->logits) / 4u};

    return work;
}

static dogberry_blocks blocks_of(dogberry_session *session, const dogberry_arena_map *map)
{
    dogberry_blocks blocks = {work_of(session, map),    at(session, map->cache),
                              at(session, map->stream), at(session, map->input),
                              at(session, map->fresh),  at(session, map->cache + (uint32_t)sizeof(dogberry_context))};

    return blocks;
}

/* What the output matrix reads: int8, padded with zeros. */
static const int8_t *output_of(dogberry_session *session, const dogberry_arena_map *map)
{
    const dogberry_image *image = session->model.image;

    if (dogberry_is_transformer(image))
        return at(session, map->input);
    return layer_state(session, map, image->layers - 1u).output;
}

/* One token through the layers; the logits wait until someone asks. */
static void run(dogberry_session *session, uint32_t token)
{
    const dogberry_image *image = session->model.image;
    dogberry_arena_map map = dogberry_map_arena(image);
    dogberry_work work = work_of(session, &map);
    int8_t *x = at(session, map.input);

    session->stale = 1;
    if (dogberry_is_transformer(image)) {
        dogberry_blocks blocks = blocks_of(session, &map);

        dogberry_transformer_step(image, &blocks, token);
        return;
    }
    dogberry_embed(&image->embeddings, token, x);
    for (uint32_t l = 0; l < image->layers; l++) {
        dogberry_state state = layer_state(session, &map, l);

        if (dogberry_is_gru(image))
            dogberry_gru_step(&work, &image->layer[l], image->hidden, x, &state);
        else
            dogberry_lstm_step(&work, &image->layer[l], image->hidden, x, &state);
        x = state.output;
    }
}

int dogberry_start(dogberry_session **session, const dogberry_image *image, void *arena, size_t bytes)
{
    if (session == NULL || image == NULL || arena == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)arena & (DOGBERRY_ARENA_ALIGNMENT - 1u)) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    if (bytes < dogberry_session_bytes(image))
        return DOGBERRY_ERR_ARENA;
    dogberry_session *fresh = arena;

    dogberry_fill(fresh, 0, sizeof *fresh);
    fresh->model.image = image;
    fresh->sampler = dogberry_sampler_make(&image->sampling, image->logit_frac);
    dogberry_reset(fresh, 1);
    *session = fresh;
    return DOGBERRY_OK;
}

/* Stop strings are looked for in what is drawn from here on. */
static void forget_stop(dogberry_session *session)
{
    if (!DOGBERRY_HAS_RULES)
        return;
    session->stop.bytes = 0;
    session->stop.stopped = 0;
}

void dogberry_reset(dogberry_session *session, uint32_t seed)
{
    dogberry_arena_map map = dogberry_map_arena(session->model.image);

    dogberry_fill(at(session, map.logits), 0, map.total - map.logits);
    session->random = dogberry_random_seeded(seed);
    session->digest = 0;
    session->decoder.state = 0;
    session->history.count = 0;
    forget_stop(session);
    run(session, session->model.image->start_token);
}

int dogberry_set_sampling(dogberry_session *session, const dogberry_sampling *sampling)
{
    if (session == NULL || sampling == NULL || !dogberry_sampling_is_valid(sampling))
        return DOGBERRY_ERR_ARGUMENT;
    if (dogberry_is_unsupported(sampling))
        return DOGBERRY_ERR_UNSUPPORTED;
    session->sampler = dogberry_sampler_make(sampling, session->model.image->logit_frac);
    return DOGBERRY_OK;
}

int dogberry_set_banned(dogberry_session *session, const uint16_t *tokens, uint32_t count)
{
    if (session == NULL || (tokens == NULL && count != 0) || count > DOGBERRY_BANNED_MAX)
        return DOGBERRY_ERR_ARGUMENT;
    if (!DOGBERRY_HAS_RULES && count > 0)
        return DOGBERRY_ERR_UNSUPPORTED;
    for (uint32_t i = 0; i < count; i++) {
        if (tokens[i] >= session->model.image->vocab)
            return DOGBERRY_ERR_TOKEN;
    }
    session->banned.tokens = tokens;
    session->banned_count = (uint8_t)count;
    return DOGBERRY_OK;
}

int dogberry_set_stops(dogberry_session *session, const char *const *strings, uint32_t count)
{
    if (session == NULL || (strings == NULL && count != 0) || count > DOGBERRY_STOPS_MAX ||
        !dogberry_stops_are_valid(strings, count))
        return DOGBERRY_ERR_ARGUMENT;
    if (!DOGBERRY_HAS_RULES && count > 0)
        return DOGBERRY_ERR_UNSUPPORTED;
    session->stops.strings = strings;
    session->stop_count = (uint8_t)count;
    forget_stop(session);
    return DOGBERRY_OK;
}

int dogberry_feed_token(dogberry_session *session, uint32_t token)
{
    const dogberry_image *image = session->model.image;

    if (token >= image->vocab)
        return DOGBERRY_ERR_TOKEN;
    dogberry_decoder_advance(&image->tokenizer, &session->decoder, token);
    forget_stop(session);
    if (DOGBERRY_HAS_RULES)
        dogberry_history_add(&session->history, token);
    run(session, token);
    return DOGBERRY_OK;
}

int dogberry_feed(dogberry_session *session, const char *text, size_t length)
{
    dogberry_cursor cursor = {0};
    int token, count = 0;

    if (session == NULL || (text == NULL && length != 0) || length > INT32_MAX)
        return DOGBERRY_ERR_ARGUMENT;
    cursor.text = text;
    cursor.length = length;
    while ((token = dogberry_encode(&session->model.image->tokenizer, &cursor)) >= 0) {
        (void)dogberry_feed_token(session, (uint32_t)token);
        count++;
    }
    return count;
}

static dogberry_factored_room room_of(dogberry_session *session)
{
    const dogberry_image *image = session->model.image;
    dogberry_arena_map map = dogberry_map_arena(image);
    dogberry_factored_room room = {work_of(session, &map), output_of(session, &map), at(session, map.logits),
                                   at(session, map.heap),  at(session, map.edited),  at(session, map.shares)};

    return room;
}

const int16_t *dogberry_logits(dogberry_session *session)
{
    const dogberry_image *image = session->model.image;
    dogberry_factored_room room = room_of(session);

    if (session->stale && dogberry_is_factored(image))
        dogberry_class_logits(image, &room);
    else if (session->stale)
        dogberry_dense(&room.work, &image->output_matrix, image->output_bias, 0, image->vocab, room.hidden);
    session->stale = 0;
    return room.logits;
}

int dogberry_score(dogberry_session *session, uint32_t token, uint32_t level, dogberry_choice *choice)
{
    if (session == NULL || choice == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    const dogberry_image *image = session->model.image;
    int factored = dogberry_is_factored(image);

    if (token >= image->vocab)
        return DOGBERRY_ERR_TOKEN;
    if (level > (factored ? 1u : 0u))
        return 0;
    choice->count = factored ? image->classes : image->vocab;
    choice->target = token;
    if (factored) {
        uint32_t place = image->factored.places[token], c = dogberry_class_at(image, place);

        choice->target = c;
        if (level == 1u) {
            dogberry_factored_room room = room_of(session);

            dogberry_word_logits(image, c, &room);
            session->stale = 1; /* the classes' logits are gone */
            choice->logits = room.logits;
            choice->count = (uint32_t)image->factored.first[c + 1u] - image->factored.first[c];
            choice->target = place - image->factored.first[c];
            return 1;
        }
    }
    choice->logits = dogberry_logits(session);
    return 1;
}

/* Draws the next token; feeds nothing. */
static uint32_t draw(dogberry_session *session)
{
    const dogberry_image *image = session->model.image;
    dogberry_factored_room room = room_of(session);
    dogberry_rules rules = {&image->tokenizer,
                            &session->history,
                            session->banned.tokens,
                            session->banned_count,
                            image->unknown_token,
                            0,
                            0,
                            0};
    dogberry_logit_range range = {room.logits, NULL, 0, image->vocab};
    dogberry_candidates candidates = {room.logits, image->vocab, image->unknown_token, 0, 0, 0, 0};

    if (DOGBERRY_HAS_RULES)
        dogberry_rules_settle(&rules, &session->sampler);
    if (dogberry_is_factored(image)) {
        session->stale = 1;
        return dogberry_sample_factored(&session->sampler, &rules, image, &room, &session->random);
    }
    (void)dogberry_logits(session);
    if (DOGBERRY_HAS_RULES && dogberry_rules_apply(&rules)) {
        dogberry_rules_edit(&rules, &range);
        candidates.bars = 1;
        session->stale = 1; /* they are not the model's any more */
    }
    return dogberry_draw(&candidates, &session->sampler, room.heap, &session->random);
}

/* The text of a token behind what was held back; what of it may be printed stays in `piece`. Returns its length,
 * or ERR_SPACE with nothing changed. */
static int print(dogberry_session *session, uint32_t token, char *piece, size_t capacity)
{
    const dogberry_image *image = session->model.image;
    dogberry_stop *stop = &session->stop;
    size_t held = DOGBERRY_HAS_RULES ? stop->bytes : 0;
    int written;

    if (held >= capacity)
        return DOGBERRY_ERR_SPACE;
    dogberry_copy(piece, stop->held, held);
    written = dogberry_decode(&image->tokenizer, &session->decoder, token, piece + held, capacity - held);
    if (written < 0)
        return written;
    held += (size_t)written;
    if (DOGBERRY_HAS_RULES && token == image->end_token)
        stop->bytes = 0; /* nothing goes on here */
    else if (DOGBERRY_HAS_RULES && session->stop_count > 0)
        held = dogberry_stop_scan(stop, session->stops.strings, session->stop_count, piece, held);
    piece[held] = '\0';
    return (int)held;
}

int dogberry_next(dogberry_session *session, char *piece, size_t capacity, size_t *length)
{
    if (session == NULL || piece == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (DOGBERRY_HAS_RULES && session->stop.stopped) {
        if (capacity > 0)
            piece[0] = '\0';
        if (length != NULL)
            *length = 0;
        return DOGBERRY_STOPPED;
    }
    dogberry_random kept = session->random;
    uint32_t token = draw(session);
    int written = print(session, token, piece, capacity);

    if (written < 0) {
        session->random = kept;
        return written;
    }
    const uint8_t id[2] = {(uint8_t)(token & 0xFFu), (uint8_t)(token >> 8)};

    session->digest = dogberry_crc32(session->digest, id, sizeof id);
    if (length != NULL)
        *length = (size_t)written;
    if (DOGBERRY_HAS_RULES)
        dogberry_history_add(&session->history, token);
    run(session, token);
    return (int)token;
}

int dogberry_flush(dogberry_session *session, char *piece, size_t capacity)
{
    if (session == NULL || piece == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    size_t held = session->stop.bytes;

    if (held >= capacity)
        return DOGBERRY_ERR_SPACE;
    dogberry_copy(piece, session->stop.held, held);
    piece[held] = '\0';
    session->stop.bytes = 0;
    return (int)held;
}

uint32_t dogberry_digest(const dogberry_session *session)
{
    return session->digest;
}

int dogberry_verify(const dogberry_image *image, void *arena, size_t bytes)
{
    dogberry_session *session;
    char piece[DOGBERRY_PIECE_MAX];
    int status = dogberry_start(&session, image, arena, bytes);

    if (status != DOGBERRY_OK || image->golden.tokens == 0)
        return status;
    dogberry_reset(session, image->golden.seed);
    (void)dogberry_feed(session, image->golden.prompt, image->golden.prompt_bytes);
    for (uint32_t i = 0; i < image->golden.tokens; i++)
        (void)dogberry_next(session, piece, sizeof piece, NULL);
    return session->digest == image->golden.digest ? DOGBERRY_OK : DOGBERRY_ERR_GOLDEN;
}
