// Judging matches, and going through them by keys. What is judged is searched with from then on.
window.audioSearch.judge = (() => {
  const {asked} = window.audioSearch;
  const FIELDS = 'input, textarea, select, [contenteditable=true]';
  const INNER = `${FIELDS}, button, a, audio, [role=option], canvas, summary`;

  let trigger;
  let wanted = null; // where to go on when the next matches are there

  const rows = () => [...document.querySelectorAll('#as-matches .as-match')];
  const current = () => document.activeElement?.closest?.('#as-matches .as-match');
  const say = (text) => { document.getElementById('as-said').textContent = text; };
  const field = (row) => row.querySelector('.as-judge-label');

  const exampleOf = (row) => {
    const {clip, name, part} = row.dataset;
    const [begin, end] = part.split(',').map(Number);
    return {kind: 'id', value: end > begin ? `${clip}#t=${begin},${end}` : clip, name};
  };

  // The same verdict again takes it back.
  const judge = (row, verdict) => {
    const label = field(row).value.trim();
    const {name} = row.dataset;
    if (!label) {
      field(row).focus();
      return say(`Say first what ${name} is, or is not, an example of.`);
    }
    const isTakenBack = row.querySelector(`[data-verdict=${verdict}]`).ariaPressed === 'true';
    const example = exampleOf(row);
    const part = row.dataset.part.split(',').map(Number);
    trigger('judge', {sent: JSON.stringify(
      {id: row.dataset.clip, part, label, verdict: isTakenBack ? null : verdict})});
    // Of another label than what is searched for it is no example here.
    if (label !== row.closest('ol').dataset.label) return press(row, verdict, !isTakenBack);
    const {state} = asked;
    const others = (list) => list.filter(({value}) => value.split('#t=')[0] !== row.dataset.clip);
    const judged = {right: others(state.right), wrong: others(state.wrong)};
    if (!isTakenBack) judged[verdict].push(example);
    const all = rows();
    const at = all.indexOf(row);
    wanted = document.activeElement === document.body || row.contains(document.activeElement)
      ? {at, clip: row.closest('.as-judged') ? row.dataset.clip : null} : null;
    asked.set(judged);
  };

  const press = (row, verdict, on) => {
    row.querySelectorAll('[data-verdict]').forEach((button) => {
      button.ariaPressed = String(on && button.dataset.verdict === verdict);
    });
  };

  // The matches of a search are there.
  const answered = () => {
    const all = rows();
    const count = document.querySelectorAll('#as-matches ol:not(.as-judged) .as-match').length;
    if (all.length) say(`${count} ${count === 1 ? 'match' : 'matches'}. ${all[0].ariaLabel}`);
    if (!wanted) return;
    const {at} = wanted;
    wanted = null;
    all[Math.min(at, all.length - 1)]?.focus({preventScroll: true});
  };

  const play = (row) => row?.querySelector('[data-play]')?.click();

  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const to = at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + step));
    all[to].focus();
    all[to].scrollIntoView({block: 'nearest'});
    if (to !== at) play(all[to]);
  };

  const pause = (row) => {
    const playing = [...document.querySelectorAll('audio')].find((audio) => !audio.paused);
    if (playing) playing.pause();
    else play(row ?? rows()[0]);
  };

  const keys = {
    ArrowDown: () => go(1),
    ArrowUp: () => go(-1),
    ' ': (row) => pause(row),
    '+': (row) => row && judge(row, 'right'),
    '-': (row) => row && judge(row, 'wrong'),
    l: (row) => row && (field(row).focus(), field(row).select()),
    '/': () => document.getElementById('as-input').focus(),
  };

  document.addEventListener('keydown', (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const {target} = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (target.matches?.('.as-judge-label')) {
      if (event.key === 'Enter') judge(target.closest('.as-match'), 'right');
      if (event.key === 'Escape') target.closest('.as-match').focus();
      return;
    }
    if (!keys[key] || !document.getElementById('as-matches')?.offsetParent) return;
    if (target.matches?.(FIELDS)) return;
    // A button or a player has its own use of the space bar and the arrows.
    const isInRow = target.closest?.('#as-matches');
    if (target.matches?.(INNER) && (key === ' ' || (key.startsWith('Arrow') && !isInRow))) return;
    if (target.matches?.('audio') && key.startsWith('Arrow')) return;
    event.preventDefault();
    keys[key](current());
  });

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-verdict]');
    if (button) judge(button.closest('.as-match'), button.dataset.verdict);
  });

  return {answered, start: (trigger_) => { trigger = trigger_; }};
})();
