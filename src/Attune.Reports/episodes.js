// Draws episodes and clips from their numbers: an element .replay with data-episode gets a canvas, a slider and a button.
// Those inside one [data-in-step] run on one clock, so that two clips can be compared. No character here needs escaping in XML.
(function () {
  'use strict';

  function line(g, x1, y1, x2, y2, width) {
    g.lineWidth = width;
    g.lineCap = 'round';
    g.beginPath();
    g.moveTo(x1, y1);
    g.lineTo(x2, y2);
    g.stroke();
  }

  function disc(g, x, y, radius) {
    g.beginPath();
    g.arc(x, y, radius, 0, 2 * Math.PI);
    g.fill();
  }

  // How hard and where an action pushes: a bar from the middle, -1 to 1.
  function push(g, w, h, share) {
    g.globalAlpha = 0.55;
    g.fillRect(Math.min(w / 2, w / 2 + share * w * 0.3), h - 8, Math.abs(share) * w * 0.3, 4);
    g.globalAlpha = 1;
    line(g, w / 2, h - 10, w / 2, h - 2, 1);
  }

  var worlds = {
    CartPole: function (g, w, h, o, a) {
      var x = w / 2 + o[0] / 2.4 * w * 0.45;
      var y = h * 0.72;
      line(g, w * 0.05, y + 12, w * 0.95, y + 12, 1);
      g.fillRect(x - 22, y - 10, 44, 20);
      line(g, x, y - 8, x + Math.sin(o[2]) * h * 0.5, y - 8 - Math.cos(o[2]) * h * 0.5, 7);
      push(g, w, h, a[0] === 1 ? 1 : -1);
    },
    MountainCar: function (g, w, h, o, a, continuous) {
      function px(p) { return (p + 1.2) / 1.8 * w; }
      function py(p) { return h * 0.85 - (Math.sin(3 * p) * 0.45 + 0.55) * h * 0.65; }
      g.lineWidth = 2;
      g.beginPath();
      for (var i = 0; i !== 61; i++) {
        var p = -1.2 + i * 0.03;
        if (i === 0) { g.moveTo(px(p), py(p)); } else { g.lineTo(px(p), py(p)); }
      }
      g.stroke();
      var goal = continuous ? 0.45 : 0.5;
      line(g, px(goal), py(goal), px(goal), py(goal) - 34, 2);
      g.fillRect(px(goal), py(goal) - 34, 16, 10);
      disc(g, px(o[0]), py(o[0]) - 9, 9);
      push(g, w, h, continuous ? Math.max(-1, Math.min(1, a[0])) : a[0] - 1);
    },
    MountainCarContinuous: function (g, w, h, o, a) { worlds.MountainCar(g, w, h, o, a, true); },
    Pendulum: function (g, w, h, o, a) {
      var length = h * 0.38;
      line(g, w / 2, h / 2, w / 2 - o[1] * length, h / 2 - o[0] * length, 9);
      disc(g, w / 2, h / 2, 5);
      push(g, w, h, -a[0] / 2);
    },
    Acrobot: function (g, w, h, o, a) {
      var unit = h * 0.2;
      var first = Math.atan2(o[1], o[0]);
      var second = first + Math.atan2(o[3], o[2]);
      var x = w / 2 + unit * Math.sin(first);
      var y = h / 2 + unit * Math.cos(first);
      line(g, w * 0.1, h / 2 - unit, w * 0.9, h / 2 - unit, 1);
      line(g, w / 2, h / 2, x, y, 7);
      line(g, x, y, x + unit * Math.sin(second), y + unit * Math.cos(second), 7);
      disc(g, w / 2, h / 2, 5);
      disc(g, x, y, 5);
      push(g, w, h, a[0] - 1);
    },
    FrozenLake: function (g, w, h, o, a) { lake(g, w, h, o[0], ['SFFF', 'FHFH', 'FFFH', 'HFFG']); },
    FrozenLake8x8: function (g, w, h, o, a) {
      lake(g, w, h, o[0], ['SFFFFFFF', 'FFFFFFFF', 'FFFHFFFF', 'FFFFFHFF', 'FFFHFFFF', 'FHHFFFHF', 'FHFFHFHF', 'FFFHFFFG']);
    },
    Tetris: function (g, w, h, o) {
      var side = Math.min(w / 12, h / 21);
      var left = w / 2 - 5 * side;
      for (var i = 0; i !== 200; i++) {
        if (o[i] > 0) { g.fillRect(left + i % 10 * side, h - side - Math.floor(i / 10) * side, side - 1, side - 1); }
      }
      g.lineWidth = 1;
      g.strokeRect(left - 1, h - 20 * side - 1, 10 * side + 2, 20 * side + 1);
    }
  };

  function lake(g, w, h, cell, map) {
    var side = Math.min(w, h) * 0.9 / map.length;
    var left = (w - side * map.length) / 2;
    var top = (h - side * map.length) / 2;
    for (var i = 0; i !== map.length * map.length; i++) {
      var kind = map[Math.floor(i / map.length)][i % map.length];
      var x = left + i % map.length * side;
      var y = top + Math.floor(i / map.length) * side;
      g.lineWidth = 1;
      g.strokeRect(x, y, side, side);
      if (kind === 'H') { g.globalAlpha = 0.4; g.fillRect(x, y, side, side); g.globalAlpha = 1; }
      if (kind === 'G') { g.strokeRect(x + side * 0.2, y + side * 0.2, side * 0.6, side * 0.6); }
      if (i === cell) { disc(g, x + side / 2, y + side / 2, side * 0.3); }
    }
  }

  // A step of an environment on a canvas, in the colour of its text.
  function draw(canvas, environment, observation, action) {
    var world = worlds[environment.replace(/-fixed$/, '').replace(/-v\d+$/, '')];
    var scale = window.devicePixelRatio || 1;
    var width = canvas.clientWidth || 320;
    var height = canvas.clientHeight || 200;
    if (canvas.width !== Math.round(width * scale)) { canvas.width = Math.round(width * scale); }
    if (canvas.height !== Math.round(height * scale)) { canvas.height = Math.round(height * scale); }
    var g = canvas.getContext('2d');
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, width, height);
    g.strokeStyle = g.fillStyle = getComputedStyle(canvas).color;
    if (world) { world(g, width, height, observation, action); } else { g.fillText(environment, 10, 20); }
  }

  // One clock for the figures of a group: each clip begins again when the longest has ended.
  function play(group) {
    var parts = Array.from(group.matches('.replay') ? [group] : group.querySelectorAll('.replay')).map(function (figure) {
      var canvas = document.createElement('canvas');
      canvas.className = 'world';
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', figure.dataset.label || 'the episode, drawn');
      figure.prepend(canvas);
      return { canvas: canvas, episode: JSON.parse(figure.dataset.episode) };
    });
    var steps = Math.max.apply(null, parts.map(function (p) { return p.episode.observations.length; }));
    var bar = document.createElement('div');
    bar.className = 'replay-bar';
    var button = document.createElement('button');
    button.type = 'button';
    button.dataset.replay = '';
    var slider = document.createElement('input');
    slider.type = 'range';
    slider.min = 0;
    slider.max = steps - 1;
    slider.value = 0;
    slider.setAttribute('aria-label', 'Step');
    slider.dataset.system = ''; // no part of an answer
    bar.append(button, slider);
    group.append(bar);
    var running = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    var shown = 0;

    function show() {
      parts.forEach(function (p) {
        var t = Math.min(shown, p.episode.observations.length - 1);
        draw(p.canvas, p.episode.environment, p.episode.observations[t], p.episode.actions[t]);
      });
      slider.value = shown;
      group.dataset.step = shown;
      button.textContent = running ? 'Pause' : 'Play';
    }

    button.addEventListener('click', function () { running = !running; show(); });
    slider.addEventListener('input', function (event) { event.stopPropagation(); running = false; shown = Number(slider.value); show(); });
    slider.addEventListener('change', function (event) { event.stopPropagation(); });
    setInterval(function () {
      if (!running) { return; }
      if (!document.hidden) { shown = (shown + 1) % steps; show(); }
    }, 1000 / parts[0].episode.rate);
    window.addEventListener('resize', show);
    show();
  }

  window.attuneEpisodes = { draw: draw };
  document.querySelectorAll('[data-in-step]').forEach(play);
  document.querySelectorAll('.replay').forEach(function (figure) { if (!figure.closest('[data-in-step]')) { play(figure); } });
}());
