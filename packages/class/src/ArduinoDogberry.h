/*
 * Dogberry for Arduino: a small language model that goes on from what it is told.
 *
 *     Dogberry dogberry;
 *     void setup() { Serial.begin(115200); dogberry.begin(); }
 *     void loop() { dogberry.ask("who goes there", 40, Serial); delay(10000); }
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ARDUINO_DOGBERRY_H
#define ARDUINO_DOGBERRY_H

#ifdef ARDUINO
#include <Arduino.h>

#include "dogberry.h"
#include "dogberry_model.h"

class Dogberry
{
  public:
    /* Receives a reply piece by piece; `bytes` of text, not NUL-terminated, gone after the call. */
    typedef dogberry_put Callback;

    /* Opens the model of this library and starts a conversation in memory of this object. Different seeds give
     * different replies. Returns false where that fails: error() says why. */
    bool begin(uint32_t seed = 1);

    /* The same with another image (16-byte aligned) and memory for it (8-byte aligned, 16 for the ESP32-S3's vector
     * unit, as long as dogberry_session_bytes() says). */
    bool begin(const void *image, size_t imageBytes, void *arena, size_t arenaBytes, uint32_t seed = 1);

    /* Runs the image's golden vector: whether this board says what the PC said. Ends the conversation; begin() again.
     * Takes as long as some words do. */
    bool verify();

    /* Feeds the prompt and hands the reply to the callback, token by token, at most `tokens`.
     * Returns the number of tokens, or a negative status. */
    int ask(const char *prompt, uint32_t tokens, Callback callback, void *context = nullptr);

    /* The same, printed. */
    int ask(const char *prompt, uint32_t tokens, Print &out);

    /* Feeds the prompt alone; next() then gives the reply. Returns the tokens fed, or a negative status. */
    int ask(const char *prompt);

    /* The next piece of the reply, NUL-terminated; DOGBERRY_PIECE_MAX bytes are always enough.
     * Returns false when the reply is over (piece may hold its last text). */
    bool next(char *piece, size_t capacity);

    /* Forgets the conversation. */
    void reset(uint32_t seed = 1);

    /* What went wrong last, as "DOGBERRY_ERR_CHECKSUM". */
    const char *error() const
    {
        return dogberry_status_name(status_);
    }

    /* The kernels in use after begin(), which tries those for the board against plain C: "xtensa-s3" on an ESP32-S3,
     * "scalar32" there if its vector unit gave other results. */
    const char *kernels() const
    {
        return image_.kernels->name;
    }

    /* For the rest of dogberry.h; NULL before begin(). */
    dogberry_session *session()
    {
        return session_;
    }
    const dogberry_image &image() const
    {
        return image_;
    }

  private:
    dogberry_image image_;
    dogberry_session *session_ = nullptr;
    void *arena_ = nullptr;
    size_t arenaBytes_ = 0;
    int status_ = DOGBERRY_ERR_ARGUMENT;
    uint64_t memory_[(DOGBERRY_MODEL_SESSION_BYTES + 7u) / 8u + 2u]; /* begins at a multiple of 16 in it */
};

#endif
#endif
