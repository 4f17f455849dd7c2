// A conversation with the model. Each message is sent at once and the page comes back with two replies; what was typed stays on the device
// until then.
import { send } from './outbox.js';
import { collect } from './fields.js';

export function chat(form, tools) {
  const say = form.elements.message;
  const button = form.querySelector('[data-say]');
  const level = () => Number(form.querySelector('input[data-strength]:checked')?.value ?? 0);
  const cards = [...form.querySelectorAll('.answer[data-side]')];
  const show = () => cards.forEach(card => card.classList.toggle('leads', level() > 0 && (card.dataset.side === 'a') === (level() <= 4)));
  const step = by => {
    const next = level() === 0 ? (by < 0 ? 4 : 5) : Math.max(1, Math.min(8, level() + by));
    form.querySelector(`input[data-strength][value="${next}"]`)?.click();
  };
  form.addEventListener('change', show);
  form.addEventListener('filled', show);
  show();

  // A message belongs to a turn. One that came back from a draft and is in the conversation already was sent; only its answer was lost.
  const turn = form.elements.message_turn;
  const now = turn.value;
  form.addEventListener('filled', () => {
    const sent = Number(turn.value) === Number(now) - 1 && say.value === turn.dataset.said;
    turn.value = now;
    if (!sent) return;
    say.value = '';
    tools.changed();
  });

  async function speak(event) {
    event?.preventDefault();
    if (cards.length > 0 && level() === 0) {
      tools.complain('First choose the better reply: keys 1 to 8.');
      return;
    }
    if (say.value.trim() === '') {
      say.focus();
      return;
    }
    tools.complain('');
    button.disabled = true;
    document.getElementById('waiting').hidden = false;
    try {
      await send(button.formAction, collect(form));
      say.value = '';
      tools.changed();
      tools.reload();
    } catch (problem) {
      button.disabled = false;
      document.getElementById('waiting').hidden = true;
      tools.complain(problem.status === 0
        ? 'No connection. Your message is saved on this device. Send it again when the connection is back.' : problem.message);
    }
  }

  button?.addEventListener('click', speak);
  say?.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && !event.ctrlKey) speak(event);
  });
  const focus = side => cards.find(card => card.dataset.side === side)?.focus();
  return {
    // Digits mean the overall rating while it has the focus.
    current: () => document.activeElement?.closest?.('#overall') ?? null,
    keys: {
      weaker: () => step(-1), stronger: () => step(1), 'answer-a': () => focus('a'), 'answer-b': () => focus('b'),
      overall: () => (form.querySelector('input[name=overall]:checked') ?? form.querySelector('input[name=overall]'))?.focus(),
    },
    missing: () => (say.value.trim() !== '' ? 'Your message is not sent yet. Send it, or clear the box.'
      : cards.length > 0 && level() === 0 ? 'First choose the better reply: keys 1 to 8.'
      : !form.querySelector('input[name=overall]:checked') ? 'Rate the whole conversation first: O, then 1 to 5.' : ''),
  };
}
