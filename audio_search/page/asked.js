// What is asked: examples, counter-examples and choices. It is in the address, so that a search can
// be bookmarked and sent, and the browser's Back leads to the one before.
window.audioSearch.asked = (() => {
  const NOTHING = {like: [], unlike: [], right: [], wrong: [], tags: [], limit: 5, distance: 2,
                   alone: true, among: [], order: 'nearest'};
  const SIGNS = ['like', 'unlike', 'right', 'wrong'];
  const MAX_AMONG = 100; // ids in an address; more are remembered by this window alone
  const OWN = [...SIGNS, 'tag', 'limit', 'distance', 'alone', 'among', 'first'];

  let state = structuredClone(NOTHING);
  const listeners = [];

  const hasExamples = () => state.like.length + state.unlike.length > 0;

  // Sounds that were sent to the page are kept for an hour, so no address leads to them.
  const write = (params, asked) => {
    OWN.forEach((name) => params.delete(name));
    for (const sign of SIGNS) {
      asked[sign].filter(({kind}) => kind !== 'own')
        .forEach(({kind, value}) => params.append(sign, `${kind}:${value}`));
    }
    asked.tags.forEach(([key, value]) => params.append('tag', `${encodeURIComponent(key)}:${value}`));
    if (asked.limit !== NOTHING.limit) params.set('limit', asked.limit);
    if (asked.distance !== NOTHING.distance) params.set('distance', asked.distance);
    if (!asked.alone) params.set('alone', 'no');
    if (asked.order !== NOTHING.order) params.set('first', asked.order);
    if (asked.among.length <= MAX_AMONG) asked.among.forEach((id) => params.append('among', id));
    return params;
  };

  const number = (text, otherwise) => {
    const value = Number(text);
    return text === null || text === '' || Number.isNaN(value) ? otherwise : value;
  };

  const parted = (text) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];

  const read = (params) => {
    const examples = (sign) => params.getAll(sign).map(parted)
      .filter(([kind, value]) => ['words', 'id', 'uri'].includes(kind) && value)
      .map(([kind, value]) => ({kind, value, name: kind === 'id' ? '' : value.split('/').pop()}));
    return {
      ...Object.fromEntries(SIGNS.map((sign) => [sign, examples(sign)])),
      tags: params.getAll('tag').map(parted).map(([key, value]) => [decodeURIComponent(key), value]),
      limit: number(params.get('limit'), NOTHING.limit),
      distance: number(params.get('distance'), NOTHING.distance),
      alone: params.get('alone') !== 'no',
      among: params.getAll('among'),
      order: params.get('first') ?? NOTHING.order,
    };
  };

  const tell = (isAsked) => listeners.forEach((listener) => listener(state, isAsked));

  // Change what is asked, and ask it. `isNew` is false where Back shall not lead to what was before.
  const set = (changes, isNew = true) => {
    state = {...state, ...changes};
    const {place} = window.audioSearch;
    place.go((params) => write(params, state), isNew, {asked: state});
    tell(true);
  };

  // The names of clips that an address names by their ids.
  const name = async () => {
    const nameless = SIGNS.flatMap((sign) => state[sign]).filter(({name: known}) => !known);
    if (!nameless.length) return;
    const idOf = ({value}) => value.split('#t=')[0];
    const ids = nameless.slice(0, 50).map((one) => `id=${encodeURIComponent(idOf(one))}`);
    const {names} = await (await fetch(`/ui/names?${ids.join('&')}`)).json();
    nameless.forEach((one) => { one.name = names[idOf(one)] ?? one.value; });
    tell(false);
  };

  const restore = (kept) => {
    state = kept?.asked ?? read(new URLSearchParams(location.search));
    name().catch(() => {});
    tell(true);
  };

  return {
    NOTHING,
    hasExamples,
    listen: (listener) => listeners.push(listener),
    restore,
    set,
    get state() { return state; },
  };
})();

// Where in the page one is: its address, and the tab that is shown.
window.audioSearch.place = (() => {
  const TABS = ['search', 'map', 'library'];

  const shown = () => TABS.find((name) => tabButton(name)?.getAttribute('aria-selected') === 'true');
  const tabButton = (name) => document.getElementById(`as-tab-${name}-button`);

  const go = (change, isNew, kept = history.state) => {
    const params = change(new URLSearchParams(location.search));
    const before = new URLSearchParams(location.search).toString();
    const address = `${location.pathname}${params.size ? `?${params}` : ''}`;
    if (isNew && params.toString() !== before) history.pushState(kept, '', address);
    else history.replaceState(kept, '', address);
  };

  const show = (name) => {
    if (shown() !== name) tabButton(name)?.click();
  };

  // Gradio calls it when a tab is shown.
  const tell = (name) => go((params) => {
    if (name === 'search') params.delete('tab');
    else params.set('tab', name);
    return params;
  }, true);

  const restore = () => show(new URLSearchParams(location.search).get('tab') ?? 'search');

  window.addEventListener('popstate', (event) => {
    const {asked, library} = window.audioSearch;
    const tab = new URLSearchParams(location.search).get('tab');
    if (tab === 'library' && shown() === tab) library.open();
    restore();
    asked.restore(event.state);
  });

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-tab]');
    if (button) show(button.dataset.tab);
  });

  return {go, restore, show, tell};
})();
