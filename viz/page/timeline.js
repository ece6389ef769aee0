const name = t => t < 0 ? 'start of 2003' : (2003 + Math.floor(t / 12)) + '-' + String(t % 12 + 1).padStart(2, '0');
function render({ model, el }) {
  el.classList.add('rf-timeline');
  const input = document.createElement('input'), ticks = document.createElement('div');
  input.type = 'range'; input.min = 0; input.step = 1;
  input.setAttribute('aria-label', 'Month shown');
  input.title = 'Drag to look back; at the end of the coloured part you follow the run';
  ticks.className = 'rf-ticks';
  el.append(input, ticks);
  const scale = () => {
    const n = model.get('months');
    input.max = n;
    ticks.replaceChildren();
    const every = n > 120 ? 5 : n > 36 ? 2 : 1;
    for (let t = 0; t < n; t += 12) {
      const year = 2003 + t / 12;
      if (t && year % every && n > 36) continue;
      const e = document.createElement('span');
      e.textContent = year; e.style.left = 100 * t / n + '%'; ticks.append(e);
    }
    for (const [month, text, arm] of model.get('marks')) {
      const e = document.createElement('i');
      e.className = arm; e.style.left = 100 * month / n + '%'; e.title = text; e.textContent = '\u25b2';
      ticks.append(e);
    }
  };
  const show = () => {
    const n = model.get('months'), done = model.get('done'), at = model.get('at');
    const far = 100 * done / n;
    input.value = at === null ? done : at + 1;
    input.style.setProperty('--track', 'linear-gradient(90deg,#0b4a6f ' + far + '%,#dfe3e6 ' + far + '%)');
    input.setAttribute('aria-valuetext', name(+input.value - 1));
  };
  input.oninput = () => {
    const done = model.get('done'), v = Math.min(+input.value, done);
    input.value = v;
    model.set('at', v >= done ? null : v - 1); model.save_changes();
  };
  scale(); show();
  model.on('change:months change:marks', scale);
  model.on('change:done change:at change:months', show);
  return () => {
    model.off('change:months change:marks', scale);
    model.off('change:done change:at change:months', show);
  };
}
export default { render };
