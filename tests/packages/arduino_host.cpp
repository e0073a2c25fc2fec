/*
 * Runs a sketch on a PC: setup(), then loop() until the standard input ends. Random numbers are 1.
 *
 * SPDX-License-Identifier: MIT
 */
#include <Arduino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

HardwareSerial Serial;
RP2040 rp2040;
EspClass ESP;

size_t Print::print(const char *text)
{
    return write(reinterpret_cast<const uint8_t *>(text), strlen(text));
}

size_t Print::println(const char *text)
{
    return print(text) + println();
}

size_t Print::println(void)
{
    return print("\r\n");
}

void HardwareSerial::begin(unsigned long)
{
}

size_t HardwareSerial::write(uint8_t byte)
{
    return write(&byte, 1);
}

size_t HardwareSerial::write(const uint8_t *buffer, size_t size)
{
    return fwrite(buffer, 1, size, stdout);
}

int HardwareSerial::available()
{
    return 1;
}

int HardwareSerial::read()
{
    int byte = getchar();
    if (byte == EOF)
        exit(0);
    return byte;
}

uint32_t RP2040::hwrand32()
{
    return 1;
}

uint32_t EspClass::random() const
{
    return 1;
}

uint32_t esp_random(void)
{
    return 1;
}

void delay(unsigned long)
{
}

unsigned long micros(void)
{
    return 1;
}

int main()
{
    setup();
    for (;;)
        loop();
}
