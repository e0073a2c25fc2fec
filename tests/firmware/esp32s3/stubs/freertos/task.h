/* FreeRTOS and ESP-IDF's additions: tasks and notifications, as documented. SPDX-License-Identifier: MIT */
#include <stdint.h>

typedef struct task *TaskHandle_t;

BaseType_t xTaskCreatePinnedToCore(void (*code)(void *), const char *name, uint32_t stack, void *parameter,
                                   UBaseType_t priority, TaskHandle_t *created, BaseType_t core);
TaskHandle_t xTaskGetCurrentTaskHandle(void);
uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t wait);
BaseType_t xTaskNotifyGive(TaskHandle_t task);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
