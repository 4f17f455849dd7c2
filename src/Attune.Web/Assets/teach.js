// A person teaches an agent: steps come at a steady clock, keys and buttons give feedback. What happened is timed here, kept on this device
// until the server has stored it, and sent again after a lost connection; the server takes a number once.
const main = document.querySelector('main');
const at = id => document.getElementById(id);
const stepMs = Number(main.dataset.step) * 1000;
const pauseMs = 1000; // after an episode, so that its end can still be judged
const place = 'attune-teaching';

let events = JSON.parse(localStorage.getItem(place) || '[]'); // not yet stored by the server
let number = events.reduce((most, e) => Math.max(most, e.number), 0);
let began = null; // what performance.now() is counted from, so that time goes forward over reloads too
let shown = null;
let running = false;
let training = true;
let busy = false;
let lostBefore = false;

const now = () => (performance.now() - began) / 1000;

function keep(kind, value = 0) {
  if (began === null || shown === null) return;
  number += 1;
  events.push({ number, kind, time: now(), frame: shown.id, value });
  save();
}

function save() {
  localStorage.setItem(place, JSON.stringify(events));
  const waiting = events.filter(e => e.kind !== 'shown').length;
  at('waiting').textContent = waiting === 0 ? 'nothing unsent' : `${waiting} unsent, kept on this device`;
}

function say(text, lost = false) {
  at('state').textContent = text;
  at('state').classList.toggle('lost', lost);
}

async function exchange() {
  const sent = began === null ? [] : events;
  const response = await fetch('/events', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Attune-Teaching': '1' },
    body: JSON.stringify(sent),
    signal: AbortSignal.timeout(10000),
  });
  if (!response.ok) throw new Error(await response.text());
  const reply = await response.json();
  if (began === null) {
    // Kept events have times of the page before; this page's go on behind the last of both.
    const last = events.reduce((most, e) => Math.max(most, e.time), reply.time);
    began = performance.now() - (last + 1) * 1000;
    number = Math.max(number, reply.taken);
    events = events.filter(e => e.number > reply.taken);
    if (events.length > 0) return exchange();
  }
  events = events.filter(e => e.number > reply.taken);
  save();
  at('given').textContent = reply.feedback === 1 ? '1 feedback' : `${reply.feedback} feedbacks`;
  return reply.frame;
}

function show(frame) {
  shown = frame;
  window.attuneEpisodes.draw(at('world'), main.dataset.environment, frame.observation, [frame.action]);
  main.dataset.frame = frame.id;
  at('episode').textContent = `Episode ${frame.episode + 1}, step ${frame.step + 1}`;
  const most = Math.max(1, ...frame.predicted.map(Math.abs));
  at('expected').replaceChildren(...frame.predicted.map((value, action) => {
    const row = document.createElement('tr');
    row.className = action === frame.action && !frame.ended ? 'now' : '';
    const meter = document.createElement('meter');
    Object.assign(meter, { min: -most, max: most, value });
    meter.setAttribute('aria-label', `Action ${action}`);
    for (const part of [`action ${action}`, value.toFixed(2), meter]) {
      const cell = document.createElement('td');
      cell.append(part);
      row.append(cell);
    }
    return row;
  }));
}

// One loop: ask for what follows, show it when it is due. A late answer moves the clock, so that no two steps are shown at once.
async function go() {
  if (busy) return;
  busy = true;
  let due = performance.now();
  while (running) {
    let frame;
    try {
      frame = await exchange();
      if (lostBefore) due = performance.now();
      lostBefore = false;
    } catch (problem) {
      lostBefore = true;
      say(`No connection: the agent waits, your feedback is kept here. ${problem.message}`, true);
      await new Promise(done => { setTimeout(done, 1000); });
      continue;
    }
    due = Math.max(due, performance.now());
    await new Promise(done => { setTimeout(done, due - performance.now()); });
    if (!running) break;
    show(frame);
    keep('shown');
    if (frame.ended) say(frame.finished ? 'Finished. Thank you.' : 'The episode is over; you can still judge its end.');
    else say(training ? 'Praise or scold what you see.' : 'Training is off: nothing is learned.');
    due += frame.ended ? pauseMs : stepMs;
    if (frame.finished) {
      await new Promise(done => { setTimeout(done, pauseMs); });
      running = false;
      exchange().catch(() => {});
    }
  }
  busy = false;
  label();
}

function label() {
  at('run').firstChild.textContent = running ? 'Pause ' : 'Start ';
  at('training').firstChild.textContent = training ? 'Training on ' : 'Training off ';
  at('training').setAttribute('aria-pressed', String(training));
}

function feedback(value) {
  if (!training || !running) return;
  keep('feedback', value);
  const button = at(value > 0 ? 'good' : 'bad');
  button.classList.add('lit');
  setTimeout(() => button.classList.remove('lit'), 150);
}

const acts = {
  good: () => feedback(1),
  bad: () => feedback(-1),
  run: () => { running = !running; label(); go(); },
  training: () => { training = !training; label(); },
  undo: () => keep('undo'),
};
const keys = { '/': 'good', '.': 'good', z: 'bad', Z: 'bad', 0: 'run', ' ': 'training', u: 'undo', U: 'undo' };

for (const name of Object.keys(acts)) at(name).addEventListener('click', event => { acts[name](); event.currentTarget.blur(); });
window.addEventListener('keydown', event => {
  const act = keys[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!event.repeat) acts[act](); // a key held down is one answer
});
window.addEventListener('blur', () => { if (running) say('This window has lost the focus: keys do not arrive.', true); });
label();
save();
