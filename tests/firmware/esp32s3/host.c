/*
 * ESP-IDF on a PC, as far as firmware/esp32s3 goes: tasks are threads, the partition "models" is a file, the serial
 * port is standard input and output. host STORE
 *
 * SPDX-License-Identifier: MIT
 */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver/usb_serial_jtag.h"
#include "esp_heap_caps.h"
#include "esp_partition.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

void app_main(void);

struct task {
    sem_t notified;
    void (*code)(void *);
    void *parameter;
};

static struct task main_task, helper_task;
static _Thread_local struct task *current = &main_task;
static esp_partition_t models = {0x420000, 0};
static void *store;

static void *run_task(void *task)
{
    current = task;
    current->code(current->parameter);
    return NULL;
}

BaseType_t xTaskCreatePinnedToCore(void (*code)(void *), const char *name, uint32_t stack, void *parameter,
                                   UBaseType_t priority, TaskHandle_t *created, BaseType_t core)
{
    pthread_t thread;
    (void)name, (void)stack, (void)priority;
    if (core != 1)
        return 0;
    helper_task.code = code;
    helper_task.parameter = parameter;
    *created = &helper_task;
    return pthread_create(&thread, NULL, run_task, &helper_task) == 0 ? pdPASS : 0;
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return current;
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t wait)
{
    (void)clear, (void)wait;
    while (sem_wait(&current->notified) != 0)
        continue;
    return 1;
}

BaseType_t xTaskNotifyGive(TaskHandle_t task)
{
    sem_post(&task->notified);
    return pdPASS;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
    (void)task;
    return 4096;
}

BaseType_t xPortGetCoreID(void)
{
    return 0;
}

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config)
{
    (void)config;
    return ESP_OK;
}

/* Ends the program when it waits for input that has come to its end. */
int usb_serial_jtag_read_bytes(void *buffer, uint32_t length, TickType_t wait)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, (int)wait) <= 0)
        return 0;
    ssize_t got = read(STDIN_FILENO, buffer, length);
    if (got <= 0 && wait > 0)
        exit(0);
    return got > 0 ? (int)got : 0;
}

int usb_serial_jtag_write_bytes(const void *source, size_t size, TickType_t wait)
{
    (void)wait;
    fwrite(source, 1, size, stdout);
    return (int)size;
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char *label)
{
    (void)subtype;
    return type == ESP_PARTITION_TYPE_DATA && strcmp(label, "models") == 0 ? &models : NULL;
}

esp_err_t esp_partition_mmap(const esp_partition_t *partition, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void **out_ptr,
                             esp_partition_mmap_handle_t *out_handle)
{
    *out_handle = 1;
    *out_ptr = (const char *)store + offset;
    return memory == ESP_PARTITION_MMAP_DATA && offset + size <= partition->size ? ESP_OK : ESP_FAIL;
}

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps)
{
    return caps == MALLOC_CAP_SPIRAM ? aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment) : NULL;
}

int64_t esp_timer_get_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return 2;
    models.size = (uint32_t)ftell(file);
    rewind(file);
    store = aligned_alloc(65536, (models.size + 65535u) / 65536u * 65536u);
    if (!store || fread(store, 1, models.size, file) != models.size)
        return 2;
    fclose(file);
    sem_init(&main_task.notified, 0, 0);
    sem_init(&helper_task.notified, 0, 0);
    app_main();
    return 1;
}
