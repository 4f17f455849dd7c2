// The page of one task: saves drafts, sends submissions, measures time and handles keys.
import { drafts, outbox, passes, send } from './outbox.js';
import { answers, collect, fill } from './fields.js';
import { bindKeys } from './keys.js';
import { begin } from './interfaces.js';
import './view.js';

if (document.querySelector('.replay')) import('./episodes.js');

const form = document.querySelector('form[data-task]');
form.noValidate = true; // This script reports what is missing, in a live region.
const page = form.dataset;
const state = document.getElementById('state');
const says = document.getElementById('says');
const started = performance.now();
let shownProblem = false;
let sending = false;

// Where the draft is saved: on the server, on this device, or nowhere. Announced as text, not only by colour.
function tell(where, text) {
  state.dataset.state = where;
  if (state.textContent !== text) state.textContent = text;
}

function complain(text) {
  says.textContent = text;
  says.hidden = text === '';
  shownProblem = text !== '';
  if (shownProblem) says.scrollIntoView({ block: 'nearest' });
}

// Active time: the page is visible and there was input within the last minute.
let active = 0;
let lastSign = performance.now();
let lastTick = performance.now();
for (const sign of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'wheel', 'touchstart']) {
  window.addEventListener(sign, () => { lastSign = performance.now(); }, { passive: true });
}
setInterval(() => {
  const now = performance.now();
  if (document.visibilityState === 'visible' && now - lastSign < 60000) active += now - lastTick;
  lastTick = now;
}, 500);

// Drafts are saved on the device at each change, and on the server after a pause.
let pause;
let saved = true;
function changed() {
  if (sending) return; // The submission is in the outbox; a locked form has no fields to save.
  const fields = answers(form);
  saved = drafts.save(page.task, fields);
  if (saved) tell('device', 'Saved on this device');
  else tell('lost', 'Not saved: this device is out of storage. Submit soon.');
  if (shownProblem) complain('');
  clearTimeout(pause);
  pause = setTimeout(() => toServer(), 1500);
}

async function toServer(keepalive = false) {
  clearTimeout(pause);
  if (sending) return; // A submission replaces the draft.
  try {
    await send(page.draftUrl, [['draft', JSON.stringify({ fields: answers(form), at: Date.now() })]], { keepalive });
    saved = true;
    tell('server', 'Draft saved');
  } catch (problem) {
    if (problem.status === 401) complain('You are signed out. Your text is saved on this device. Sign in again in another tab, then continue here.');
    else if (saved) tell('device', problem.status === 0 ? 'Saved on this device; no connection' : passes(problem)
      ? 'Saved on this device; the server is busy' : 'Saved on this device');
  }
}

// Enter in a one-line box does not submit.
form.addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey &&
    event.target.matches('input:not([type=radio]):not([type=checkbox])')) event.preventDefault();
});
form.addEventListener('input', changed);
form.addEventListener('change', changed);
form.addEventListener('own-change', changed);
window.addEventListener('pagehide', () => { if (state.dataset.state === 'device') toServer(true); });
window.addEventListener('beforeunload', event => { if (!saved) event.preventDefault(); });

// Restore the newer draft of this device and the server.
const unsent = outbox.ofTask(page.task);
const mine = unsent ?? drafts.load(page.task);
let theirs = null;
try {
  theirs = JSON.parse(page.draft || 'null');
} catch {
  theirs = null;
}
const newest = mine !== null && (theirs === null || mine.at >= (theirs.at ?? 0)) ? mine : theirs;
const place = begin(form, { changed, tell, complain, reload });
if (Array.isArray(newest?.fields)) {
  if (fill(form, newest.fields)) tell(newest === mine ? 'device' : 'server', 'Draft restored');
}

let gone = false; // Submitted in another tab: there is nothing left to submit here.
drafts.follow(page.task, draft => {
  if (draft !== null) {
    fill(form, draft.fields, true);
    tell('device', 'Changed in another tab');
  } else if (!sending) {
    gone = true;
    lock();
    complain('This task was submitted in another tab.');
    toast('Submitted in another tab.', 'Next task', () => go(page.next));
  }
});

// Submissions are saved first and then sent; they are deleted here only after the server has stored them.
function go(url) {
  sending = true;
  saved = true;
  location.assign(url);
}

function reload() {
  saved = true;
  history.replaceState(null, '', `${location.pathname}#now`);
  location.reload();
}

function lock() {
  form.querySelector('#all').disabled = true;
}

let nothing = false; // The person has said that there is nothing to mark.
document.getElementById('nothing-yes')?.addEventListener('click', event => {
  nothing = true;
  event.target.closest('dialog').close();
  submit();
});

