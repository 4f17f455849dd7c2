// Rendered or raw: the choice is kept on this device, in the cookie that the server reads, so that the next page needs no change.

const main = document.getElementById('main');
const button = document.querySelector('[data-act=view]');
const field = document.querySelector('form[data-task] input[name=view]');
const places = () => main.querySelectorAll('.rendered').length > 0;
const isRaw = () => main.dataset.view === 'raw';

const seen = new Set();

/** Says in the form how the texts of the task were seen. */
function note() {
  if (!field) return;
  seen.add(isRaw() ? 'raw' : 'rendered');
  field.value = !places() ? 'plain' : seen.size > 1 ? 'both' : [...seen][0];
}

/** Shows the other view; what was in the middle of the window stays near it. */
export function turn() {
  const share = window.scrollY / Math.max(1, document.documentElement.scrollHeight);
  if (isRaw()) delete main.dataset.view;
  else main.dataset.view = 'raw';
  button.setAttribute('aria-pressed', String(isRaw()));
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `attune_view=${isRaw() ? 'raw' : 'rendered'}; path=/; max-age=34560000; samesite=strict${secure}`;
  note();
  window.scrollTo(0, share * document.documentElement.scrollHeight);
}

if (button) {
  button.closest('form').hidden = !places();
  button.addEventListener('click', event => { event.preventDefault(); turn(); });
}
note();
