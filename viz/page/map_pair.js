// Two maps of one region, arm A and arm B (or B - A), with one layer, palette, scale and hover.
const rgb = h => [1, 3, 5].map(i => parseInt(h.slice(i, i + 2), 16));
const make = (tag, name, parent, text) => {
  const e = document.createElement(tag);
  if (name) e.className = name;
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
};
const typed = (v, Type) => v && v.byteLength
  ? new Type(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength)) : new Type();
const FONT = 'system-ui, "DejaVu Sans", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
const OUTSIDE = 65535, NOTHING = [232, 230, 225];
const GAP = ['#b35806', '#e08214', '#fdd0a2', '#f4f3f0', '#bdd0e8', '#4a86c0', '#08306b'].map(rgb);

// Whether the browser has a font for Chinese: two characters that look alike are two empty boxes.
const chinese = (() => {
  const look = c => {
    const s = make('canvas'); s.width = s.height = 24;
    const x = s.getContext('2d', { willReadFrequently: true });
    x.font = '20px ' + FONT; x.fillText(c, 0, 20);
    return x.getImageData(0, 0, 24, 24).data.join();
  };
  return look('\u65b0') !== look('\u90b5');
})();

const blend = (colours, x) => {
  const n = colours.length - 1, p = Math.min(n, Math.max(0, x * n)), a = Math.min(n - 1, p | 0);
  return [0, 1, 2].map(j => colours[a][j] + (colours[a + 1][j] - colours[a][j]) * (p - a));
};
const number = (v, digits) => v.toLocaleString('en', { maximumFractionDigits: digits })
  .replace('-', '\u2212');

