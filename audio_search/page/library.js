// The library: found, filtered, sorted, turned by pages; clips are selected, labelled and deleted.
window.audioSearch.library = (() => {
  const NOTHING = {text: '', tags: [], order: 'newest', page: 1};
  const WAIT_MS = 250; // after a key, before the list is asked for

  let root, trigger, tags, state = {...NOTHING}, timer = 0;
  let selected = new Map(), isEvery = false; // ids and whether their files were uploaded
  const going = new Set(); // ids that are deleted when the time to undo is over
  let pending = null;

  const find = (selector) => root.querySelector(selector);
  const table = () => document.querySelector('#as-library table');
  const rows = () => [...document.querySelectorAll('#as-library tbody tr')];
  const counted = (number) => `${number.toLocaleString('en')} ${number === 1 ? 'clip' : 'clips'}`;
  const total = () => Number(table()?.dataset.total ?? 0);

  const write = (params) => {
    ['find', 'has', 'order', 'page'].forEach((name) => params.delete(name));
    if (state.text) params.set('find', state.text);
    state.tags.forEach(([name, value]) => params.append('has', `${encodeURIComponent(name)}:${value}`));
    if (state.order !== NOTHING.order) params.set('order', state.order);
    if (state.page > 1) params.set('page', state.page);
    params.set('tab', 'library');
    return params;
  };

  const read = (params) => ({
    text: params.get('find') ?? '',
    tags: params.getAll('has').map((text) => {
      const at = text.indexOf(':');
      return [decodeURIComponent(text.slice(0, at)), text.slice(at + 1)];
    }),
    order: params.get('order') ?? NOTHING.order,
    page: Number(params.get('page')) || 1,
  });

  const list = () => {
    if (!pending) going.clear(); // what was to be deleted is, or could not be
    if (root?.offsetParent) trigger('list', {sent: JSON.stringify(state)});
  };

  const show = () => {
    if (document.activeElement !== find('#as-find')) find('#as-find').value = state.text;
    find('#as-order').value = state.order;
    tags.show(state.tags);
  };

  const set = (changes, isNew = true) => {
    state = {...state, page: 1, ...changes};
    if (!('page' in changes)) select(() => selected.clear());
    show();
    window.audioSearch.place.go(write, isNew);
    list();
  };

  // Called when the tab is shown; Back does it where it leads to another list.
  const open = () => {
    const params = new URLSearchParams(location.search);
    if (params.get('tab') === 'library') state = read(params);
    show();
    window.audioSearch.place.go(write, params.get('tab') !== 'library');
    list();
  };

  const shown = () => {
    rows().forEach((row) => {
      row.querySelector('[data-select]').checked = isEvery || selected.has(row.dataset.clip);
      row.classList.toggle('as-going', going.has(row.dataset.clip) || (pending?.isEvery ?? false));
    });
    const all = document.querySelector('[data-select-page]');
    const boxes = rows().map((row) => row.querySelector('[data-select]').checked);
    if (all) {
      all.checked = boxes.length > 0 && boxes.every(Boolean);
      all.indeterminate = !all.checked && boxes.some(Boolean);
    }
    const number = isEvery ? total() : selected.size;
    find('.as-selected').hidden = !number;
    find('.as-selected b').textContent = `${counted(number)} selected`;
    const every = find('[data-library=every]');
    every.hidden = isEvery || !all?.checked || total() <= rows().length;
    every.textContent = `Select all ${counted(total())} that fit`;
  };

  const select = (change) => {
    isEvery = false;
    change();
    if (table()) shown();
  };

  const mark = (row, on) => {
    if (on) selected.set(row.dataset.clip, row.dataset.upload === '1');
    else selected.delete(row.dataset.clip);
  };

  // What is to be changed: `ids`, or all that fit what is listed.
  const chosen = () => (isEvery ? {...state} : {ids: [...selected.keys()]});

  // What becomes of the files.
  const files = (uploads, number) => {
    if (uploads === null) return 'Files that were uploaded here go too, others stay.';
    if (uploads === number) return number === 1 ? 'Its file goes too: it was uploaded here.'
      : 'Their files go too: they were uploaded here.';
    if (!uploads) return number === 1 ? 'Its file stays where it is.' : 'Their files stay where they are.';
    return `${uploads} of their files go too, which were uploaded here; the others stay.`;
  };

  // Nothing is deleted until the time to undo it is over, nor where the page is closed before.
  const remove = (what, number, uploads) => {
    finish();
    const toast = find('.as-toast');
    const undoS = Number(find('.as-finder').dataset.undoS);
    pending = {what, isEvery: !what.ids, left: undoS};
    (what.ids ?? []).forEach((id) => going.add(id));
    select(() => selected.clear());
    const tell = () => {
      toast.querySelector('[data-left]').textContent = `${pending.left} s`;
    };
    toast.querySelector('span').innerHTML = `<span></span> <span data-left aria-hidden="true"></span>`;
    toast.querySelector('span > span').textContent =
      `${counted(number)} will be deleted. ${files(uploads, number)}`;
    toast.hidden = false;
    tell();
    pending.timer = setInterval(() => {
      pending.left--;
      if (pending.left <= 0) finish();
      else tell();
    }, 1000);
    shown();
  };

  const end = () => {
    clearInterval(pending?.timer);
    pending = null;
    going.clear();
    find('.as-toast').hidden = true;
  };

  const finish = () => {
    if (!pending) return;
    const {what} = pending;
    clearInterval(pending.timer);
    pending = null;
    find('.as-toast').hidden = true;
    trigger('remove', {sent: JSON.stringify(what)});
  };

  const relabel = (what, label) => {
    trigger('relabel', {sent: JSON.stringify({...what, label})});
  };

  // The label of a row becomes a field; Enter keeps what is typed, Escape what was there.
  const edit = (button) => {
    const field = document.createElement('input');
    Object.assign(field, {type: 'text', value: button.dataset.label, maxLength: 500});
    field.className = 'as-label-field';
    field.setAttribute('aria-label', button.getAttribute('aria-label'));
    let isDone = false;
    const done = (isKept) => {
      if (isDone) return;
      isDone = true;
      const label = field.value.trim();
      field.replaceWith(button);
      if (isKept && label !== button.dataset.label) relabel({ids: [button.dataset.relabel]}, label);
      else if (document.activeElement === document.body) button.focus();
    };
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') done(true);
      if (event.key === 'Escape') done(false);
      event.stopPropagation();
    });
    field.addEventListener('blur', () => done(true));
    button.replaceWith(field);
    field.focus();
    field.select();
  };

  const press = {
    every: () => { isEvery = true; shown(); },
    none: () => select(() => selected.clear()),
    delete: () => {
      const uploads = isEvery ? null : [...selected.values()].filter(Boolean).length;
      remove(chosen(), isEvery ? total() : selected.size, uploads);
    },
    undo: () => { end(); shown(); },
  };

  const start = (element, trigger_) => {
    [root, trigger] = [element, trigger_];
    tags = window.audioSearch.options.tagBox(find('[data-tags]'), (now) => set({tags: now}));
    find('#as-find').addEventListener('input', (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => set({text: event.target.value.trim()}, false), WAIT_MS);
    });
    find('#as-order').addEventListener('change', (event) => set({order: event.target.value}));
    root.addEventListener('click', (event) => {
      press[event.target.closest('button')?.dataset.library]?.();
    });
    find('.as-selected form').addEventListener('submit', (event) => {
      event.preventDefault();
      relabel(chosen(), find('#as-new-label').value.trim());
      find('#as-new-label').value = '';
    });
    open();
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('#as-library button');
    if (!button) return;
    const {page, tag, value, relabel: id, delete: gone} = button.dataset;
    if (page) set({page: Number(page)});
    if (tag && !state.tags.some((one) => one[0] === tag && one[1] === value)) {
      set({tags: [...state.tags, [tag, value]]});
    }
    if (id) edit(button);
    if (gone) remove({ids: [gone]}, 1, Number(button.closest('tr').dataset.upload));
  });

  document.addEventListener('change', (event) => {
    const {target} = event;
    if (target.id === 'as-page' && target.value) set({page: Number(target.value)});
    if (target.matches?.('[data-select]')) select(() => mark(target.closest('tr'), target.checked));
    if (target.matches?.('[data-select-page]')) {
      select(() => rows().forEach((row) => mark(row, target.checked)));
    }
  });

  return {list, open, shown, start};
})();
