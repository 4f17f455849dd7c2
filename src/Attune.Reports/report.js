(function () {
  'use strict';
  // Native tooltips are slow and plain: show the same text at once beside the pointer.
  var tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.appendChild(tip);
  document.querySelectorAll('svg.plot .strip, svg.plot .dot, svg.plot .broken').forEach(function (mark) {
    var title = mark.querySelector('title');
    if (title === null) { return; }
    var text = title.textContent;
    title.remove();
    mark.addEventListener('pointermove', function (event) {
      tip.textContent = text;
      tip.hidden = false;
      var right = event.clientX + tip.offsetWidth + 28 > window.innerWidth;
      tip.style.left = (right ? event.clientX - tip.offsetWidth - 14 : event.clientX + 14) + 'px';
      tip.style.top = Math.max(8, event.clientY - tip.offsetHeight - 12) + 'px';
    });
    mark.addEventListener('pointerleave', function () { tip.hidden = true; });
  });
  // Paper cannot be unfolded.
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details').forEach(function (part) { part.open = true; });
  });
}());