function render({ model, el }) {
  el.classList.add('rf-map');
  const bar = make('div', 'rf-layers', el);
  const radios = make('div', 'rf-radios', bar);
  radios.setAttribute('role', 'radiogroup'); radios.setAttribute('aria-label', 'Map layer');
  const toggle = make('button', 'rf-gap', bar, 'B \u2212 A');
  toggle.type = 'button';
  toggle.title = 'Show on the right what B has more or less of than A (key D)';
  const pair = make('div', 'rf-pair', el), legend = make('div', 'rf-legend', el);
  const tip = make('div', 'rf-tip', pair);
  const panes = ['A', 'B'].map(arm => {
    const pane = make('div', 'rf-pane', pair), head = make('div', 'rf-caption ' + arm, pane);
    const box = make('div', 'rf-box', pane), canvas = make('canvas', '', box);
    canvas.setAttribute('role', 'img'); canvas.tabIndex = 0;
    return { arm, head, box, canvas, note: make('div', 'rf-note', box),
      over: document.createElement('canvas'), x: 0, y: 0 };
  });
  const cells = document.createElement('canvas');
  let w = 1, h = 1, k = 1, left = 0, top = 0, hover = -1, mouse = null, at = null;
  let owner, county, minutes, values = [], shapes = [];

  const specs = () => model.get('specs');
  const active = () => model.get('active');
  const gap = () => model.get('gap');
  const places = () => values[0].length / specs().length;
  const scaled = (s, v) => Math.pow(Math.min(1, Math.max(0, (v - s.low) / (s.high - s.low))), s.power);
  const colour = (s, v) => {
    if (!Number.isFinite(v)) return NOTHING;
    return s.words.length ? s.table[Math.min(v | 0, s.table.length - 1)] : blend(s.table, scaled(s, v));
  };
  const gapColour = (s, v) => {
    if (!Number.isFinite(v)) return NOTHING;
    const x = Math.max(-1, Math.min(1, v / s.gap));
    return blend(GAP, 0.5 + 0.5 * Math.sign(x) * Math.sqrt(Math.abs(x)));
  };
  const value = (arm, layer, cell) => specs()[layer].fixed ? minutes[cell]
    : values[arm][layer * places() + owner[cell]];
  const spread = (layer, cell) => {
    const d = value(1, layer, cell) - value(0, layer, cell);
    return specs()[layer].words.length && Number.isFinite(d) ? Math.sign(d) : d;
  };
  const still = () => {
    w = model.get('width'); h = model.get('height');
    owner = typed(model.get('owner'), Uint16Array);
    county = typed(model.get('county'), Int16Array);
    minutes = typed(model.get('minutes'), Float32Array);
    shapes = []; hover = -1; at = null; tip.style.display = 'none';
    panes.forEach(p => { p.size = ''; });
  };
  const send = (key, v) => { model.set(key, v); model.save_changes(); };
  const choose = i => { send('active', i); };
  const marks = () => {
    [...radios.children].forEach((b, i) => {
      b.setAttribute('aria-checked', i === active()); b.tabIndex = i === active() ? 0 : -1;
    });
    toggle.setAttribute('aria-pressed', gap());
  };
  const buttons = () => {
    radios.replaceChildren();
    specs().forEach((s, i) => {
      s.table = s.colours.map(rgb);
      const b = make('button', '', radios, s.name);
      b.type = 'button'; b.setAttribute('role', 'radio');
      b.title = s.meaning + (s.unit ? ' (' + s.unit + ')' : '') + ' \u2013 key ' + (i + 1);
      b.onclick = () => choose(i);
      b.onkeydown = e => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], n = specs().length;
        if (step) { choose((i + step + n) % n); radios.children[active()].focus(); }
      };
    });
  };
  const ramp = (parent, colours, ticks, place) => {
    const scale = make('div', 'rf-scale', parent), r = make('div', 'rf-ramp', scale);
    r.style.background = 'linear-gradient(90deg,' + colours.join(',') + ')';
    ticks.forEach(([text, v]) => { make('em', '', scale, text).style.left = 100 * place(v) + '%'; });
  };
  const legendOf = () => {
    const s = specs()[active()];
    legend.replaceChildren();
    if (!s) return;
    const own = make('div', 'rf-key', legend);
    if (s.words.length) {
      s.words.forEach((word, i) => {
        const item = make('span', 'rf-class', own);
        make('i', '', item).style.background = s.colours[i]; make('span', '', item, word);
      });
    } else {
      const more = v => v >= s.high && !s.unit.startsWith('%') ? '+' : '';
      ramp(own, s.colours, s.ticks.map(v => [number(v, 1) + more(v), v]), v => scaled(s, v));
      make('span', 'rf-unit', own, s.unit);
    }
    if (!gap()) {
      if (!s.words.length) make('span', 'rf-meaning', own, s.meaning);
      const marks_ = make('div', 'rf-key rf-right', legend);
      [['\u25cb', 'seat'], ['\u25a3', 'hub for villages'], ['\u2500', 'road']].forEach(
        ([sign, word]) => make('span', 'rf-meaning', marks_, sign + ' ' + word));
      return;
    }
    const other = make('div', 'rf-key rf-right', legend);
    make('span', 'rf-unit', other, 'B \u2212 A');
    if (s.words.length) {
      [[0, s.gap_words[0]], [3, 'the same'], [6, s.gap_words[1]]].forEach(([i, word]) => {
        const item = make('span', 'rf-class', other);
        make('i', '', item).style.background = 'rgb(' + GAP[i].join() + ')';
        make('span', '', item, word);
      });
    } else {
      const near = x => 0.5 + 0.5 * Math.sign(x) * Math.sqrt(Math.abs(x));
      ramp(other, GAP.map(c => 'rgb(' + c.join() + ')'), [-1, -0.25, 0, 0.25, 1].map(x =>
        [(x > 0 ? '+' : '') + number(x * s.gap, 1), x]), near);
      make('span', 'rf-meaning', other, 'dotted: less in B');
    }
  };
  const captions = () => model.get('captions').forEach((c, i) => {
    const head = panes[i].head;
    head.replaceChildren();
    const showsGap = gap() && i === 1;
    make('b', '', head, showsGap ? 'B \u2212 A' : c.badge);
    make('span', 'rf-words', head, showsGap ? 'what B has more or less of' : c.words);
    if (!showsGap) for (const [text, about] of c.chips) make('i', '', head, text).title = about;
    head.title = showsGap ? '' : c.words;
  });
  const emptiness = i => {
    const s = specs()[active()];
    if (!values[0] || !values[0].length) return '';
    if (s.fixed) return gap() && i === 1 ? 'travel takes the same time in both arms' : '';
    const n = places(), from = active() * n;
    const some = arm => values[arm].subarray(from, from + n)
      .some(v => Number.isFinite(v) && (s.words.length || v > 0));
    if (!(gap() && i === 1)) return some(i) ? '' : s.empty;
    if (!some(0) && !some(1)) return s.empty;
    for (let j = from; j < from + n; j++)
      if (Number.isFinite(values[1][j]) && values[0][j] !== values[1][j]) return '';
    return 'no difference between the arms so far';
  };
  const paint = i => {
    const s = specs()[active()], surface = cells.getContext('2d');
    const pixels = surface.createImageData(w, h), d = new Uint32Array(pixels.data.buffer);
    const shown = gap() && i === 1, pick = shown ? gapColour : colour;
    const read = shown ? (c => spread(active(), c)) : (c => value(i, active(), c));
    const known = new Map();
    for (let c = 0; c < w * h; c++) {
      const o = owner[c];
      if (o === OUTSIDE) continue;
      let p = s.fixed ? undefined : known.get(o);
      if (p === undefined) {
        const q = pick(s, read(c));
        p = (255 << 24 | q[2] << 16 | q[1] << 8 | q[0]) >>> 0;
        known.set(o, p);
      }
      d[c] = p;
    }
    surface.putImageData(pixels, 0, 0);
  };
  const path = (x, lines) => {
    x.beginPath();
    for (const line of lines)
      for (let i = 0; i < line.length; i += 2)
        x[i ? 'lineTo' : 'moveTo'](left + line[i] * k, top + line[i + 1] * k);
    x.stroke();
  };
  const still_layer = pane => {   // borders, roads and names do not change: drawn once per size
    const ratio = window.devicePixelRatio || 1, W = pane.box.clientWidth, H = pane.box.clientHeight;
    pane.over.width = W * ratio; pane.over.height = H * ratio;
    const x = pane.over.getContext('2d');
    x.setTransform(ratio, 0, 0, ratio, 0, 0);
    x.lineJoin = x.lineCap = 'round';
    x.lineWidth = 2.6; x.strokeStyle = 'rgba(255,255,255,.55)'; path(x, model.get('roads'));
    x.lineWidth = 1.1; x.strokeStyle = 'rgba(90,60,40,.75)'; path(x, model.get('roads'));
    x.lineWidth = 1.1; x.strokeStyle = 'rgba(30,35,40,.62)'; path(x, model.get('outlines'));
    names(x, W, H);
  };
  const names = (x, W, H) => {
    x.textBaseline = 'middle';
    const taken = model.get('seats').map(t => {  // no name over another town's mark
      const px = left + (t.x + .5) * k, py = top + (t.y + .5) * k;
      return [px - 5, py, px + 5];
    });
    for (const t of model.get('seats')) {
      const px = left + (t.x + .5) * k, py = top + (t.y + .5) * k, r = t.prefecture ? 4.5 : 3;
      const name = chinese && t.zh ? t.name + ' ' + t.zh : t.name;
      x.font = (t.prefecture ? '600 12.5px ' : '11.5px ') + FONT;
      const width = x.measureText(name).width;
      const fit = v => Math.max(0, Math.min(v, W - width));
      const spots = [[px + r + 5, py], [px - r - 5 - width, py], [fit(px - width / 2), py + r + 10],
        [fit(px - width / 2), py - r - 10]];
      const free = b => b[0] >= 0 && b[0] + width <= W
        && !taken.some(o => Math.abs(o[1] - b[1]) < 14 && b[0] < o[2] && b[0] + width > o[0]);
      const [sx, y] = spots.find(free) || spots[3];
      taken.push([sx, y, sx + width]);
      x.lineWidth = 3; x.strokeStyle = 'rgba(255,255,255,.85)'; x.strokeText(name, sx, y);
      x.fillStyle = '#111'; x.fillText(name, sx, y);
    }
    const way = model.get('gateway');   // the road that ends outside leads to the coast
    if (!way.name) return;
    x.font = 'italic 11.5px ' + FONT; x.fillStyle = '#5a3c28';
    const width = x.measureText(way.name).width, px = left + (way.x + .5) * k, py = top + (way.y + .5) * k;
    const wx = Math.max(0, Math.min(px - width / 2, W - width - 2)), wy = py > H / 2 ? py - 10 : py + 10;
    x.lineWidth = 3; x.strokeStyle = 'rgba(255,255,255,.85)'; x.strokeText(way.name, wx, wy);
    x.fillText(way.name, wx, wy);
  };
  const towns = (x, i) => {   // a square round a seat: its sorting hub serves villages
    const open = model.get('hubs')[i] || [];
    model.get('seats').forEach((t, s) => {
      const px = left + (t.x + .5) * k, py = top + (t.y + .5) * k, r = t.prefecture ? 4.5 : 3;
      if (open[s]) {
        x.lineWidth = 1.6; x.strokeStyle = '#111'; x.fillStyle = '#fff';
        x.fillRect(px - r - 2, py - r - 2, 2 * r + 4, 2 * r + 4);
        x.strokeRect(px - r - 2, py - r - 2, 2 * r + 4, 2 * r + 4);
      }
      x.beginPath(); x.arc(px, py, r, 0, 6.3);
      x.fillStyle = open[s] ? '#111' : '#fff'; x.fill();
      x.lineWidth = 1.8; x.strokeStyle = '#111'; x.stroke();
    });
  };
  const dots = x => {   // less in B is dotted, so that the sign survives without colour
    const s = specs()[active()];
    x.fillStyle = 'rgba(20,20,20,.55)';
    for (let c = 0; c < w * h; c++) {
      const col = c % w, row = (c / w) | 0;
      if (owner[c] === OUTSIDE || (col + row) % 2 || row % 2 || !(spread(active(), c) < -0.02 * s.gap)) continue;
      x.fillRect(left + (col + .5) * k - .8, top + (row + .5) * k - .8, 1.6, 1.6);
    }
  };
  const outline = (place, x, width) => {
    if (!shapes[place]) {
      const edges = [];
      for (let c = 0; c < w * h; c++) {
        if (owner[c] !== place) continue;
        const col = c % w, row = (c / w) | 0;
        if (!col || owner[c - 1] !== place) edges.push([col, row, col, row + 1]);
        if (col === w - 1 || owner[c + 1] !== place) edges.push([col + 1, row, col + 1, row + 1]);
        if (owner[c - w] !== place) edges.push([col, row, col + 1, row]);
        if (owner[c + w] !== place) edges.push([col, row + 1, col + 1, row + 1]);
      }
      shapes[place] = edges;
    }
    x.lineCap = 'square'; x.strokeStyle = '#fff'; x.lineWidth = width + 2; path(x, shapes[place]);
    x.strokeStyle = '#111'; x.lineWidth = width; path(x, shapes[place]);
  };
  const draw = () => {
    if (!owner || !owner.length || !panes[0].box.clientWidth) return;
    const began = performance.now(), ratio = window.devicePixelRatio || 1;
    values = ['a', 'b'].map(arm => typed(model.get('values_' + arm), Float32Array));
    const s = specs()[active()];
    panes.forEach((pane, i) => {
      const W = pane.box.clientWidth, H = pane.box.clientHeight, size = [W, H, ratio].join();
      k = Math.min(W / w, H / h); left = (W - w * k) / 2; top = (H - h * k) / 2;
      if (pane.size !== size) {
        pane.size = size; pane.canvas.width = W * ratio; pane.canvas.height = H * ratio;
        still_layer(pane);
      }
      const x = pane.canvas.getContext('2d');
      x.setTransform(ratio, 0, 0, ratio, 0, 0);
      x.clearRect(0, 0, W, H);
      if (values[i].length) {
        cells.width = w; cells.height = h; paint(i);
        x.imageSmoothingEnabled = false;
        x.drawImage(cells, left, top, w * k, h * k);
        if (gap() && i === 1) dots(x);
      }
      x.drawImage(pane.over, 0, 0, W, H);
      towns(x, i);
      const picked = model.get('picked');
      if (picked >= 0) outline(picked, x, 2);
      if (hover >= 0 && hover !== picked) outline(hover, x, 1.3);
      if (at !== null) cross(x, at);
      pane.note.textContent = emptiness(i);
      pane.note.style.display = pane.note.textContent ? 'block' : 'none';
      pane.canvas.setAttribute('aria-label', (gap() && i ? 'Difference, B less A' : 'Arm ' + pane.arm)
        + ': map of ' + s.name + ' in ' + model.get('when') + '. Arrow keys move over cells, Enter '
        + 'opens the village.');
    });
    if (at !== null) say();
    el.dataset.frame = (performance.now() - began).toFixed(1);
    if (model.get('ack') !== model.get('frame')) send('ack', model.get('frame'));
  };
  const cross = (x, c) => {
    x.strokeStyle = '#111'; x.lineWidth = 1;
    x.strokeRect(left + (c % w) * k - 1, top + ((c / w) | 0) * k - 1, k + 2, k + 2);
  };
  const say = () => {
    if (at === null || !values[0].length) { tip.style.display = 'none'; return; }
    tip.replaceChildren();
    const c = county[at], zh = model.get('counties_zh')[c];
    make('b', '', tip, (model.get('counties')[c] || '') + (chinese && zh ? ' ' + zh : ''));
    make('p', '', tip, 'as the sampled village nearest to this cell; click to open it');
    const table = make('table', '', tip), head = make('tr', '', table);
    ['', 'A', 'B', 'B \u2212 A'].forEach(text => make('th', '', head, text));
    specs().forEach((s, i) => {
      const row = make('tr', i === active() ? 'on' : '', table);
      make('td', '', row, s.name + (s.brief ? ', ' + s.brief : ''));
      const both = [0, 1].map(arm => value(arm, i, at)), d = both[1] - both[0];
      const word = v => !Number.isFinite(v) ? '\u2013' : s.words.length ? s.words[v | 0] : number(v, s.digits);
      both.forEach(v => make('td', '', row, word(v)));
      const sign = Math.abs(d) < 0.5 * 10 ** -s.digits || !d ? '0' : (d > 0 ? '+' : '') + number(d, s.digits);
      make('td', '', row, !Number.isFinite(d) ? '' : s.words.length ? (d ? (d < 0 ? s.gap_words[0] : s.gap_words[1]) : 'same') : sign);
    });
    tip.style.display = 'block';
    const W = pair.clientWidth, H = pair.clientHeight, [mx, my] = mouse;
    const x = mx + 18 + tip.offsetWidth > W ? mx - 18 - tip.offsetWidth : mx + 18;
    tip.style.left = Math.max(0, x) + 'px';
    tip.style.top = Math.max(0, Math.min(my + 14, H - tip.offsetHeight)) + 'px';
  };
  const point = (pane, cell) => {
    at = cell;
    const box = pane.canvas.getBoundingClientRect(), all = pair.getBoundingClientRect();
    if (cell !== null) mouse = [box.left - all.left + left + (cell % w + .5) * k,
      box.top - all.top + top + (((cell / w) | 0) + .5) * k];
    hover = cell === null ? -1 : owner[cell];
    if (cell === null) tip.style.display = 'none';
    later();
  };
  panes.forEach(pane => {
    const inside = c => c >= 0 && c < w * h && owner && owner[c] !== OUTSIDE;
    pane.canvas.onmousemove = e => {
      const x = Math.floor((e.offsetX - left) / k), y = Math.floor((e.offsetY - top) / k);
      const c = x >= 0 && x < w && y >= 0 ? y * w + x : -1;
      point(pane, inside(c) ? c : null);
    };
    pane.canvas.onmouseleave = () => point(pane, null);
    pane.canvas.onblur = () => point(pane, null);
    pane.canvas.onclick = () => { if (at !== null) send('picked', owner[at]); };
    pane.canvas.onkeydown = e => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: -w, ArrowDown: w }[e.key];
      if (step) {
        e.preventDefault();
        const from = at === null ? owner.findIndex(o => o !== OUTSIDE) - step : at;
        if (inside(from + step)) point(pane, from + step);
      } else if (e.key === 'Enter' && at !== null) send('picked', owner[at]);
    };
  });
  toggle.onclick = () => send('gap', !gap());
  const keys = e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, textarea, select')) return;
    const click = name => { const b = document.querySelector(name); if (b && !b.disabled) b.click(); };
    const digit = parseInt(e.key, 10);
    if (digit >= 1 && digit <= specs().length) choose(digit - 1);
    else if (e.key === 'd') send('gap', !gap());
    else if (e.key === 'r') click('.rf-run');
    else if (e.key === 's') click('.rf-step');
    else if (e.key === ' ' && !e.target.closest('button, a, [role]')) { e.preventDefault(); click('.rf-run'); }
  };
  document.addEventListener('keydown', keys);

  let asked = 0;
  const later = () => { asked = asked || requestAnimationFrame(() => { asked = 0; draw(); }); };
  const changed = () => { marks(); legendOf(); captions(); later(); };
  const onWorld = () => { still(); later(); };
  buttons(); still(); changed(); draw();
  model.on('change:frame change:picked', later);
  model.on('change:world', onWorld);
  model.on('change:active change:gap change:captions', changed);
  const watch = new ResizeObserver(later);
  panes.forEach(p => watch.observe(p.box));
  return () => {
    watch.disconnect(); document.removeEventListener('keydown', keys);
    model.off('change:frame change:picked', later); model.off('change:world', onWorld);
    model.off('change:active change:gap change:captions', changed);
  };
}
export default { render };
