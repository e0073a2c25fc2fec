/*
 * Dogberry on an ESP32-S3: type a line into the serial monitor (115200 baud), and the model goes on from it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ArduinoDogberry.h>

Dogberry dogberry;

static char line[200];
static size_t length = 0;

void setup()
{
    Serial.begin(115200);
    while (!Serial)
        delay(10);
    if (!dogberry.begin(esp_random())) {
        Serial.print("the model cannot be used: ");
        Serial.println(dogberry.error());
        return;
    }
    Serial.print("model ");
    Serial.print(dogberry.image().name);
    Serial.print(", kernels ");
    Serial.print(dogberry.kernels());
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
    dogberry.ask(line, 40, Serial);
    Serial.println();
}
