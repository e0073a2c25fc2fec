/*
 * A conversation: state in the caller's arena, tokens in, tokens out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "factored.h"
#include "image.h"
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
    map->rows = map->cache + (uint32_t)sizeof(dogberry_context) + ROUND_UP_16(dogberry_transformer_cache_bytes(image));
}

static void map_arena(const dogberry_image *image, dogberry_arena_map *map)
{
    int transformer = dogberry_is_transformer(image);
    uint32_t words = transformer ? dogberry_transformer_words(image) : dogberry_scratch_words(image->hidden);
    uint32_t scratch = ROUND_UP_16(4u * words), fresh = image->hidden;

    map->logits = DOGBERRY_SESSION_BYTES;
    map->heap = map->logits + ROUND_UP_16(2u * logit_count(image));
    map->edited = map->heap + 2u * DOGBERRY_TOP_K_MAX;
    map->input = map->edited + ROUND_UP_16(2u * image->factored.largest);
    if (map->input - map->logits < scratch)
        map->input = map->logits + scratch;
    map->fresh = map->input + ROUND_UP_16(image->embedding);
    if (transformer && fresh < image->embedding)
        fresh = image->embedding;
    map->shares = map->fresh + ROUND_UP_16(fresh);
    map->layers = map->shares + ROUND_UP_16(4u * image->classes);
    map->layer_bytes = ROUND_UP_16(image->hidden) + ROUND_UP_16(2u * image->hidden);
    map->rows = map->layers + image->layers * map->layer_bytes;
    map->stream = map->cache = 0;
    if (transformer)
        map_transformer(image, map);
    map->total = map->rows + (DOGBERRY_HAS_STREAM ? ROUND_UP_16(image->stream.chunk) : 0);
}

size_t dogberry_session_bytes(const dogberry_image *image)
{
    dogberry_arena_map map;

    map_arena(image, &map);
    return map.total;
}

static void *at(dogberry_session *session, uint32_t offset)
{
    return (uint8_t *)session + offset;
}

static dogberry_state layer_state(dogberry_session *session, uint32_t layer)
{
    const dogberry_arena_map *map = &session->map;
    uint32_t offset = map->layers + layer * map->layer_bytes;
    dogberry_state state;

    state.output = at(session, offset);
    state.cell = at(session, offset + ROUND_UP_16(session->model.image->hidden));
    state.fresh = at(session, map->fresh);
    return state;
}

static dogberry_work work_of(dogberry_session *session)
{
    const dogberry_arena_map *map = &session->map;
    const dogberry_image *image = session->model.image;
    dogberry_work work = {
        image->kernels, at(session, map->logits), (map->input - map->logits) / 4u, {&image->source, NULL, 0}};

    if (DOGBERRY_HAS_STREAM) {
        work.rows.room = at(session, map->rows);
        work.rows.bytes = image->stream.chunk;
    }
    return work;
}

static dogberry_blocks blocks_of(dogberry_session *session)
{
    const dogberry_arena_map *map = &session->map;
    dogberry_blocks blocks = {work_of(session),         at(session, map->cache),
                              at(session, map->stream), at(session, map->input),
                              at(session, map->fresh),  at(session, map->cache + (uint32_t)sizeof(dogberry_context))};

    return blocks;
}

/* What the output matrix reads: int8, padded with zeros. */
static const int8_t *output_of(dogberry_session *session)
{
    const dogberry_image *image = session->model.image;

    if (dogberry_is_transformer(image))
        return at(session, session->map.input);
    return layer_state(session, image->layers - 1u).output;
}

static int is_broken(const dogberry_session *session)
{
    return DOGBERRY_HAS_STREAM && session->broken;
}

/* Remembers a failure. Returns the status. */
static int checked(dogberry_session *session, int status)
{
    if (DOGBERRY_HAS_STREAM && status == DOGBERRY_ERR_READ)
        session->broken = 1;
    return status;
}

/* A token's way through recurrent layers. */
static int run_recurrent(dogberry_session *session, uint32_t token)
{
    const dogberry_image *image = session->model.image;
    dogberry_work work = work_of(session);
    int8_t *x = at(session, session->map.input);
    int status = dogberry_embed(&work, &image->embeddings, token, x, NULL);

    for (uint32_t l = 0; l < image->layers && !dogberry_unread(status); l++) {
        dogberry_state state = layer_state(session, l);

        if (dogberry_is_gru(image))
            status = dogberry_gru_step(&work, &image->layer[l], image->hidden, x, &state);
        else
            status = dogberry_lstm_step(&work, &image->layer[l], image->hidden, x, &state);
        x = state.output;
    }
    return status;
}

/* One token through the layers; the logits wait until someone asks. */
static int run(dogberry_session *session, uint32_t token)
{
    const dogberry_image *image = session->model.image;

    session->stale = 1;
    if (dogberry_is_transformer(image)) {
        dogberry_blocks blocks = blocks_of(session);

        return checked(session, dogberry_transformer_step(image, &blocks, token));
    }
    return checked(session, run_recurrent(session, token));
}

