// Every page but that of a task: what the outbox still holds is sent, and dialogs open.
import { outbox } from './outbox.js';

if (outbox.all().length > 0) outbox.flush();
window.addEventListener('online', () => outbox.flush());
document.querySelectorAll('[data-opens]').forEach(button => button.addEventListener('click', () =>
  document.getElementById(button.dataset.opens)?.showModal()));
document.querySelectorAll('[data-closes]').forEach(button => button.addEventListener('click', () => button.closest('dialog').close()));
document.querySelectorAll('[data-copy]').forEach(button => button.addEventListener('click', async () => {
  await navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = 'Copied';
}));
