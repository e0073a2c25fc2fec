/*
 * As much of the Arduino API as the package uses, with the signatures of its documentation
 * (docs.arduino.cc/language-reference; the cores' own additions: arduino-pico's rp2040.hwrand32(), ESP-IDF's
 * esp_random(); ESP8266's
 * ESP.random()), on a PC's standard input and output.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

class Print
{
  public:
    virtual ~Print()
    {
    }
    virtual size_t write(uint8_t byte) = 0;
    virtual size_t write(const uint8_t *buffer, size_t size) = 0;
    size_t print(const char *text);
    size_t println(const char *text);
    size_t println(void);
};

class Stream : public Print
{
  public:
    virtual int available() = 0;
    virtual int read() = 0;
};

class HardwareSerial : public Stream
{
  public:
    void begin(unsigned long baud);
    size_t write(uint8_t byte) override;
    size_t write(const uint8_t *buffer, size_t size) override;
    int available() override;
    int read() override;
    explicit operator bool() const
    {
        return true;
    }
};

extern HardwareSerial Serial;

class RP2040
{
  public:
    uint32_t hwrand32();
};

extern RP2040 rp2040;

class EspClass
{
  public:
    uint32_t random() const;
};

extern EspClass ESP;

extern "C" {
uint32_t esp_random(void);
void delay(unsigned long ms);
unsigned long micros(void);
}

void setup(void);
void loop(void);

#endif