int dogberry_start(dogberry_session **session, const dogberry_image *image, void *arena, size_t bytes)
{
    if (session == NULL || image == NULL || arena == NULL)
        return DOGBERRY_ERR_ARGUMENT;
    if (((uintptr_t)arena & (DOGBERRY_ARENA_ALIGNMENT - 1u)) != 0)
        return DOGBERRY_ERR_ALIGNMENT;
    if (bytes < dogberry_session_bytes(image) ||
        (dogberry_is_streamed(&image->source) && image->stream.chunk - image->stream.row > DOGBERRY_STREAM_BUFFER_MAX))
        return DOGBERRY_ERR_ARENA;
    dogberry_session *fresh = arena;

    dogberry_fill(fresh, 0, sizeof *fresh);
    fresh->model.image = image;
    map_arena(image, &fresh->map);
    fresh->sampler = dogberry_sampler_make(&image->sampling, image->logit_frac);
    *session = fresh;
    return dogberry_reset(fresh, 1);
}

/* Stop strings are looked for in what is drawn from here on. */
static void forget_stop(dogberry_session *session)
{
    if (!DOGBERRY_HAS_RULES)
        return;
    session->stop.bytes = 0;
    session->stop.stopped = 0;
}

int dogberry_reset(dogberry_session *session, uint32_t seed)
{
    dogberry_fill(at(session, session->map.logits), 0, session->map.rows - session->map.logits);
    session->random = dogberry_random_seeded(seed);
    session->digest = 0;
    session->decoder.state = 0;
    session->history.count = 0;
    if (DOGBERRY_HAS_STREAM)
        session->broken = 0;
    forget_stop(session);
    return run(session, session->model.image->start_token);
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
    if (is_broken(session) ||
        dogberry_unread(checked(session, dogberry_decoder_advance(&image->tokenizer, &session->decoder, token))))
        return DOGBERRY_ERR_READ;
    forget_stop(session);
    if (DOGBERRY_HAS_RULES)
        dogberry_history_add(&session->history, token);
    return run(session, token);
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
        if (dogberry_unread(dogberry_feed_token(session, (uint32_t)token)))
            return checked(session, DOGBERRY_ERR_READ);
        count++;
    }
    (void)checked(session, token);
    return is_broken(session) ? DOGBERRY_ERR_READ : count;
}

static dogberry_factored_room room_of(dogberry_session *session)
{
    const dogberry_arena_map *map = &session->map;
    dogberry_factored_room room = {work_of(session),       output_of(session),       at(session, map->logits),
                                   at(session, map->heap), at(session, map->edited), at(session, map->shares)};

    return room;
}

/* Makes the logits, unless they are there. Returns DOGBERRY_OK or ERR_READ. */
static int make_logits(dogberry_session *session, const dogberry_factored_room *room)
{
    const dogberry_image *image = session->model.image;
    int status = DOGBERRY_OK;

    if (is_broken(session))
        return DOGBERRY_ERR_READ;
    if (session->stale && dogberry_is_factored(image))
        status = dogberry_class_logits(image, room);
    else if (session->stale)
        status = dogberry_dense(&room->work, &image->output_matrix, image->output_bias, 0, image->vocab, room->hidden,
                                &session->highest);
    session->stale = 0;
    return checked(session, status);
}

const int16_t *dogberry_logits(dogberry_session *session)
{
    dogberry_factored_room room = room_of(session);

    return dogberry_unread(make_logits(session, &room)) ? NULL : room.logits;
}

/* The token among its class's. */
static int score_word(dogberry_session *session, uint32_t token, dogberry_choice *choice)
{
    const dogberry_image *image = session->model.image;
    dogberry_factored_room room = room_of(session);
    uint32_t first;
    int c = is_broken(session) ? DOGBERRY_ERR_READ : dogberry_token_class(image, token, &choice->target);

    session->stale = 1; /* the classes' logits are gone */
    choice->logits = room.logits;
    if (c >= 0)
        c = dogberry_word_logits(image, (uint32_t)c, &first, &choice->count, &room);
    if (c == DOGBERRY_OK && choice->target >= choice->count)
        c = DOGBERRY_ERR_READ;
    return checked(session, c) == DOGBERRY_OK ? 1 : DOGBERRY_ERR_READ;
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
    if (factored && level == 1u)
        return score_word(session, token, choice);
    choice->count = factored ? image->classes : image->vocab;
    choice->target = token;
    if (factored) {
        uint32_t index;
        int c = is_broken(session) ? DOGBERRY_ERR_READ : dogberry_token_class(image, token, &index);

        if (checked(session, c) < 0)
            return c;
        choice->target = (uint32_t)c;
    }
    choice->logits = dogberry_logits(session);
    return choice->logits != NULL ? 1 : DOGBERRY_ERR_READ;
}

