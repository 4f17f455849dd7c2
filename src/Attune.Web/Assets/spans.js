// Marks parts of an answer. Its units are words, or characters where a person asks for them (units.js); positions are code points. A unit is
// picked by pointer or by arrow keys, more with Shift or by dragging; a type makes it a mark.
import { cut } from './units.js';

const unitKey = 'attune:unit';

export function spans(form) {
  const text = document.getElementById('words');
  const answer = text.dataset.text;
  const points = [...answer];
  let words = [];
  const field = form.elements.spans;
  const rows = document.getElementById('span-list');
  const types = JSON.parse(field.dataset.types);
  let [anchor, head] = [-1, -1];
  let marks = [];

  const range = () => (anchor < 0 ? null : [Math.min(anchor, head), Math.max(anchor, head)]);
  const startOf = word => Number(word.dataset.s);
  const endOf = word => Number(word.dataset.e);
  const inside = (word, mark) => startOf(word) < mark.end && endOf(word) > mark.start;
  const between = (start, end) => points.slice(start, end).join('');
  const quote = mark => between(mark.start, mark.end);

  function show() {
    const picked = range();
    words.forEach((word, i) => {
      word.classList.toggle('cursor', i === head);
      word.classList.toggle('picked', picked !== null && i >= picked[0] && i <= picked[1]);
      const mark = marks.findLast(m => inside(word, m));
      word.className = word.className.replace(/ ?\bm\d\b/g, '');
      word.classList.toggle('marked', mark !== undefined);
      word.classList.toggle('first', mark !== undefined && (i === 0 || !inside(words[i - 1], mark)));
      if (mark) {
        word.classList.add(`m${Math.max(0, types.indexOf(mark.type)) % 8}`);
        word.dataset.mark = String(types.indexOf(mark.type) + 1);
      }
    });
    document.getElementById('pick').textContent = picked === null
      ? 'Nothing selected.'
      : `Picked: “${between(startOf(words[picked[0]]), endOf(words[picked[1]]))}”`;
  }

  /** Lays the text out in units; what was picked stays picked, in the new units. */
  function layOut(by) {
    const picked = range() && { start: startOf(words[range()[0]]), end: endOf(words[range()[1]]) };
    text.replaceChildren(...cut(answer, by).map(unit => {
      if (unit.blank) return document.createTextNode(unit.text);
      const word = document.createElement('span');
      word.className = 'w';
      word.dataset.s = String(unit.start);
      word.dataset.e = String(unit.end);
      word.textContent = unit.text;
      return word;
    }));
    words = [...text.querySelectorAll('.w')];
    anchor = picked ? words.findIndex(word => inside(word, picked)) : -1;
    head = picked ? words.findLastIndex(word => inside(word, picked)) : -1;
    document.querySelectorAll('[data-by]').forEach(button => button.setAttribute('aria-pressed', String(button.dataset.by === by)));
  }

  function select(by) {
    try {
      localStorage.setItem(unitKey, by);
    } catch {
      // Full or forbidden: it holds for this page.
    }
    layOut(by);
    show();
  }

  function list() {
    rows.replaceChildren(...marks.map((mark, i) => {
      const row = document.createElement('li');
      row.className = `m${Math.max(0, types.indexOf(mark.type)) % 8}`;
      row.tabIndex = 0;
      row.dataset.span = String(i);
      const kind = document.createElement('strong');
      kind.textContent = `${types.indexOf(mark.type) + 1} ${mark.type}`;
      const said = document.createElement('q');
      said.textContent = quote(mark);
      const remove = document.createElement('button');
      remove.type = 'button';
      remove.className = 'little';
      remove.textContent = 'Delete';
      remove.setAttribute('aria-label', `Delete the mark ${mark.type}: ${quote(mark)}`);
      remove.addEventListener('click', () => drop(i));
      const note = document.createElement('input');
      note.value = mark.note ?? '';
      note.placeholder = 'Why? (optional)';
      note.setAttribute('aria-label', `Note on ${mark.type}: ${quote(mark)}`);
      note.maxLength = 2000;
      note.addEventListener('input', () => {
        marks[i] = { ...mark, note: note.value === '' ? undefined : note.value };
        field.value = JSON.stringify(marks);
      });
      row.append(kind, said, remove, note);
      return row;
    }));
  }

  function keep() {
    marks.sort((one, other) => one.start - other.start || one.end - other.end);
    field.value = JSON.stringify(marks);
    list();
    show();
    form.dispatchEvent(new CustomEvent('own-change'));
  }

  function mark(type) {
    const picked = range();
    if (picked === null) {
      document.getElementById('pick').textContent = 'Select the words first.';
      return;
    }
    const made = { start: startOf(words[picked[0]]), end: endOf(words[picked[1]]), type };
    if (!marks.some(m => m.start === made.start && m.end === made.end && m.type === type)) marks.push(made);
    anchor = -1;
    keep();
    text.focus({ preventScroll: true });
  }

  function drop(index) {
    marks.splice(index, 1);
    keep();
    (rows.children[Math.min(index, marks.length - 1)] ?? text).focus();
  }

  function load() {
    try {
      const read = JSON.parse(field.value || '[]');
      marks = Array.isArray(read) ? read : [];
    } catch {
      marks = [];
    }
    list();
    show();
  }

  // Pointer: drag, or tap the first and the last word.
  let dragging = false;
  const wordOf = event => document.elementFromPoint(event.clientX, event.clientY)?.closest('.w');
  text.addEventListener('pointerdown', event => {
    const word = event.target.closest('.w');
    if (!word) return;
    const at = words.indexOf(word);
    if (event.shiftKey && anchor >= 0) head = at;
    else if (event.pointerType === 'touch' && anchor >= 0 && anchor === head && at > anchor) head = at;
    else [anchor, head] = [at, at];
    dragging = event.pointerType !== 'touch';
    show();
  });
  text.addEventListener('pointermove', event => {
    const word = dragging ? wordOf(event) : null;
    if (!word || words.indexOf(word) === head) return;
    head = words.indexOf(word);
    show();
  });
  window.addEventListener('pointerup', () => { dragging = false; });

  // Keys inside the text: arrows move, Shift grows.
  text.addEventListener('keydown', event => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(words.length - 1, head < 0 ? 0 : head + by));
    if (!event.shiftKey || anchor < 0) anchor = to;
    head = to;
    show();
    words[head].scrollIntoView({ block: 'nearest' });
  });
  document.querySelectorAll('[data-type]').forEach(button => button.addEventListener('click', () => mark(button.dataset.type)));
  document.getElementById('copy')?.addEventListener('click', () => {
    form.elements.corrected.value = form.elements.corrected.dataset.original;
    form.elements.corrected.focus();
    form.dispatchEvent(new CustomEvent('own-change'));
  });
  document.querySelectorAll('[data-by]').forEach(button => button.addEventListener('click', () => select(button.dataset.by)));
  form.addEventListener('filled', load);
  layOut(localStorage.getItem(unitKey) === 'character' ? 'character' : 'word');
  load();
  const focused = () => document.activeElement?.closest?.('[data-span]');
  return {
    confirm: () => (marks.length === 0 ? document.getElementById('nothing') : null),
    keys: {
      'answer-text': () => { text.focus(); if (head < 0) { [anchor, head] = [0, 0]; show(); } },
      unit: () => document.querySelector('[data-by][aria-pressed=false]').click(),
      'next-span': () => ((focused()?.nextElementSibling ?? rows.firstElementChild)?.focus()),
      'delete-span': () => { const row = focused(); if (row) drop(Number(row.dataset.span)); },
      note: () => (focused() ?? rows.lastElementChild)?.querySelector('input')?.focus(),
    },
  };
}
