// One key map: the rows of the help dialog, which the server renders from its registry, checked there for clashes. What a person rebinds is
// kept on
// this device and shown as text, never as markup.

const dialog = document.getElementById('keys');
const custom = 'attune:keys';
const typing = target => target instanceof HTMLElement
  && (target.isContentEditable || target.matches('textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=range])'));

function name(event) {
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') + (event.altKey ? 'Alt+' : '') + (event.shiftKey && event.key.length > 1 ? 'Shift+'
    : '') + key;
}

function own() {
  try {
    const map = JSON.parse(localStorage.getItem(custom)) ?? {};
    return Object.fromEntries(Object.entries(map).filter(([action, key]) => typeof action === 'string' && typeof key === 'string' &&
      key.length <= 24));
  } catch {
    return {};
  }
}

function rows() {
  return [...(dialog?.querySelectorAll('[data-action]') ?? [])];
}

/** Action by key, with this device's changes. */
function bindings() {
  const map = new Map();
  const changed = own();
  for (const row of rows()) {
    const action = row.dataset.action;
    for (const key of changed[action] !== undefined ? [changed[action]] : row.dataset.keys.split(' ')) {
      if (!map.has(key)) map.set(key, action);
    }
  }
  return map;
}

function show() {
  const changed = own();
  for (const row of rows()) {
    const cell = row.querySelector('.key-cell');
    const keys = changed[row.dataset.action] !== undefined ? [changed[row.dataset.action]] : row.dataset.keys.split(' ');
    cell.replaceChildren(...keys.flatMap((key, i) => {
      const mark = document.createElement('kbd');
      mark.textContent = key.replace(/(^|\+)([a-z])$/, (all, plus, letter) => plus + letter.toUpperCase()).replace('Arrow', '');
      return i === 0 ? [mark] : [' ', mark];
    }));
  }
}

/** Does what an element stands for: radios are chosen, text boxes entered, everything else pressed. */
export function press(element) {
  if (element.matches('input[type=radio], input[type=checkbox]')) {
    element.click();
    element.focus({ preventScroll: true });
  } else if (element.matches('textarea, input, select')) {
    element.focus();
  } else if (element.matches('details')) {
    element.open = !element.open;
    element.querySelector('summary')?.focus();
  } else {
    element.click();
  }
}

/**
 * Listens for keys. An action is a handler of that name, or the element with that data-act: the one inside the current item first.
 * Keys typed into text, and those of an input method, are left alone; only Escape and chords work there.
 */
export function bindKeys(handlers, current = () => null) {
  let map = bindings();
  show();
  document.addEventListener('keydown', event => {
    if (event.isComposing || event.keyCode === 229) return;
    const key = name(event);
    if (typing(event.target)) {
      if (key === 'Escape') {
        event.target.blur();
        return;
      }
      if (!key.startsWith('Ctrl+') || key === 'Ctrl+z') return;
    }
    if (document.querySelector('dialog[open]') || (event.ctrlKey && !map.has(key))) return;
    const action = map.get(key);
    if (action === undefined) return;
    // A focused button or link keeps its own Enter and Space; a radio keeps its arrows.
    if (['Enter', 'Space'].includes(key) && event.target.matches?.('button, a, summary')) return;
    const find = root => [...(root?.querySelectorAll(`[data-act="${CSS.escape(action)}"]`) ?? [])].find(e => !e.matches(':disabled') &&
      e.getClientRects().length > 0);
    const element = handlers[action] ? null : find(current()) ?? find(document);
    if (!handlers[action] && !element) return;
    event.preventDefault();
    if (handlers[action]) handlers[action](event);
    else press(element);
  });
  dialog?.querySelectorAll('[data-rebind]').forEach(button => button.addEventListener('click', () => {
    button.textContent = 'Press a key';
    const listen = event => {
      event.preventDefault();
      event.stopPropagation();
      if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
      document.removeEventListener('keydown', listen, true);
      button.textContent = 'Change';
      const key = name(event);
      const taken = bindings().get(key);
      const action = button.closest('[data-action]').dataset.action;
      const says = dialog.querySelector('[data-says]');
      if (key === 'Escape') return;
      if (taken !== undefined && taken !== action) {
        says.textContent = `“${key}” is already used for “${rows().find(r => r.dataset.action === taken)?.dataset.label ?? taken}”.`;
        return;
      }
      localStorage.setItem(custom, JSON.stringify({ ...own(), [action]: key }));
      says.textContent = 'Saved on this device.';
      map = bindings();
      show();
    };
    document.addEventListener('keydown', listen, true);
  }));
  dialog?.querySelector('[data-reset]')?.addEventListener('click', () => {
    localStorage.removeItem(custom);
    map = bindings();
    show();
  });
}
