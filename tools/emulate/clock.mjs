// The emulator's clock: time is the cycle count of the core that runs. So it is exact at every instruction and there is
// nothing to keep up to date while instructions run. A core that sleeps is brought up to the time when it wakes.
// SPDX-License-Identifier: MIT

export const CLOCK_HZ = 125e6;
const NANOS_PER_CYCLE = 1e9 / CLOCK_HZ;

class Alarm {
  constructor(clock, callback) {
    this.clock = clock;
    this.callback = callback;
    this.nanos = 0;
    this.scheduled = false;
  }

  schedule(nanos) {
    this.cancel();
    this.nanos = this.clock.nanos + nanos;
    this.scheduled = true;
    this.clock.insert(this);
  }

  cancel() {
    if (this.scheduled) this.clock.remove(this);
    this.scheduled = false;
  }
}

export class CycleClock {
  constructor() {
    this.core = { cycles: 0 }; // the emulated core that runs, once there is one
    this.alarms = []; // those scheduled, soonest first
    this.deadline = Infinity; // the cycle at which the first is due
  }

  get nanos() {
    return this.core.cycles * NANOS_PER_CYCLE;
  }

  get micros() {
    return this.nanos / 1000;
  }

  nanosOf(cycles) {
    return cycles * NANOS_PER_CYCLE;
  }

  createAlarm(callback) {
    return new Alarm(this, callback);
  }

  insert(alarm) {
    let at = this.alarms.length;
    while (at > 0 && this.alarms[at - 1].nanos > alarm.nanos) at--;
    this.alarms.splice(at, 0, alarm);
    this.update();
  }

  remove(alarm) {
    this.alarms.splice(this.alarms.indexOf(alarm), 1);
    this.update();
  }

  update() {
    this.deadline = this.alarms.length ? this.alarms[0].nanos / NANOS_PER_CYCLE : Infinity;
  }

  // Whether anything is going to happen without a core.
  get pending() {
    return this.alarms.length > 0;
  }

  // Whether the first alarm is due.
  get due() {
    return this.core.cycles >= this.deadline - 1e-6;
  }

  fireDue() {
    while (this.due) {
      const alarm = this.alarms.shift();
      alarm.scheduled = false;
      this.update();
      alarm.callback();
    }
  }
}
