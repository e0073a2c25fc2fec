/*
 * Type a line into the serial monitor (115200 baud), and the model goes on from it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <Arduino.h>
#include <ArduinoDogberry.h>

static Dogberry dogberry;
static char line[200];
static size_t length = 0;

void setup()
{
    Serial.begin(115200);
    while (!Serial)
        delay(10);
    if (!dogberry.begin(micros())) {
        Serial.print("the model cannot be used: ");
        Serial.println(dogberry.error());
    }
}

void loop()
{
    int byte = Serial.read();
    if (byte < 0)
        return;
    if (byte != '\n' && byte != '\r') {
        if (length + 1 < sizeof line)
            line[length++] = (char)byte;
        return;
    }
    if (length == 0)
        return;
    line[length] = '\0';
    length = 0;

    /* Piece by piece, as a display would want it. */
    char piece[DOGBERRY_PIECE_MAX];
    dogberry.ask(line);
    for (int i = 0; i < 40 && dogberry.next(piece, sizeof piece); i++)
        Serial.print(piece);
    Serial.println();
}
