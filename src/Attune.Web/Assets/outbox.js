// What was typed and what was submitted stays on this device until the server has said that it has it. localStorage, because it is written
// before
// the next line runs: a tab that is killed loses nothing. Entries carry the person's id, so that two people at one computer never mix.

const person = document.querySelector('meta[name=attune-person]')?.content ?? '';
const draftKey = task => `attune:draft:${person}:${task}`;
const entryPrefix = `attune:outbox:${person}:`;

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false; // Full or forbidden: the caller says so and warns before the page is left.
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Nothing is wrong with what was sent: the line, the server or its patience is. Keep it and send it again. */
export const passes = problem => problem.status === 0 || problem.status === 429 || problem.status >= 500;

export const token = () => document.querySelector('meta[name=attune-token]')?.content ?? '';

/**
 * Sends a form's fields; the answer's JSON, or null for an empty one. Throws {status, message, after}; status 0 is a lost connection, after
 * the seconds a busy server asks to wait.
 */
export async function send(url, fields, options = {}) {
  let answer;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json', RequestVerificationToken: token() },
      body: new URLSearchParams(fields).toString(),
      credentials: 'same-origin',
      redirect: 'manual',
      ...options,
    });
  } catch {
    throw { status: 0, message: 'No connection.' };
  }

  if (answer.type === 'opaqueredirect') throw { status: 401, message: 'Please sign in again.' };
  const text = await answer.text();
  let body = null;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    body = null;
  }

  if (!answer.ok) throw { status: answer.status, message: body?.detail ?? body?.title ?? `The server answered ${answer.status}.`,
    after: Number(answer.headers.get('Retry-After')) || 0, next: body?.next };
  return body;
}

export const drafts = {
  save: (task, fields) => write(draftKey(task), { fields, at: Date.now() }),
  load: task => read(draftKey(task)),
  drop: task => localStorage.removeItem(draftKey(task)),
  /** Calls back with what another tab has typed for this task, or null once it was submitted there. */
  follow(task, changed) {
    window.addEventListener('storage', event => {
      if (event.key === draftKey(task)) changed(event.newValue === null ? null : JSON.parse(event.newValue));
    });
  },
};

export const outbox = {
  /** Keeps a submit before it is sent. */
  put: (id, entry) => write(entryPrefix + id, { ...entry, at: Date.now() }),
  drop: id => localStorage.removeItem(entryPrefix + id),
  all() {
    const found = [];
    for (let i = 0; i < localStorage.length; i++) {
      const key = localStorage.key(i);
      if (key.startsWith(entryPrefix)) found.push({ id: key.slice(entryPrefix.length), ...read(key) });
    }
    return found.sort((one, other) => one.at - other.at);
  },
  ofTask: task => outbox.all().find(entry => entry.task === task) ?? null,

  /**
   * Sends everything kept, oldest first, in one tab at a time. Calls back {entry, answer} or {entry, problem}; false where another tab is
   * at it. What is refused for good is kept as the task's draft.
   */
  async flush(each = () => {}) {
    const work = async () => {
      for (const entry of outbox.all()) {
        try {
          const answer = await send(entry.url, entry.fields);
          // The draft goes only where it is what was sent: another tab may have typed on.
          outbox.drop(entry.id);
          const draft = drafts.load(entry.task);
          if (draft === null || draft.at <= entry.at) drafts.drop(entry.task);
          each({ entry, answer });
        } catch (problem) {
          const waits = problem.status === 401 || passes(problem);
          if (!waits) {
            const draft = drafts.load(entry.task);
            if (draft === null || draft.at < entry.at) drafts.save(entry.task, entry.fields);
            outbox.drop(entry.id);
          }
          each({ entry, problem });
          if (waits) return;
        }
      }
    };
    // Two tabs that send the same entry do no harm, as its id is stored once; one at a time is merely tidier. A tab that sleeps must not
    // hold up the others.
    if (!navigator.locks) {
      await work();
      return true;
    }
    return await navigator.locks.request('attune-outbox', { ifAvailable: true }, async lock => {
      if (lock === null) return false;
      await work();
      return true;
    });
  },
};
