"""The map in the browser: a canvas that colours cells by the values of the places they belong to.

Python sends what never changes once (which place a cell is shown like, borders, names) and then,
per frame, one number per layer and place; the browser colours, so that a change of layer needs no
server. ``ack`` returns the number of the frame last drawn: the run waits for it.
"""

from __future__ import annotations

from threading import Event

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from viz.layers import LAYERS

#: Longest wait for the browser to have drawn a frame, seconds: a hidden tab draws none.
PATIENCE_S = 0.2

_SCRIPT = r"""
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
const floats = v => typed(v, Float32Array);

function render({ model, el }) {
  el.classList.add('rf-map');
  const bar = make('div', 'rf-layers', el);
  bar.setAttribute('role', 'radiogroup');
  bar.setAttribute('aria-label', 'Map layer');
  const box = make('div', 'rf-box', el), canvas = make('canvas', '', box);
  canvas.setAttribute('role', 'img');
  const note = make('div', 'rf-note', box), tip = make('div', 'rf-tip', box);
  const legend = make('div', 'rf-legend', el);
  const cells = document.createElement('canvas');
  let w = 1, h = 1, k = 1, left = 0, top = 0;
  let owner, county, minutes, values, hover = -1, mouse = null, active = 0;

  const specs = () => model.get('specs');
  const scaled = (s, v) =>
    Math.pow(Math.min(1, Math.max(0, (v - s.low) / (s.high - s.low))), s.power);
  const colour = (s, v) => {
    const c = s.table;
    if (!Number.isFinite(v)) return [232, 230, 225];
    if (s.words.length) return c[Math.min(v | 0, c.length - 1)];
    const x = scaled(s, v) * (c.length - 1), a = Math.min(c.length - 2, x | 0), f = x - a;
    return [0, 1, 2].map(j => c[a][j] * (1 - f) + c[a + 1][j] * f);
  };
  const value = (layer, cell) => {
    if (specs()[layer].fixed) return minutes[cell];
    const places = values.length / specs().length;
    return values[layer * places + owner[cell]];
  };
  const still = () => {
    w = model.get('width'); h = model.get('height');
    owner = typed(model.get('owner'), Uint16Array);
    county = typed(model.get('county'), Int16Array);
    minutes = floats(model.get('minutes'));
    hover = -1; tip.style.display = 'none';
  };
  const choose = i => { active = i; legendOf(); marks(); draw(); };
  const buttons = () => {
    bar.replaceChildren();
    specs().forEach((s, i) => {
      s.table = s.colours.map(rgb);
      const b = make('button', '', bar, s.name);
      b.type = 'button'; b.title = s.meaning + (s.unit ? ' (' + s.unit + ')' : '');
      b.setAttribute('role', 'radio');
      b.onclick = () => choose(i);
      b.onkeydown = e => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], n = specs().length;
        if (step) { choose((i + step + n) % n); bar.children[active].focus(); }
      };
    });
    marks();
  };
  const marks = () => [...bar.children].forEach((b, i) => {
    b.setAttribute('aria-checked', i === active);
    b.tabIndex = i === active ? 0 : -1;
  });
  const legendOf = () => {
    const s = specs()[active];
    legend.replaceChildren();
    if (!s) return;
    if (s.words.length) {
      s.words.forEach((word, i) => {
        const item = make('span', 'rf-class', legend);
        make('i', '', item).style.background = s.colours[i];
        make('span', '', item, word);
      });
    } else {
      const scale = make('div', 'rf-scale', legend), ramp = make('div', 'rf-ramp', scale);
      ramp.style.background = 'linear-gradient(90deg,' + s.colours.join(',') + ')';
      s.ticks.forEach(v => {
        const more = v >= s.high && !s.unit.startsWith('%') ? '+' : '';
        make('em', '', scale, v.toLocaleString('en') + more).style.left = 100 * scaled(s, v) + '%';
      });
      make('span', 'rf-unit', legend, s.unit);
    }
    if (!s.words.length) make('span', 'rf-meaning', legend, s.meaning);
  };
  const emptiness = () => {
    const s = specs()[active];
    if (!values.length || s.fixed) return '';
    const n = values.length / specs().length, part = values.subarray(active * n, (active + 1) * n);
    const some = part.some(v => Number.isFinite(v) && (s.words.length || v > 0));
    return some ? '' : s.empty;
  };
  const paint = () => {
    const s = specs()[active], surface = cells.getContext('2d');
    const pixels = surface.createImageData(w, h), d = pixels.data;
    for (let i = 0; i < w * h; i++) {
      if (owner[i] === 65535) continue;
      const c = colour(s, value(active, i));
      d[4 * i] = c[0]; d[4 * i + 1] = c[1]; d[4 * i + 2] = c[2]; d[4 * i + 3] = 255;
    }
    surface.putImageData(pixels, 0, 0);
  };
  const lines = x => {
    x.lineJoin = 'round'; x.lineWidth = 1.1; x.strokeStyle = 'rgba(30,35,40,.62)';
    x.beginPath();
    for (const line of model.get('outlines')) {
      for (let i = 0; i < line.length; i += 2)
        x[i ? 'lineTo' : 'moveTo'](left + line[i] * k, top + line[i + 1] * k);
    }
    x.stroke();
    if (hover >= 0) {
      x.strokeStyle = '#111'; x.lineWidth = 1.6; x.beginPath();
      for (let i = 0; i < w * h; i++) {
        if (owner[i] !== hover) continue;
        const c = i % w, r = (i / w) | 0, px = left + c * k, py = top + r * k;
        if (owner[i - 1] !== hover || !c) { x.moveTo(px, py); x.lineTo(px, py + k); }
        if (owner[i + 1] !== hover) { x.moveTo(px + k, py); x.lineTo(px + k, py + k); }
        if (owner[i - w] !== hover) { x.moveTo(px, py); x.lineTo(px + k, py); }
        if (owner[i + w] !== hover) { x.moveTo(px, py + k); x.lineTo(px + k, py + k); }
      }
      x.stroke();
    }
  };
  const towns = x => {
    x.textBaseline = 'middle'; x.lineJoin = 'round';
    const taken = model.get('seats').map(t => {  // no name over another town's mark
      const px = left + (t.x + .5) * k, py = top + (t.y + .5) * k;
      return [px - 4, py, px + 4];
    });
    for (const t of model.get('seats')) {
      const px = left + (t.x + .5) * k, py = top + (t.y + .5) * k, r = t.prefecture ? 4.5 : 3;
      x.beginPath(); x.arc(px, py, r, 0, 6.3);
      x.fillStyle = '#fff'; x.fill(); x.lineWidth = 1.8; x.strokeStyle = '#111'; x.stroke();
      x.font = (t.prefecture ? '600 12.5px ' : '11.5px ') + 'system-ui, "DejaVu Sans", sans-serif';
      const width = x.measureText(t.name).width, W = box.clientWidth;
      const spots = [[px + r + 4, py], [px - r - 4 - width, py], [px - width / 2, py + r + 9],
        [px - width / 2, py - r - 9]];
      const free = b => b[0] >= 0 && b[0] + width <= W
        && !taken.some(o => Math.abs(o[1] - b[1]) < 14 && b[0] < o[2] && b[0] + width > o[0]);
      const [at, y] = spots.find(free) || spots[0];
      taken.push([at, y, at + width]);
      x.lineWidth = 3; x.strokeStyle = 'rgba(255,255,255,.85)'; x.strokeText(t.name, at, y);
      x.fillStyle = '#111'; x.fillText(t.name, at, y);
    }
  };
  const draw = () => {
    if (!owner || !owner.length || !box.clientWidth) return;
    values = floats(model.get('values'));
    const ratio = window.devicePixelRatio || 1, W = box.clientWidth, H = box.clientHeight;
    k = Math.min(W / w, H / h); left = (W - w * k) / 2; top = (H - h * k) / 2;
    canvas.width = W * ratio; canvas.height = H * ratio;
    cells.width = w; cells.height = h;
    if (values.length) paint();
    const x = canvas.getContext('2d');
    x.setTransform(ratio, 0, 0, ratio, 0, 0);
    x.imageSmoothingEnabled = false;
    x.drawImage(cells, left, top, w * k, h * k);
    lines(x); towns(x);
    note.textContent = emptiness();
    note.style.display = note.textContent ? 'block' : 'none';
    const s = specs()[active];
    canvas.setAttribute('aria-label', 'Map of ' + s.name + ' in ' + model.get('when'));
    if (mouse) say();
    if (model.get('ack') !== model.get('frame')) {
      model.set('ack', model.get('frame')); model.save_changes();
    }
  };
  const say = () => {
    const x = Math.floor((mouse[0] - left) / k), y = Math.floor((mouse[1] - top) / k);
    const cell = y * w + x, inside = x >= 0 && y >= 0 && x < w && y < h && owner[cell] !== 65535;
    tip.style.display = inside && values.length ? 'block' : 'none';
    if (!inside || !values.length) return -1;
    tip.replaceChildren();
    make('b', '', tip, model.get('counties')[county[cell]] || '');
    make('p', '', tip, 'as the sampled village nearest to this cell');
    specs().forEach((s, i) => {
      const v = value(i, cell), row = make('div', i === active ? 'on' : '', tip);
      make('span', '', row, s.name);
      const shown = !Number.isFinite(v) ? 'none yet' : s.words.length ? s.words[v | 0]
        : v.toLocaleString('en', { maximumFractionDigits: s.digits }) + ' ' + s.brief;
      make('em', '', row, shown);
    });
    const W = box.clientWidth, right = mouse[0] + 16 + tip.offsetWidth > W;
    tip.style.left = (right ? Math.max(0, mouse[0] - 16 - tip.offsetWidth) : mouse[0] + 16) + 'px';
    const low = mouse[1] + 12 + tip.offsetHeight > box.clientHeight;
    tip.style.top = (low ? Math.max(0, mouse[1] - 12 - tip.offsetHeight) : mouse[1] + 12) + 'px';
    return owner[cell];
  };
  canvas.onmousemove = e => {
    mouse = [e.offsetX, e.offsetY];
    const place = owner && owner.length && values ? say() : -1;
    if (place !== hover) { hover = place; draw(); }
  };
  canvas.onmouseleave = () => { mouse = null; hover = -1; tip.style.display = 'none'; draw(); };

  let asked = 0;
  const later = () => { asked = asked || requestAnimationFrame(() => { asked = 0; draw(); }); };
  buttons(); still(); legendOf(); draw();
  const onFrame = () => later(), onWorld = () => { still(); later(); };
  model.on('change:frame', onFrame); model.on('change:world', onWorld);
  const watch = new ResizeObserver(later);
  watch.observe(box);
  return () => {
    watch.disconnect();
    model.off('change:frame', onFrame); model.off('change:world', onWorld);
  };
}
export default { render };
"""

