// Loss against wall-clock of both recipes, from build/bench/shakespeare.jsonl: the best so far at some minutes.
// Usage: curves.mjs FILE.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

const MINUTES = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60];

const records = readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => JSON.parse(line));

function curve(recipe) {
  const points = records.filter((r) => r.recipe === recipe && Number.isFinite(r.validation_loss));
  const last = Math.max(...points.map((p) => p.seconds));
  return (seconds) => {
    const so_far = points.filter((p) => p.seconds <= seconds + 1).map((p) => p.validation_loss);
    // Nothing where the run has not got that far, and nothing before its first evaluation.
    return so_far.length && seconds <= last + 60 ? Math.min(...so_far) : null;
  };
}

function cell(loss) {
  return loss === null ? '' : `${loss.toFixed(3)} (${Math.exp(loss).toFixed(1)})`;
}

const original = curve('original');
const ours = curve('ours');
console.log('| minutes | original recipe: nats/word (perplexity) | ours |');
console.log('|---|---|---|');
for (const minutes of MINUTES) {
  const row = [original(60 * minutes), ours(60 * minutes)];
  if (row.some((loss) => loss !== null)) console.log(`| ${minutes} | ${row.map(cell).join(' | ')} |`);
}
const best = records.filter((r) => r.recipe === 'original' && Number.isFinite(r.validation_loss))
  .reduce((a, b) => (b.validation_loss < a.validation_loss ? b : a));
const way = best.windowed < best.carried ? 'from zero state on windows of 40, as it was trained' : 'with the state carried';
const { end } = records.find((r) => r.recipe === 'original' && r.end);
console.log(`
The original recipe ended because ${end}; its best is ${best.validation_loss.toFixed(3)} nats a word after \
${(best.seconds / 60).toFixed(1)} minutes (epoch ${best.epoch.toFixed(2)}), measured ${way}
(carried ${best.carried.toFixed(3)}, windows ${best.windowed.toFixed(3)}). Its clock leaves evaluations out, ours has them in.`);
