/*
 * A whole reply through a callback: what most programs want of a session.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"
#include "session.h"

static size_t length_of(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

int dogberry_say(dogberry_session *session, const char *prompt, uint32_t tokens, dogberry_put put, void *context)
{
    char piece[DOGBERRY_PIECE_MAX];
    size_t bytes;

    if (session == NULL || prompt == NULL || put == NULL || tokens > INT32_MAX)
        return DOGBERRY_ERR_ARGUMENT;
    int status = dogberry_feed(session, prompt, length_of(prompt));

    for (uint32_t drawn = 0; drawn < tokens && status >= 0; drawn++) {
        status = dogberry_next(session, piece, sizeof piece, &bytes);
        if (status == DOGBERRY_STOPPED)
            return (int)drawn;
        if (status >= 0 && (bytes > 0 || status != session->model.image->end_token))
            put(context, piece, bytes);
        if (status == session->model.image->end_token)
            return (int)drawn + 1;
    }
    if (status < 0)
        return status;
    status = dogberry_flush(session, piece, sizeof piece);
    if (status > 0)
        put(context, piece, (size_t)status);
    return (int)tokens;
}