_STYLE = """
.rf-map{display:flex;flex-direction:column;width:100%;height:100%;min-height:0;gap:6px;
  font:12px/1.35 system-ui,"DejaVu Sans",sans-serif;color:#222}
.rf-layers{display:flex;flex-wrap:wrap;gap:4px}
.rf-layers button{font:inherit;padding:4px 9px;border:1px solid #c9ced3;border-radius:14px;
  background:#fff;color:#333;cursor:pointer}
.rf-layers button:hover{border-color:#6c7880}
.rf-layers button:focus-visible{outline:2px solid #0072b2;outline-offset:1px}
.rf-layers button[aria-checked=true]{background:#1f2b33;border-color:#1f2b33;color:#fff}
.rf-box{position:relative;flex:1 1 auto;min-height:0;overflow:hidden}
.rf-box canvas{position:absolute;inset:0;width:100%;height:100%;cursor:crosshair}
.rf-note{display:none;position:absolute;left:50%;top:12px;transform:translateX(-50%);
  background:#1f2b33e6;color:#fff;padding:6px 14px;border-radius:15px;font-size:13px;
  white-space:nowrap;pointer-events:none}
.rf-tip{display:none;position:absolute;z-index:9;pointer-events:none;background:#1f2b33f2;
  color:#fff;padding:8px 11px;border-radius:6px;min-width:230px;max-width:340px}
.rf-tip p{margin:0 0 5px;color:#b9c4cc;font-size:11px}
.rf-tip div{display:flex;justify-content:space-between;gap:14px;color:#d5dce1}
.rf-tip div.on{color:#fff;font-weight:600}
.rf-tip em{font-style:normal;text-align:right;font-variant-numeric:tabular-nums}
.rf-legend{display:flex;align-items:center;gap:11px;height:32px;white-space:nowrap;overflow:hidden}
.rf-class{display:inline-flex;align-items:center;gap:5px}
.rf-class i{width:14px;height:12px;border-radius:2px;display:inline-block;
  box-shadow:inset 0 0 0 1px #0003}
.rf-scale{position:relative;flex:0 0 210px;height:28px;margin:0 10px 0 6px}
.rf-ramp{height:11px;border-radius:2px;box-shadow:inset 0 0 0 1px #0002}
.rf-scale em{position:absolute;top:13px;transform:translateX(-50%);font-style:normal;
  font-size:11px;color:#555;font-variant-numeric:tabular-nums}
.rf-unit{font-weight:600}
.rf-meaning{color:#666}
"""


