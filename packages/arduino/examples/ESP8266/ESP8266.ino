/*
 * Dogberry on an ESP8266: type a line into the serial monitor (115200 baud), and the model goes on from it.
 *
 * This chip keeps constants in RAM, which is as well: from flash it could read whole words only. So the model and its
 * session have to fit into some 40 KB together (export_summary.txt says their bytes): presets like story-1k to chat-8k,
 * or `char` with 4 bits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ArduinoDogberry.h>

Dogberry dogberry;

static char line[200];
static size_t length = 0;

/* Prints, and lets the chip do its own work. */
static void put(void *, const char *text, size_t bytes)
{
    Serial.write(reinterpret_cast<const uint8_t *>(text), bytes);
    delay(0);
}

void setup()
{
    Serial.begin(115200);
    while (!Serial)
        delay(10);
    if (!dogberry.begin(ESP.random())) {
        Serial.print("the model cannot be used: ");
        Serial.println(dogberry.error());
        return;
    }
    Serial.print("model ");
    Serial.print(dogberry.image().name);
    Serial.println(": type a line");
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
    dogberry.ask(line, 40, put);
    Serial.println();
}
