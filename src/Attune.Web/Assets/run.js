// A run's page: figures under the pointer, and fresh ones while the run trains.
import './app.js';

const run = document.getElementById('run');
const tip = document.createElement('div');
tip.className = 'tip';
tip.hidden = true;
document.body.append(tip);

function hints() {
  run.querySelectorAll('svg.plot .strip, svg.plot .dot, svg.plot .broken').forEach(mark => {
    const title = mark.querySelector('title');
    if (title === null) return;
    const text = title.textContent;
    title.remove();
    mark.addEventListener('pointermove', event => {
      tip.textContent = text;
      tip.hidden = false;
      const right = event.clientX + tip.offsetWidth + 28 > window.innerWidth;
      tip.style.left = `${right ? event.clientX - tip.offsetWidth - 14 : event.clientX + 14}px`;
      tip.style.top = `${Math.max(8, event.clientY - tip.offsetHeight - 12)}px`;
    });
    mark.addEventListener('pointerleave', () => { tip.hidden = true; });
  });
}

hints();
let tag = run.dataset.tag;

async function follow() {
  if (document.visibilityState !== 'visible') return;
  const live = document.getElementById('live');
  let answer;
  try {
    answer = await fetch(run.dataset.body, { headers: { 'If-None-Match': tag }, cache: 'no-store' });
  } catch {
    live.textContent = 'No connection';
    return;
  }
  live.textContent = answer.headers.get('X-Run-Finished') === 'yes' ? 'Finished' : 'Following';
  if (answer.status !== 200) return;
  tag = answer.headers.get('ETag');
  run.dataset.finished = answer.headers.get('X-Run-Finished');
  const open = [...run.querySelectorAll('details')].map(part => part.open);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  run.replaceChildren(...page.body.childNodes);
  run.querySelectorAll('details').forEach((part, i) => { part.open = open[i] ?? part.open; });
  hints();
}

if (run.dataset.finished === 'no') {
  const timer = setInterval(async () => {
    await follow();
    if (run.dataset.finished === 'yes') clearInterval(timer);
  }, 2500);
}
