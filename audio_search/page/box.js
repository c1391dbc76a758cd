// The box at the top: words, names of clips, files and recordings become examples to search with.
window.audioSearch.box = (() => {
  const WAIT_MS = 120; // after a key, before suggestions are asked for

  const FRESH = {like: [], unlike: [], right: [], wrong: []};

  const {asked} = window.audioSearch;
  let root, trigger, upload, timer = 0, asking = 0;
  let running = 0; // searches that are not answered yet
  let isOffered = false; // the example is one that the page chose
  let isPressed = false; // somebody waits for the matches, and did not just open the page
  let suggestions = [], active = -1;

  const find = (selector) => root.querySelector(selector);
  const input = () => document.getElementById('as-input');
  const make = (tag, properties, ...inside) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  };

  // Also where a tag of the page is shown again: without examples, one is chosen.
  const open = async () => {
    window.audioSearch.place.tell('search');
    if (asked.hasExamples()) return;
    const offered = await offer();
    if (asked.hasExamples()) return; // chosen meanwhile
    isOffered = offered.length > 0;
    asked.set({...FRESH, like: offered.slice(0, 1)}, false);
  };

  // The buttons that show what could be asked.
  const offer = async () => {
    const answer = await fetch('/ui/examples').catch(() => null);
    const {suggestions: found} = answer?.ok ? await answer.json() : {suggestions: []};
    find('.as-tries').replaceChildren(...found.map((one) => {
      const hint = one.kind === 'words' ? 'words' : one.hint;
      const button = make('button', {type: 'button', className: 'as-try'}, one.name);
      if (hint) button.append(' ', make('span', {className: 'as-faint', textContent: hint}));
      button.addEventListener('click', () => {
        isOffered = false;
        isPressed = true;
        asked.set({...FRESH, like: [one]});
      });
      return button;
    }));
    if (found.length) find('.as-tries').prepend('Try ');
    return found;
  };

  const add = (examples, sign = 'like') => {
    const before = isOffered ? FRESH : asked.state;
    isOffered = false;
    isPressed = true;
    const isSame = (one) => examples.some(({kind, value}) => kind === one.kind && value === one.value);
    const kept = {like: before.like.filter((one) => !isSame(one)),
                  unlike: before.unlike.filter((one) => !isSame(one))};
    asked.set({...before === FRESH ? FRESH : {}, ...kept, [sign]: [...kept[sign], ...examples]});
  };

  const remove = (example) => {
    const without = (list) => list.filter((one) => one !== example);
    asked.set({like: without(asked.state.like), unlike: without(asked.state.unlike)});
    input().focus();
  };

  const turn = (example, sign) => {
    const to = sign === 'like' ? 'unlike' : 'like';
    asked.set({[sign]: asked.state[sign].filter((one) => one !== example),
               [to]: [...asked.state[to], example]});
    find(`.as-chip[data-key="${CSS.escape(key(example))}"] .as-sign`)?.focus();
  };

  const key = ({kind, value}) => `${kind}:${value}`;

  const chip = (example, sign) => {
    const name = example.kind === 'words' ? `“${example.value}”` : example.name || '…';
    const isLike = sign === 'like';
    const turned = make('button', {type: 'button', className: 'as-sign'}, isLike ? '+' : '−');
    turned.title = isLike ? 'Make it a counter-example' : 'Make it an example';
    turned.setAttribute('aria-label', `${turned.title}: ${name}`);
    turned.addEventListener('click', () => turn(example, sign));
    const gone = make('button', {type: 'button', className: 'as-remove'}, '×');
    gone.setAttribute('aria-label', `Remove ${name}`);
    gone.addEventListener('click', () => remove(example));
    const made = make('li', {className: `as-chip${isLike ? '' : ' as-not'}`},
                      turned, make('span', {className: 'as-chip-name', textContent: name}), gone);
    made.dataset.key = key(example);
    made.title = isLike ? 'Matches are to be like this' : 'Matches are to be unlike this';
    return made;
  };

  const showChips = ({like, unlike, right, wrong}) => {
    find('.as-chips').replaceChildren(...like.map((one) => chip(one, 'like')),
                                      ...unlike.map((one) => chip(one, 'unlike')));
    find('.as-clear').hidden = !asked.hasExamples();
    const names = like.map((one) => (one.kind === 'words' ? one.value : one.name)).filter(Boolean);
    document.title = names.length ? `${names.join(', ')} – Audio search` : 'Audio search';
    const judged = [[right, 'right'], [wrong, 'wrong']].filter(([some]) => some.length)
      .map(([some, verdict]) => `${some.length} ${verdict}`);
    find('.as-judged-count').textContent = judged.length ? `and ${judged.join(', ')}` : '';
  };

  // Words, paths and names may begin with a minus, which makes them counter-examples.
  const typed = () => {
    const text = input().value.trim();
    const isUnlike = text.startsWith('-') && text.length > 1;
    return {text: isUnlike ? text.slice(1).trim() : text, sign: isUnlike ? 'unlike' : 'like'};
  };

  const suggest = async (text) => {
    const number = ++asking;
    const answer = await fetch(`/ui/suggest?text=${encodeURIComponent(text)}`).catch(() => null);
    const found = answer?.ok ? (await answer.json()).suggestions : [];
    return number === asking ? found : null;
  };

  const showSuggestions = (found) => {
    suggestions = found;
    active = -1;
    const list = document.getElementById('as-suggestions');
    list.replaceChildren(...found.map((one, i) => {
      const name = one.kind === 'words' ? `“${one.name}”` : one.name;
      const row = make('li', {id: `as-suggestion-${i}`}, make('span', {textContent: name}));
      if (one.hint) row.append(' ', make('span', {className: 'as-faint', textContent: one.hint}));
      row.setAttribute('role', 'option');
      row.setAttribute('aria-selected', 'false');
      row.addEventListener('pointerdown', (event) => event.preventDefault()); // keeps the focus
      row.addEventListener('click', () => choose(one));
      return row;
    }));
    list.hidden = !found.length;
    input().setAttribute('aria-expanded', String(found.length > 0));
    input().removeAttribute('aria-activedescendant');
  };

  const point = (to) => {
    const rows = [...document.getElementById('as-suggestions').children];
    if (!rows.length) return;
    active = (to + rows.length) % rows.length;
    rows.forEach((row, i) => row.setAttribute('aria-selected', String(i === active)));
    rows[active].scrollIntoView({block: 'nearest'});
    input().setAttribute('aria-activedescendant', rows[active].id);
  };

  const close = () => {
    asking++; // an answer that is on its way is not shown
    clearTimeout(timer);
    showSuggestions([]);
  };

  const choose = (one) => {
    const {sign} = typed();
    input().value = '';
    close();
    add([one], sign);
  };

  // What is typed becomes an example; what nothing is known of is searched for as words, and the
  // answer says which there are.
  const search = async () => {
    const {text} = typed();
    if (!text && !asked.hasExamples()) return input().focus();
    isPressed = true;
    if (!text) return asked.set({});
    if (active >= 0) return choose(suggestions[active]);
    clearTimeout(timer);
    const found = await suggest(text);
    if (found) choose(found[0] ?? {kind: 'words', value: text, name: text});
  };

  const byKey = (event) => {
    const done = (what) => { event.preventDefault(); return what; };
    if (event.key === 'ArrowDown') return done(point(active + 1));
    if (event.key === 'ArrowUp') return done(point(active < 0 ? -1 : active - 1));
    if (event.key === 'Enter') return done(search());
    if (event.key === 'Escape' && suggestions.length) return done(close());
    if (event.key === 'Backspace' && !input().value && asked.hasExamples()) {
      const {like, unlike} = asked.state;
      return done(remove(unlike.at(-1) ?? like.at(-1)));
    }
  };

  // Files that were chosen, dropped or recorded; uploads.js has looked at their size.
  const give = async (files, sign = 'like') => {
    const {tell} = window.audioSearch.uploads;
    if (!files.length) return;
    const what = files.length === 1 ? files[0].name : `${files.length} files`;
    tell('as-own', `Sending ${what} …`, 'status');
    try {
      const sent = await Promise.all(files.map(async (file) => {
        const {path} = await upload(file);
        return {kind: 'own', value: path, name: file.name};
      }));
      tell('as-own', '');
      add(sent, sign);
    } catch { /* uploads.js says why */ }
  };

  const start = (element, trigger_, upload_, names) => {
    [root, trigger, upload] = [element, trigger_, upload_];
    window.audioSearch.judge.start(trigger);
    asked.listen((state, isAsked) => {
      showChips(state);
      if (!isAsked) return;
      running++;
      trigger(names[0], {sent: JSON.stringify(state)});
    });
    input().addEventListener('keydown', byKey);
    input().addEventListener('input', () => {
      clearTimeout(timer);
      const {text} = typed();
      if (!text) return close();
      timer = setTimeout(async () => {
        const found = await suggest(text);
        if (found) showSuggestions(found);
      }, WAIT_MS);
    });
    input().addEventListener('blur', close);
    document.getElementById('as-file').addEventListener('change', (event) => {
      const files = [...event.target.files];
      event.target.value = '';
      give(files);
    });
    const box = find('.as-box');
    box.addEventListener('dragover', (event) => {
      event.preventDefault();
      box.classList.add('as-over');
    });
    box.addEventListener('dragleave', () => box.classList.remove('as-over'));
    box.addEventListener('drop', (event) => {
      event.preventDefault();
      box.classList.remove('as-over');
      give([...event.dataTransfer.files]);
    });
    box.addEventListener('click', (event) => {
      const {box: what} = event.target.closest('button')?.dataset ?? {};
      if (what === 'search') search();
      if (what === 'record') window.audioSearch.recorder.turn(find('.as-recorder'));
      if (what === 'clear') {
        isOffered = false;
        asked.set(FRESH);
        input().focus();
      }
    });
    asked.restore(history.state);
    offer();
    window.audioSearch.place.restore();
    if (!asked.hasExamples() && !new URLSearchParams(location.search).get('tab')) open();
  };

  // "Search with this", anywhere on the page.
  const searchWith = (example) => {
    isOffered = false;
    isPressed = true;
    window.audioSearch.place.show('search');
    asked.set({...FRESH, like: [example]});
  };

  document.addEventListener('click', (event) => {
    const {like, name, among} = event.target.closest('button')?.dataset ?? {};
    if (like) searchWith({kind: 'id', value: like, name});
    if (among) {
      window.audioSearch.place.show('search');
      asked.set({among: JSON.parse(among)});
    }
  });

  // Put a sound that was searched with into the library.
  document.addEventListener('click', (event) => {
    const {own} = event.target.closest('button')?.dataset ?? {};
    if (own) trigger('add_own', {sent: own});
  });

  const listeners = [];
  const answered = () => {
    running = Math.max(0, running - 1);
    if (running) return; // it was replaced by a later search, whose matches are still to come
    listeners.forEach((listener) => listener());
    if (isPressed) window.audioSearch.showResults();
    isPressed = false;
    window.audioSearch.judge.answered();
  };

  return {add, answered, give, open, start, whenAnswered: (listener) => listeners.push(listener)};
})();
