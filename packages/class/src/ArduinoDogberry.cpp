/* SPDX-License-Identifier: MIT */
#ifdef ARDUINO
#include "ArduinoDogberry.h"

#include <string.h>

bool Dogberry::begin(uint32_t seed)
{
    uint8_t *memory = reinterpret_cast<uint8_t *>(memory_);
    memory += (16 - reinterpret_cast<uintptr_t>(memory) % 16) % 16;
    return begin(dogberry_model, DOGBERRY_MODEL_BYTES, memory, sizeof memory_ - 16, seed);
}

static void saysNothing(void *, const char *, size_t)
{
}

bool Dogberry::begin(const void *image, size_t imageBytes, void *arena, size_t arenaBytes, uint32_t seed)
{
    session_ = nullptr;
    arena_ = arena;
    arenaBytes_ = arenaBytes;
    status_ = dogberry_open(&image_, image, imageBytes);
    if (status_ == DOGBERRY_OK)
        image_.kernels = dogberry_kernels_checked(image_.kernels, saysNothing, nullptr);
    if (status_ == DOGBERRY_OK)
        status_ = dogberry_start(&session_, &image_, arena, arenaBytes);
    if (status_ != DOGBERRY_OK) {
        session_ = nullptr;
        return false;
    }
    dogberry_reset(session_, seed);
    return true;
}

bool Dogberry::verify()
{
    if (session_ == nullptr)
        return false;
    session_ = nullptr;
    status_ = dogberry_verify(&image_, arena_, arenaBytes_);
    return status_ == DOGBERRY_OK;
}

int Dogberry::ask(const char *prompt, uint32_t tokens, Callback callback, void *context)
{
    if (session_ == nullptr)
        return DOGBERRY_ERR_ARGUMENT;
    int count = dogberry_say(session_, prompt, tokens, callback, context);
    status_ = count < 0 ? count : DOGBERRY_OK;
    return count;
}

static void printPiece(void *context, const char *text, size_t bytes)
{
    static_cast<Print *>(context)->write(reinterpret_cast<const uint8_t *>(text), bytes);
}

int Dogberry::ask(const char *prompt, uint32_t tokens, Print &out)
{
    return ask(prompt, tokens, printPiece, &out);
}

int Dogberry::ask(const char *prompt)
{
    if (session_ == nullptr)
        return DOGBERRY_ERR_ARGUMENT;
    return dogberry_feed(session_, prompt, strlen(prompt));
}

bool Dogberry::next(char *piece, size_t capacity)
{
    if (capacity > 0)
        piece[0] = '\0';
    if (session_ == nullptr)
        return false;
    int token = dogberry_next(session_, piece, capacity, nullptr);
    status_ = token < 0 && token != DOGBERRY_STOPPED ? token : DOGBERRY_OK;
    return token >= 0 && token != image_.end_token;
}

void Dogberry::reset(uint32_t seed)
{
    if (session_ != nullptr)
        dogberry_reset(session_, seed);
}
#endif
