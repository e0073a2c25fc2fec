// Loss against wall-clock of both recipes, from build/bench/shakespeare.jsonl: the best so far at some minutes.
// Usage: curves.mjs FILE.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

const MINUTES = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60];

const records = readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const evaluations = (recipe) => records.filter((r) => r.recipe === recipe && Number.isFinite(r.validation_loss));

// The best so far at a moment: null before the first evaluation and where the run has not got that far.
function curve(points) {
  const last = Math.max(...points.map((p) => p.seconds));
  return (seconds) => {
    const soFar = points.filter((p) => p.seconds <= seconds + 1).map((p) => p.validation_loss);
    return soFar.length && seconds <= last + 1 ? Math.min(...soFar) : null;
  };
}

const best = (points) => points.reduce((a, b) => (b.validation_loss < a.validation_loss ? b : a));
const inMinutes = (point) => `${(point.seconds / 60).toFixed(1)} minutes`;

function cell(loss) {
  return loss === null ? '' : `${loss.toFixed(3)} (${Math.exp(loss).toFixed(1)})`;
}

const original = evaluations('original');
const ours = evaluations('ours');
const curves = [curve(original), curve(ours)];
console.log('| minutes | original recipe: nats/word (perplexity) | ours |');
console.log('|---|---|---|');
for (const minutes of MINUTES) {
  const row = curves.map((at) => at(60 * minutes));
  if (row.some((loss) => loss !== null)) console.log(`| ${minutes} | ${row.map(cell).join(' | ')} |`);
}
console.log(`| best | ${[original, ours].map((p) => `${cell(best(p).validation_loss)}, ${inMinutes(best(p))}`).join(' | ')} |`);

const { carried, windowed, epoch, validation_loss: target } = best(original);
const way = windowed < carried ? 'from zero state on windows of 40, as it was trained' : 'with the state carried';
const { end } = records.find((r) => r.recipe === 'original' && r.end);
const crossing = ours.find((p) => p.validation_loss < target);
console.log(`
The original recipe ended because ${end}. Its best, after ${epoch.toFixed(2)} epochs, was measured ${way}
(carried ${carried.toFixed(4)}, windows ${windowed.toFixed(4)}). Ours was below it ${crossing ? `after ${inMinutes(crossing)}` : 'never'}.
The original recipe's clock leaves evaluations out, ours has them in.`);
