// What is particular to each kind of task. begin() gives {keys, current, missing}: handlers, the current item, and a sentence while
// something is missing.
import { spans } from './spans.js';
import { chat } from './chat.js';

const checked = (form, name) => form.querySelector(`input[name="${name}"]:checked`);

/** A list of items of which one is current: J and K move, digits and letters apply to it. */
function list(form) {
  const items = [...form.querySelectorAll('[data-item]')];
  let at = 0;
  const show = (index, focus) => {
    at = Math.max(0, Math.min(items.length - 1, index));
    items.forEach((item, i) => item.classList.toggle('current', i === at));
    if (focus) {
      items[at].focus({ preventScroll: true });
      items[at].scrollIntoView({ block: 'nearest' });
    }
  };
  items.forEach((item, i) => {
    item.addEventListener('focusin', () => show(i, false));
    item.addEventListener('pointerdown', () => show(i, false));
  });
  if (items.length > 0) show(0, false);
  return { items, current: () => items[at] ?? null, move: by => show(at + by, true), at: () => at };
}

function comparison(form) {
  const cards = [...form.querySelectorAll('.answer[data-side]')];
  const value = () => checked(form, 'strength')?.value ?? '';
  const level = () => Number(value()) || 0; // 0 for a tie, which clips may have, and for nothing
  const ties = form.querySelector('input[name=strength][value=tie]') !== null;
  const show = () => cards.forEach(card => card.classList.toggle('leads', level() > 0 && (card.dataset.side === 'a') === (level() <= 4)));
  const step = by => {
    const next = level() === 0 ? (by < 0 ? 4 : 5) : Math.max(1, Math.min(8, level() + by));
    const input = form.querySelector(`input[name=strength][value="${next}"]`);
    input.click();
    input.focus({ preventScroll: true });
  };
  const focus = side => { const card = cards.find(c => c.dataset.side === side); card?.focus(); card?.scrollIntoView({ block: 'nearest' });
    };
  form.addEventListener('change', show);
  form.addEventListener('filled', show);
  show();
  return {
    keys: { weaker: () => step(-1), stronger: () => step(1), 'answer-a': () => focus('a'), 'answer-b': () => focus('b') },
    missing: () => (value() === '' ? `First choose one of the eight levels: keys 1 to 8${ties ? '; T for equally good' : ''}.` : ''),
  };
}

function ranking(form) {
  const cards = list(form);
  const rank = card => Number(card.querySelector('input[type=radio]:checked')?.value ?? 0);
  const set = (card, value) => card.querySelector(`input[type=radio][value="${value}"]`)?.click();
  const order = document.getElementById('order');
  const show = () => {
    const groups = new Map();
    cards.items.forEach(card => { if (rank(card) > 0) groups.set(rank(card), [...(groups.get(rank(card)) ?? []), card.dataset.letter]); });
    const left = cards.items.filter(card => rank(card) === 0).map(card => card.dataset.letter);
    const text = [...groups.keys()].sort((a, b) => a - b).map(r => groups.get(r).join(' = ')).join(' > ');
    order.textContent = (text || 'Nothing ranked yet') + (left.length > 0 && text ? `; not ranked: ${left.join(', ')}` : '');
  };
  form.addEventListener('change', show);
  form.addEventListener('filled', show);
  show();
  const shift = by => {
    const card = cards.current();
    set(card, Math.max(1, Math.min(cards.items.length, (rank(card) || (by < 0 ? cards.items.length + 1 : 0)) + by)));
  };
  // A digit ranks the current answer and goes on to the next: four answers take four keys.
  const digits = Object.fromEntries(cards.items.map((_, i) => [`level-${i + 1}`, () => { set(cards.current(), i + 1); cards.move(1); }]));
  return {
    current: cards.current,
    keys: {
      ...digits,
      next: () => cards.move(1),
      previous: () => cards.move(-1),
      better: () => shift(-1),
      worse: () => shift(1),
      tie: () => { if (cards.at() > 0 && rank(cards.items[cards.at() - 1]) > 0) set(cards.current(), rank(cards.items[cards.at() - 1])); },
    },
    missing: () => {
      const left = cards.items.filter(card => rank(card) === 0).map(card => card.dataset.letter);
      return left.length === 0 ? '' : `Rank every answer first. Not ranked: ${left.join(', ')}.`;
    },
  };
}

function best(form) {
  const cards = [...form.querySelectorAll('.answer')];
  const show = () => cards.forEach(card => card.classList.toggle('leads', card.querySelector('input:checked') !== null));
  form.addEventListener('change', show);
  form.addEventListener('filled', show);
  show();
  return { missing: () => (checked(form, 'best') ? '' : 'First choose the best answer, or that none is acceptable.') };
}

function steps(form) {
  const rows = list(form);
  const rating = row => row.querySelector('input[type=radio]:checked')?.value ?? '';
  let chosen = false;
  const show = () => {
    const wrong = rows.items.findIndex(row => rating(row) === '-1');
    rows.items.forEach((row, i) => row.classList.toggle('after', wrong >= 0 && i > wrong));
    document.getElementById('correction').hidden = wrong < 0;
    // The reason follows the ratings until the person says otherwise.
    if (chosen && ['bad_problem', 'give_up'].includes(checked(form, 'finish')?.value)) return;
    const all = rows.items.every(row => ['0', '1'].includes(rating(row)));
    const finish = wrong >= 0 ? 'found_error' : all ? 'solution' : null;
    form.querySelectorAll('input[name=finish]').forEach(input => { input.checked = input.value === finish; });
  };
  form.addEventListener('change', event => {
    if (event.target.name === 'finish') chosen = true;
    else show();
  });
  form.addEventListener('filled', () => { chosen = true; show(); });
  show();
  const rate = value => {
    const row = rows.current();
    row?.querySelector(`input[value="${value}"]`)?.click();
    if (value !== '-1') rows.move(1);
  };
  return {
    current: rows.current,
    keys: {
      next: () => rows.move(1), previous: () => rows.move(-1), wrong: () => rate('-1'), neutral: () => rate('0'), right: () => rate('1'),
    },
    missing: () => (checked(form, 'finish') ? '' : 'Rate every step up to the first wrong one, or choose why you stop.'),
  };
}

function rating(form) {
  return { missing: () => (checked(form, 'value') || form.querySelector('input[name=value]:not([type=radio])')?.value ? ''
    : 'First choose a rating.') };
}

const kinds = { comparison, ranking, best_of: best, steps, spans, rating, chat };

export const begin = (form, tools) => kinds[form.dataset.kind]?.(form, tools) ?? {};
