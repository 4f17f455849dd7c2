// Every page but that of a task: what the outbox still holds is sent, and dialogs open.
import { outbox, passes } from './outbox.js';
import './view.js';

function told({ problem }) {
  if (problem === undefined || problem.status === 401 || passes(problem)) return;
  const note = document.createElement('p');
  note.className = 'alert';
  note.setAttribute('role', 'alert');
  note.textContent = `An answer kept on this device was not stored. ${problem.message}`;
  document.getElementById('main').prepend(note);
}

if (outbox.all().length > 0) outbox.flush(told);
window.addEventListener('online', () => outbox.flush(told));
document.querySelectorAll('[data-opens]').forEach(button => button.addEventListener('click', () =>
  document.getElementById(button.dataset.opens)?.showModal()));
document.querySelectorAll('[data-closes]').forEach(button => button.addEventListener('click', () => button.closest('dialog').close()));
document.querySelectorAll('[data-copy]').forEach(button => button.addEventListener('click', async () => {
  await navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = 'Copied';
}));