static dogberry_rules rules_of(dogberry_session *session)
{
    const dogberry_image *image = session->model.image;
    dogberry_rules rules = {&image->tokenizer,
                            &session->history,
                            session->banned.tokens,
                            session->banned_count,
                            image->unknown_token,
                            0,
                            0,
                            0};

    return rules;
}

/* Draws the next token; feeds nothing. Returns its id, or ERR_READ. Not inlined: what it needs is not on the stack then
 * while the token runs. */
__attribute__((noinline)) static int draw(dogberry_session *session)
{
    const dogberry_image *image = session->model.image;
    dogberry_factored_room room = room_of(session);
    int ruled = DOGBERRY_HAS_RULES && (session->sampler.penalty | session->sampler.ngram | session->banned_count) != 0;
    dogberry_candidates candidates;
    dogberry_rules rules;

    if (ruled || dogberry_is_factored(image))
        rules = rules_of(session);
    if (ruled)
        dogberry_rules_settle(&rules, &session->sampler);
    if (dogberry_is_factored(image)) {
        session->stale = 1;
        return dogberry_sample_factored(&session->sampler, &rules, image, &room, &session->random);
    }
    if (dogberry_unread(make_logits(session, &room)))
        return DOGBERRY_ERR_READ;
    dogberry_set_candidates(&candidates, image->kernels, room.logits, image->vocab, image->unknown_token);
    candidates.highest = session->highest;
    candidates.known = 1;
    if (ruled && dogberry_rules_apply(&rules)) {
        dogberry_logit_range range = {room.logits, NULL, 0, 0, image->vocab};

        session->stale = 1; /* they are not the model's any more */
        candidates.bars = 1;
        candidates.known = 0;
        if (dogberry_unread(dogberry_rules_edit(&rules, &range)))
            return DOGBERRY_ERR_READ;
    }
    return (int)dogberry_draw(&candidates, &session->sampler, room.heap, &session->random);
}

/* The text of a token behind what was held back; what of it may be printed stays in `piece`. Returns its length,
 * or ERR_SPACE with nothing changed, or ERR_READ. */
static int print(dogberry_session *session, uint32_t token, char *piece, size_t capacity)
{
    const dogberry_image *image = session->model.image;
    dogberry_stop *stop = &session->stop;
    size_t held = DOGBERRY_HAS_RULES ? stop->bytes : 0;
    int written;

    if (held >= capacity)
        return DOGBERRY_ERR_SPACE;
    if (held > 0)
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
    int token = is_broken(session) ? DOGBERRY_ERR_READ : draw(session), written = token;

    if (!DOGBERRY_HAS_STREAM || token >= 0)
        written = print(session, (uint32_t)token, piece, capacity);
    if (written < 0) {
        session->random = kept;
        return checked(session, written);
    }
    const uint8_t id[2] = {(uint8_t)token, (uint8_t)(token >> 8)};

    session->digest = dogberry_crc32(session->digest, id, sizeof id);
    if (length != NULL)
        *length = (size_t)written;
    if (DOGBERRY_HAS_RULES)
        dogberry_history_add(&session->history, (uint32_t)token);
    written = run(session, (uint32_t)token);
    return dogberry_unread(written) ? written : token;
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

uint32_t dogberry_skipped(const dogberry_session *session, uint32_t *columns)
{
    const dogberry_context *context;

    *columns = 0;
    if (!dogberry_is_transformer(session->model.image))
        return 0;
    context = (const void *)((const uint8_t *)session + session->map.cache);
    *columns = context->columns;
    return context->skipped;
}

uint32_t dogberry_digest(const dogberry_session *session)
{
    return session->digest;
}

int dogberry_verify(const dogberry_image *image, void *arena, size_t bytes)
{
    dogberry_session *session;
    char text[DOGBERRY_PIECE_MAX > DOGBERRY_PROMPT_MAX ? DOGBERRY_PIECE_MAX : DOGBERRY_PROMPT_MAX];
    int status = dogberry_start(&session, image, arena, bytes);

    if (status != DOGBERRY_OK || image->golden.tokens == 0)
        return status;
    const char *prompt = dogberry_fetch(&image->source, DOGBERRY_PROMPT_AT, image->golden.prompt_bytes, text);

    if (prompt == NULL)
        return DOGBERRY_ERR_READ;
    status = dogberry_reset(session, image->golden.seed);
    if (status >= 0)
        status = dogberry_feed(session, prompt, image->golden.prompt_bytes);
    for (uint32_t i = 0; i < image->golden.tokens && status >= 0; i++)
        status = dogberry_next(session, text, sizeof text, NULL);
    if (status < 0)
        return status;
    return session->digest == image->golden.digest ? DOGBERRY_OK : DOGBERRY_ERR_GOLDEN;
}