async function submit() {
  if (gone) {
    go(page.next);
    return;
  }
  const missing = place.missing?.();
  if (missing) {
    complain(missing);
    return;
  }
  if (!form.reportValidity()) return;
  const ask = nothing ? null : place.confirm?.();
  if (ask) {
    ask.showModal();
    return;
  }
  const set = (name, value) => { if (form.elements[name]) form.elements[name].value = value; };
  set('active_ms', Math.round(active));
  set('elapsed_ms', Math.round(performance.now() - started));
  set('client_at', Date.now());
  const id = form.elements.submission.value;
  const kept = outbox.put(id, { task: page.task, url: form.action, fields: collect(form) });
  if (!kept) tell('lost', 'This device is out of storage; sending…');
  sending = true;
  lock();
  clearTimeout(pause);
  tell('device', 'Sending…');
  if (kept) await flush();
  else await straight(id, form.action);
}

async function straight(id, url) {
  try {
    go((await send(url, collect(form)))?.next ?? page.next);
  } catch (problem) {
    if (problem.next) go(problem.next);
    else refused(problem);
  }
}

function refused(problem) {
  sending = false;
  form.querySelector('#all').disabled = false;
  tell('device', 'Saved on this device');
  complain(problem.message);
}

let again;
async function flush() {
  clearTimeout(again);
  let [wait, answered, pause] = [false, false, 4];
  const mine = await outbox.flush(({ entry, answer, problem }) => {
    const here = entry.task === page.task;
    answered ||= here;
    if (problem === undefined) {
      if (here) go(answer?.next ?? page.next);
    } else if (passes(problem)) {
      wait = true;
      pause = Math.min(60, Math.max(pause, problem.after ?? 0));
      if (here) {
        tell('device', problem.status === 0 ? 'No connection. Saved on this device; it will be sent when the connection is back.'
          : 'The server is busy. Saved on this device; it will be sent again in a moment.');
      }
    } else if (problem.status === 401) {
      wait = true;
      if (here) complain('You are signed out. Your answer is saved on this device. Sign in again in another tab, and it will be sent.');
    } else if (here) {
      // Submitted before, elsewhere: the next page says so.
      if (problem.next) go(problem.next);
      else refused(problem);
    } else {
      toast(`An answer kept on this device was not stored. ${problem.message}`, 'Close', event => event.target.parentElement.remove());
    }
  });
  if (!mine) again = setTimeout(flush, 1000);
  else if (wait) again = setTimeout(flush, 1000 * pause);
  else if (sending && !answered) go(page.next); // Another tab has sent it.
}

form.addEventListener('submit', event => {
  if (event.submitter?.dataset.native !== undefined) return;
  event.preventDefault();
  submit();
});
window.addEventListener('online', flush);
window.addEventListener('offline', () => { if (state.dataset.state === 'server') tell('device', 'No connection'); });
if (unsent !== null) {
  sending = true;
  lock();
}
if (outbox.all().length > 0) flush();

// Heartbeats extend the lease while the page is visible.
const beat = Math.max(5000, 1000 * Number(page.lease) / 3);
setInterval(async () => {
  if (document.visibilityState !== 'visible') return;
  try {
    const answer = await send(page.heartbeatUrl, [['lease', form.elements.lease?.value ?? '']]);
    if (answer?.held === false &&
      !shownProblem) complain('After a long pause, this task was given to someone else. You can still submit; your answer will be kept.');
  } catch {
    // The next heartbeat tries again.
  }
}, beat);

// A toast with a button, such as undo for the previous task.
function toast(text, label, act) {
  document.querySelector('.toast')?.remove();
  const box = document.createElement('div');
  box.className = 'toast';
  box.setAttribute('role', 'status');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', act);
  box.append(text, button);
  document.body.append(box);
}

document.querySelectorAll('[data-opens]').forEach(button => button.addEventListener('click', () =>
  document.getElementById(button.dataset.opens)?.showModal()));
document.querySelectorAll('[data-closes]').forEach(button => button.addEventListener('click', () => button.closest('dialog').close()));
const ready = document.querySelector('.toast');
if (ready) setTimeout(() => ready.remove(), 20000);

// Guidelines stay open until they are acknowledged, which is noted without leaving what was typed.
document.getElementById('acknowledge')?.addEventListener('submit', async event => {
  event.preventDefault();
  const asked = event.target;
  try {
    await send(asked.action, collect(asked));
    asked.remove();
    document.getElementById('unread')?.remove();
    document.getElementById('guidelines').open = false;
    document.querySelector('#guidelines > summary').focus();
  } catch (problem) {
    complain(problem.status === 0 ? 'No connection: that you have read the guidelines is not noted yet. Try again later.' : problem.message);
  }
});

bindKeys({
  submit: () => form.requestSubmit(form.querySelector('[data-submit]') ?? undefined),
  undo: () => document.getElementById('undo')?.requestSubmit(),
  leave: () => document.activeElement?.blur(),
  keys: () => document.getElementById('keys')?.showModal(),
  ...place.keys,
}, () => place.current?.());
