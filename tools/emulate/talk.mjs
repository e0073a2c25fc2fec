// Talks with the firmware's console in the emulator and measures what it does.
// SPDX-License-Identifier: MIT
import { CLOCK_HZ } from './clock.mjs';

const PROMPT = '\r\n> ';
const STATUS = /(\^C)?\r\n\[(\d+) tokens?, ([\d.]+) tokens\/s, seed (\d+), digest ([0-9a-f]{8})\]\r\n> $/;

function plain(text) {
  return text.replaceAll('\r\n', '\n');
}

// What a token took: the difference of two machine.cycles(), divided. Null for no tokens.
function costs(from, to, tokens) {
  if (tokens < 1) return null;
  const each = (a, b) => Math.round((b - a) / tokens);
  const core = (a, b) => b && Object.fromEntries(Object.keys(b).map((key) => [key, each(a?.[key] ?? 0, b[key])]));
  return { total: each(from.total, to.total), core0: core(from.core0, to.core0), core1: core(from.core1, to.core1) };
}

export class Talk {
  // deadline: wall-clock milliseconds, as Date.now(), after which everything fails.
  constructor(machine, deadline = Infinity) {
    this.machine = machine;
    this.deadline = deadline;
  }

  // Forgets what was said so far.
  clear() {
    this.machine.output = '';
    this.machine.marks = [];
  }

  // Waits until the board prompts and sleeps. Returns what it has said since clear(), prompt included.
  untilPrompt(what) {
    const { machine } = this;
    machine.runUntil(() => machine.connected && machine.asleep && machine.output.endsWith(PROMPT), what, this.deadline);
    return machine.output;
  }

  // Starts the board. Returns its greeting.
  boot() {
    this.machine.start();
    return plain(this.untilPrompt("the board's first prompt")).replace(/> $/, '');
  }

  // Sends a line as if typed. Returns what came back, without the echo and the prompt.
  command(line) {
    this.clear();
    this.machine.send(`${line}\r`);
    const said = this.untilPrompt(`the prompt after ${JSON.stringify(line)}`);
    const start = said.indexOf('\r\n') + 2;
    return plain(said.slice(start, said.length - PROMPT.length + 2));
  }

  // The same, as { say, text }, like say() for a prompt.
  answer(line) {
    return { say: line, text: this.command(line) };
  }

  // Sends a prompt for the model. Returns the reply, with the cycles a token took: from the first word to the status
  // line, over all tokens but the first, so that the prompt's own share is left out.
  say(line) {
    this.command(line);
    return this.reply(line);
  }

  // The same for output that has already come.
  reply(line) {
    const { machine } = this;
    const said = machine.output;
    const status = STATUS.exec(said);
    const start = said.indexOf('\r\n') + 2;
    if (!status) {
      const answer = plain(said.slice(start, said.length - PROMPT.length)).replaceAll('\n', '; ');
      throw new Error(`no reply to ${JSON.stringify(line)}; the board said: ${answer}`);
    }
    const tokens = Number(status[2]);
    const share = costs(machine.cyclesAt(start), machine.cyclesAt(status.index), tokens - 1);
    return {
      say: line,
      text: plain(said.slice(start, status.index)),
      stopped: status[1] !== undefined,
      tokens,
      tokensPerSecond: Number(status[3]),
      seed: Number(status[4]),
      digest: status[5],
      cyclesPerToken: share?.core0.worked ?? null,
      stallCyclesPerToken: share && share.core0.flashFetch + share.core0.flashData,
      totalCyclesPerToken: share?.total ?? null,
      perToken: share,
      tokensPerSecondAt125MHz: share && Number((CLOCK_HZ / share.total).toFixed(3)),
    };
  }

  // What /bench says: [{ kernels, micros, cycles, flashReads, flashMisses, tokensPerSecond, digest, skipped }], the board's own
  // figures for one token, by its timer; those of flash are undefined where the board does not count them. `skipped`, per
  // cent, is what zeros of ReLU spared of the second feed-forward matrices.
  bench() {
    const said = this.command('/bench').trim();
    const skipped = Number(/^zeros skipped ([\d.]+) %/m.exec(said)?.[1] ?? 0);
    const [heading, ...lines] = said.split('\n').filter((line) => !/^(the model runs|zeros skipped) /.test(line));
    const counted = heading.includes('flash reads');
    return lines.map((line) => {
      const words = line.split(/\s+/);
      const [tokensPerSecond, digest] = [Number(words.at(-2)), words.at(-1)];
      const numbers = words.slice(counted ? -6 : -4, -2).map(Number);
      const kernels = words.slice(0, counted ? -6 : -4).join(' ');
      const [micros, cycles, flashReads, flashMisses] = numbers;
      return { kernels, micros, cycles, flashReads, flashMisses, tokensPerSecond, digest, skipped };
    });
  }

  // What /info says, as numbers.
  info() {
    const text = this.command('/info');
    const numbers = (pattern) => pattern.exec(text)?.slice(1).map(Number) ?? [];
    const [firmwareBytes, modelBytes, modelOffset, flashBytes] = numbers(
      /flash: firmware (\d+) bytes, model (\d+) bytes at (\d+), chip (\d+)/,
    );
    const [staticBytes, stackBytes, ramBytes] = numbers(
      /RAM: static (\d+) bytes \(arena included\), stack (\d+) bytes, chip (\d+)/,
    );
    const [arenaUsed, arenaBytes] = numbers(/arena: (\d+) of (\d+)/);
    const [copyBytes = 0] = numbers(/and (\d+) by a copy of the model/);
    const [stackPeak] = numbers(/stack: (\d+) of (\d+)/);
    return {
      text,
      flash: { firmwareBytes, modelBytes, modelOffset, chipBytes: flashBytes },
      ram: { staticBytes, chipBytes: ramBytes },
      arena: { usedBytes: arenaUsed, copyBytes, bytes: arenaBytes },
      stack: { peakBytes: stackPeak, bytes: stackBytes },
    };
  }
}
