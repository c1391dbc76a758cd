// The map's controls: what they do to its dots (dots.js), and what is asked of the service.
window.audioSearch.clipMap = (() => {
  const PAGE = 100; // names shown of a selection at first, and more at each press
  const POLL_MS = {busy: 1000, idle: 5000};
  const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  const COLUMNS = ['label', 'folder', 'date', 'word'];
  const MAX_LEGEND = 60; // values shown at once; the others are found by their text

  let root, dots, state, codes, by = 'label', only = new Set(), picked = null, isLasso = false;
  let names = new Map(), hovered = -1, timer = 0;

  const find = (selector) => root.querySelector(selector);
  const ask = async (path, body) => {
    const sent = body && {method: 'POST', body: JSON.stringify(body),
                          headers: {'Content-Type': 'application/json'}};
    const answer = await fetch(`/ui/map/${path}`, sent);
    if (!answer.ok) throw new Error((await answer.json()).detail ?? answer.statusText);
    return answer;
  };
  const tell = (text) => { find('.as-map-state').textContent = text; };
  const column = () => state.columns.find(({name}) => name === by);
  const valueOf = (i) => column()?.values[codes[by][i]]?.[0] ?? '';
  const titled = (name, i) => `${name}, ${valueOf(i) || `no ${by === 'word' ? 'word' : by}`}`;

  // Called when the tab is shown, and again and again while it is.
  const open = async () => {
    clearTimeout(timer);
    root = document.querySelector('.as-map');
    if (!dots) start();
    try {
      const told = await (await ask('state')).json();
      const isNew = told.version && told.total !== null && told.version !== state?.version;
      if (isNew) await load(told);
      if (state) state.doing = told.doing;
      sayState(told);
    } catch (error) {
      tell(`The map cannot be read (${error.message}); it is tried again.`);
    }
    const isBusy = !state || state.doing;
    clearTimeout(timer);
    timer = setTimeout(() => { if (root.offsetParent) open(); }, isBusy ? POLL_MS.busy : POLL_MS.idle);
  };

  const load = async (told) => {
    const answer = await ask('dots');
    const all = new Uint16Array(await answer.arrayBuffer());
    const count = told.total;
    if (answer.headers.get('X-Map-Version') !== told.version) return; // another one came meanwhile
    state = told;
    codes = Object.fromEntries(
      COLUMNS.map((name, i) => [name, all.subarray((i + 2) * count, (i + 3) * count)]));
    const share = (part) => Float32Array.from(all.subarray(part * count, (part + 1) * count),
                                              (value) => value / 65535);
    [names, hovered, picked] = [new Map(), -1, null];
    dots.set(share(0), share(1));
    find('.as-map-empty').hidden = count > 0;
    find('.as-map-parts').hidden = count === 0;
    find('.as-picked').hidden = true;
    paint();
  };

  const sayState = (told) => {
    const said = [told.problem, told.doing];
    if (state && !state.laid_out && state.total) {
      said.push('Until the map is laid out, dots lie by their two main differences.');
    }
    if (state?.placed) {
      const placed = state.placed.toLocaleString('en');
      said.push(`${placed} of ${state.total.toLocaleString('en')} clips lie where their nearest are.`);
    }
    tell(said.filter(Boolean).join(' '));
    find('[data-map=rebuild]').disabled = Boolean(told.doing);
  };

  // The colours and shapes of the column that was chosen, and its legend.
  const styleOf = ({is_ordered: isOrdered, values}) => {
    const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const dated = values.filter(([text]) => text).length;
    let place = 0;
    return values.map(([text, , number]) => {
      if (!text) return {rgb: rgb(state.grey), shape: 0};
      if (isOrdered) { // from blue to orange, as time goes
        const t = dated > 1 ? place++ / (dated - 1) : 0.5;
        return {rgb: [60 + 180 * t, 110 + 20 * t, 225 - 190 * t].map(Math.round), shape: 0};
      }
      const {length} = state.colours;
      const shape = Math.floor(number / length) % dots.constructor.SHAPES.length;
      return {rgb: rgb(state.colours[number % length]), shape};
    });
  };

  const paint = () => {
    dots.colour(codes[by], styleOf(column()));
    light();
    showLegend();
  };

  const light = () => {
    const lit = new Uint8Array(state.total);
    const chosen = picked && new Set(picked);
    for (let i = 0; i < lit.length; i++) {
      lit[i] = (!only.size || only.has(codes[by][i])) && (!chosen || chosen.has(i)) ? 1 : 0;
    }
    dots.light(lit);
  };

  const showLegend = () => {
    const wanted = find('.as-legend-search').value.trim().toLowerCase();
    const {values} = column();
    const styles = styleOf(column());
    const fitting = [...values.keys()].filter((i) => values[i][0].toLowerCase().includes(wanted));
    find('.as-legend').replaceChildren(...fitting.slice(0, MAX_LEGEND).map((i) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.legend = i;
      button.setAttribute('aria-pressed', String(only.has(i)));
      const mark = document.createElement('i');
      mark.className = `as-shape-${styles[i].shape}`;
      mark.style.background = `rgb(${styles[i].rgb})`;
      const count = document.createElement('span');
      count.textContent = values[i][1].toLocaleString('en');
      button.append(mark, `${values[i][0] || 'none'} `, count);
      return button;
    }));
    const distinct = state.colours.length * dots.constructor.SHAPES.length;
    const more = [];
    if (fitting.length > MAX_LEGEND) more.push(`${fitting.length - MAX_LEGEND} more: type to find them.`);
    if (!column().is_ordered && values.length > distinct) {
      more.push(`Beyond ${distinct}, colours and shapes come again: hover over a dot to be sure.`);
    }
    if (!fitting.length) more.push('Nothing is called so.');
    find('.as-legend-more').textContent = more.join(' ');
  };

  const named = async (numbers) => {
    const missing = numbers.filter((i) => !names.has(i));
    for (let start = 0; start < missing.length; start += 500) {
      const asked = missing.slice(start, start + 500);
      const {clips} = await (await ask('clips', {version: state.version, numbers: asked})).json();
      if (!clips) return []; // the map is another one now, which the next look will load
      clips.forEach((clip) => names.set(clip.number, clip));
    }
    return numbers.map((i) => names.get(i)).filter(Boolean);
  };

  const hover = async (i) => {
    const tip = find('.as-tip');
    hovered = i;
    tip.hidden = i < 0;
    if (i < 0) return;
    const [x, y] = dots.at(i);
    const isRight = x > dots.canvas.clientWidth / 2;
    tip.style.cssText = `top:${y}px;${isRight ? `right:${dots.canvas.clientWidth - x}px`
                                              : `left:${x}px`}`;
    tip.textContent = names.has(i) ? titled(names.get(i).name, i) : valueOf(i) || '…';
    const [clip] = await named([i]);
    if (clip && hovered === i) tip.textContent = titled(clip.name, i);
  };

  const choose = async (i, isPlayed) => {
    dots.chosen = i;
    dots.draw();
    const [clip] = await named([i]);
    if (!clip || dots.chosen !== i) return;
    const panel = find('.as-listen');
    const audio = panel.querySelector('audio');
    panel.querySelector('.as-heard').textContent = titled(clip.name, i);
    panel.querySelector('.as-gone').hidden = true;
    const like = panel.querySelector('[data-like]');
    like.dataset.like = clip.id;
    like.dataset.name = clip.name;
    like.hidden = audio.hidden = false;
    if (!isPlayed) return audio.pause();
    audio.src = clip.src;
    audio.play().catch(() => {});
  };

  const pick = async (numbers) => {
    picked = numbers;
    light();
    const panel = find('.as-picked');
    panel.hidden = !numbers;
    if (!numbers) return;
    const noun = numbers.length === 1 ? 'clip' : 'clips';
    panel.querySelector('h2').textContent = `${numbers.length.toLocaleString('en')} ${noun} selected`;
    panel.querySelector('ul').replaceChildren();
    const among = panel.querySelector('[data-among]');
    const isTooMany = numbers.length > Number(panel.dataset.max);
    panel.querySelector('.as-too-many').hidden = !isTooMany;
    among.hidden = true; // until it has the ids
    await showMore();
    if (isTooMany || !numbers.length) return;
    const clips = await named(numbers);
    if (picked !== numbers) return;
    among.dataset.among = JSON.stringify(clips.map(({id}) => id));
    among.hidden = false;
  };

  const showMore = async () => {
    const list = find('.as-picked ul');
    const clips = await named(picked.slice(list.children.length, list.children.length + PAGE));
    list.append(...clips.map((clip) => {
      const row = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.dot = clip.number;
      button.textContent = titled(clip.name, clip.number);
      row.append(button);
      return row;
    }));
    find('[data-map=more]').hidden = list.children.length >= picked.length;
  };

  const setLasso = (on) => {
    isLasso = on;
    find('[data-map=lasso]').setAttribute('aria-pressed', String(on));
    dots.canvas.classList.toggle('as-lasso', on);
  };

  const press = {
    in: () => dots.zoom(1.5),
    out: () => dots.zoom(1 / 1.5),
    fit: () => dots.fit(),
    lasso: () => setLasso(!isLasso),
    unpick: () => pick(null),
    more: showMore,
    rebuild: async () => { await ask('rebuild', {}); open(); },
  };

  const start = () => {
    const canvas = find('canvas');
    dots = new window.audioSearch.Dots(canvas);
    const held = new Map(); // pointers that are down, and where
    let moved = 0;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.x, event.clientY - box.y];
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, place(event));
      moved = 0;
      hover(-1);
      if (isLasso || event.shiftKey) dots.path = [place(event)];
    });
    canvas.addEventListener('pointermove', (event) => {
      const [x, y] = place(event);
      const before = held.get(event.pointerId);
      if (!before) return hover(dots.find([x, y], 12));
      moved += Math.hypot(x - before[0], y - before[1]);
      held.set(event.pointerId, [x, y]);
      if (dots.path.length) {
        dots.path.push([x, y]);
        return dots.draw();
      }
      const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) return dots.pan(x - before[0], y - before[1]);
      const apart = (from) => Math.max(1, Math.hypot(from[0] - other[0], from[1] - other[1]));
      dots.zoom(apart([x, y]) / apart(before), [(x + other[0]) / 2, (y + other[1]) / 2]);
    });
    const release = (event) => {
      if (!held.delete(event.pointerId) || event.type === 'pointercancel') return dots.path = [];
      const found = dots.path.length > 2 && moved > 8 ? dots.within() : null;
      dots.path = [];
      if (found) {
        setLasso(false);
        pick(found);
      } else if (moved < 5) {
        const i = dots.find(place(event), 12);
        if (i >= 0) choose(i, true);
      }
      dots.draw();
    };
    canvas.addEventListener('pointerup', release);
    canvas.addEventListener('pointercancel', release);
    canvas.addEventListener('pointerleave', () => hover(-1));
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      dots.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), place(event));
      hover(-1);
    }, {passive: false});
    canvas.addEventListener('keydown', byKey);
    root.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button || !state) return;
      if (button.dataset.map) press[button.dataset.map]();
      if (button.dataset.dot) choose(Number(button.dataset.dot), true);
      if (button.dataset.legend) {
        const value = Number(button.dataset.legend);
        if (!only.delete(value)) only.add(value);
        light();
        button.setAttribute('aria-pressed', String(only.has(value)));
      }
    });
    find('.as-legend-search').addEventListener('input', () => state && showLegend());
    find('.as-by').addEventListener('change', (event) => {
      by = event.target.value;
      only = new Set();
      if (state) paint();
    });
    find('audio').addEventListener('error', () => {
      find('audio').hidden = true;
      find('.as-listen .as-gone').hidden = false;
    });
    new MutationObserver(() => dots.draw()).observe(document.body, {attributeFilter: ['class']});
  };

  const byKey = (event) => {
    const arrow = ARROWS[event.key];
    const done = () => event.preventDefault();
    if (arrow && event.shiftKey) return done(dots.pan(-60 * arrow[0], -60 * arrow[1]));
    if (arrow) {
      const {chosen, canvas} = dots;
      const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
      const i = chosen < 0 ? dots.find(middle, Infinity) : dots.next(chosen, arrow);
      if (i >= 0) {
        choose(i, false);
        const [x, y] = dots.at(i);
        const isSeen = x > 0 && y > 0 && x < canvas.clientWidth && y < canvas.clientHeight;
        if (!isSeen) dots.look(dots.view.zoom, dots.x[i], dots.y[i]);
      }
      return done();
    }
    if (event.key === 'Enter' && dots.chosen >= 0) return done(choose(dots.chosen, true));
    if (event.key === '+' || event.key === '=') return done(press.in());
    if (event.key === '-') return done(press.out());
    if (event.key === '0') return done(press.fit());
    if (event.key === 'Escape' && picked) return done(pick(null));
  };

  // `dots` and `isLaidOut` are for the console, and for tests.
  return {open, get dots() { return dots; }, get isLaidOut() { return Boolean(state?.laid_out); }};
})();
