/*
 * Names for the status numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dogberry.h"

const char *dogberry_status_name(int status)
{
    if (status == DOGBERRY_STOPPED) /* far from the others: a compiler's table of all would be long */
        return "DOGBERRY_STOPPED";
    switch (status) {
    case DOGBERRY_OK:
        return "DOGBERRY_OK";
    case DOGBERRY_ERR_ARGUMENT:
        return "DOGBERRY_ERR_ARGUMENT";
    case DOGBERRY_ERR_TRUNCATED:
        return "DOGBERRY_ERR_TRUNCATED";
    case DOGBERRY_ERR_MAGIC:
        return "DOGBERRY_ERR_MAGIC";
    case DOGBERRY_ERR_VERSION:
        return "DOGBERRY_ERR_VERSION";
    case DOGBERRY_ERR_CHECKSUM:
        return "DOGBERRY_ERR_CHECKSUM";
    case DOGBERRY_ERR_IMAGE:
        return "DOGBERRY_ERR_IMAGE";
    case DOGBERRY_ERR_UNSUPPORTED:
        return "DOGBERRY_ERR_UNSUPPORTED";
    case DOGBERRY_ERR_ARENA:
        return "DOGBERRY_ERR_ARENA";
    case DOGBERRY_ERR_TOKEN:
        return "DOGBERRY_ERR_TOKEN";
    case DOGBERRY_ERR_SPACE:
        return "DOGBERRY_ERR_SPACE";
    case DOGBERRY_ERR_ALIGNMENT:
        return "DOGBERRY_ERR_ALIGNMENT";
    case DOGBERRY_ERR_GOLDEN:
        return "DOGBERRY_ERR_GOLDEN";
    case DOGBERRY_ERR_READ:
        return "DOGBERRY_ERR_READ";
    default:
        return "unknown";
    }
}