class GridMap(anywidget.AnyWidget):
    """A map of cells with a choice of layers, a legend and what lies under the mouse."""

    _esm = _SCRIPT
    _css = _STYLE

    specs: traitlets.List = traitlets.List([layer.spec() for layer in LAYERS]).tag(sync=True)
    # what a region never changes; ``world`` counts up when all of it has been set
    world = traitlets.Int(0).tag(sync=True)
    width = traitlets.Int(1).tag(sync=True)
    height = traitlets.Int(1).tag(sync=True)
    owner = traitlets.Bytes(b"").tag(sync=True)
    county = traitlets.Bytes(b"").tag(sync=True)
    minutes = traitlets.Bytes(b"").tag(sync=True)
    outlines: traitlets.List = traitlets.List([]).tag(sync=True)
    seats: traitlets.List = traitlets.List([]).tag(sync=True)
    counties: traitlets.List = traitlets.List([]).tag(sync=True)
    # one frame; ``frame`` counts up when all of it has been set
    values = traitlets.Bytes(b"").tag(sync=True)
    when = traitlets.Unicode("").tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    ack = traitlets.Int(0).tag(sync=True)


class Screen:
    """Draws frames on a ``GridMap`` at the pace at which the browser can show them."""

    def __init__(self, widget: GridMap):
        self.widget = widget
        self._drawn = Event()
        widget.observe(self._acknowledge, "ack")

    def _acknowledge(self, change: dict) -> None:
        if change["new"] >= self.widget.frame:
            self._drawn.set()

    def open(
        self,
        owner: NDArray[np.uint16],
        county: NDArray[np.int16],
        minutes: NDArray[np.float64],
        borders: list[list[float]],
        seats: list[dict],
        counties: list[str],
    ) -> None:
        """Show another region: ``owner``, ``county``, ``minutes`` have the shape of its grid."""
        widget = self.widget
        with widget.hold_sync():
            widget.height, widget.width = owner.shape
            widget.owner = owner.astype("<u2").tobytes()
            widget.county = county.astype("<i2").tobytes()
            widget.minutes = minutes.astype("<f4").tobytes()
            widget.outlines, widget.seats, widget.counties = borders, seats, counties
            widget.values = b""
            widget.world += 1

    def show(self, values: NDArray[np.float32], when: str) -> None:
        """Send a frame, (layers, places), and wait until it is drawn, at most PATIENCE_S."""
        self._drawn.clear()
        with self.widget.hold_sync():
            self.widget.values = values.astype("<f4").tobytes()
            self.widget.when = when
            self.widget.frame += 1
        self._drawn.wait(PATIENCE_S)


__all__ = ["GridMap", "Screen"]
