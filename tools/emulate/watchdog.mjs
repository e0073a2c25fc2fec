// What the watchdog does to the emulated board when nobody feeds it (RP2040 datasheet, 4.7): everything starts again
// but the watchdog's own reason and scratch registers, flash, and what is left in SRAM. rp2040js has the counter.
// SPDX-License-Identifier: MIT

const WATCHDOG = 0x40058; // keys of rp2040js: address >> 12
const POWER_ON_STATE_MACHINE = 0x40010;

// A core as it comes out of reset; where it goes on is Machine.start()'s business.
function resetCore(core) {
  Object.assign(core, {
    PM: false, IPSR: 0, currentMode: 0, SPSEL: 0, nPRIV: false, VTOR: 0,
    pendingInterrupts: 0, enabledInterrupts: 0, interruptsUpdated: false,
    pendingNMI: false, pendingPendSV: false, pendingSVCall: false, pendingSystick: false,
    eventRegistered: false, waiting: false, ready: -1,
  });
}

// Lets `machine` start again when its watchdog says so. machine.restarts counts.
export function restartOnWatchdog(machine) {
  const { rp2040 } = machine;
  const watchdog = rp2040.peripherals[WATCHDOG];
  machine.restarts = 0;
  watchdog.onWatchdogTrigger = () => {
    machine.restarts++;
    watchdog.writeUint32(0, 0); // disabled
    rp2040.peripherals[POWER_ON_STATE_MACHINE].frceOff = 0;
    machine.cores.forEach(resetCore);
    if (machine.cores[1]) machine.cores[1].stopped = true;
    machine.mailboxes.reset();
    for (const channel of rp2040.dma.channels) channel.stop?.();
    machine.ssi?.disable();
    machine.connected = machine.port === 'uart';
    machine.start();
  };
}
