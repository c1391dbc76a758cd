// Which matches are wanted: their tags, how many, how near.
window.audioSearch.options = (() => {
  const {asked} = window.audioSearch;

  // A list of tags that a clip has to have, chosen by typing. `change` is called with [[name, value]].
  const tagBox = (element, change) => {
    const id = `as-tags-${Math.random().toString(36).slice(2)}`;
    element.innerHTML = `<label for="${id}"></label><p class="as-faint"></p>
      <ul class="as-chips"></ul><input id="${id}" type="text" list="${id}-list" role="combobox"
      autocomplete="off" maxlength="200"><datalist id="${id}-list"></datalist>`;
    const [input, list] = [element.querySelector('input'), element.querySelector('datalist')];
    element.querySelector('label').textContent = element.dataset.tags;
    element.querySelector('p').textContent = element.dataset.hint;
    let tags = [], offered = [];
    const titled = ([name, value]) => (name === 'label' ? value : `${name}: ${value}`);

    const show = (now) => {
      tags = now;
      element.querySelector('.as-chips').replaceChildren(...tags.map((tag) => {
        const [row, name, gone] = ['li', 'span', 'button'].map((one) => document.createElement(one));
        row.className = 'as-chip';
        name.textContent = titled(tag);
        gone.type = 'button';
        gone.textContent = '×';
        gone.setAttribute('aria-label', `No longer only ${titled(tag)}`);
        gone.addEventListener('click', () => change(tags.filter((one) => one !== tag)));
        row.append(name, gone);
        return row;
      }));
      element.querySelector('.as-chips').hidden = !tags.length;
    };

    const offer = async () => {
      const answer = await fetch(`/ui/tags?text=${encodeURIComponent(input.value)}`).catch(() => null);
      if (!answer?.ok) return;
      offered = (await answer.json()).tags;
      list.replaceChildren(...offered.map((tag) => {
        const option = document.createElement('option');
        option.value = titled(tag);
        return option;
      }));
    };

    // What was typed: a tag that was offered, else "name: value", else a label.
    const take = () => {
      const text = input.value.trim();
      if (!text) return;
      const known = offered.find((tag) => titled(tag).toLowerCase() === text.toLowerCase());
      const at = text.indexOf(':');
      const typed = at > 0 ? [text.slice(0, at).trim(), text.slice(at + 1).trim()] : ['label', text];
      const [name, value] = known ?? typed;
      input.value = '';
      if (!tags.some((tag) => tag[0] === name && tag[1] === value)) change([...tags, [name, value]]);
    };

    input.addEventListener('focus', offer);
    input.addEventListener('input', (event) => {
      const isChosen = !event.inputType || event.inputType === 'insertReplacementText';
      if (isChosen && offered.some((tag) => titled(tag) === input.value)) return take();
      offer();
    });
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      take();
    });
    input.addEventListener('change', take);
    return {show};
  };

  const start = (root) => {
    const find = (id) => root.querySelector(`#${id}`);
    const [limit, distance, slider, alone, order] = [
      'as-limit', 'as-distance', 'as-distance-slider', 'as-alone', 'as-order-by'].map(find);
    const tags = tagBox(root.querySelector('[data-tags]'), (now) => asked.set({tags: now}));

    const show = (state) => {
      tags.show(state.tags);
      limit.value = state.limit;
      distance.value = slider.value = state.distance;
      mark();
      alone.checked = state.alone;
      order.value = state.order;
      const among = document.querySelector('.as-among');
      const noun = state.among.length === 1 ? 'clip' : 'clips';
      among.hidden = !state.among.length;
      among.querySelector('span').textContent = `Searching only among the ${
        state.among.length.toLocaleString('en')} ${noun} selected on the map.`;
    };

    // How far random pairs of the index are from one another, with the hits on it. It spans what the
    // slider does, so that both say the same place.
    let pairs = null;
    const histogram = root.querySelector('.as-histogram');
    const drawPairs = () => {
      const {edges, counts} = pairs;
      const most = Math.max(...counts);
      const share = (one) => one / Number(slider.max) * 100;
      histogram.innerHTML = counts.map((count, i) => {
        const [from, to] = [share(edges[i]), share(edges[i + 1])];
        return `<i style="left:${from}%;width:${to - from}%;height:${count / most * 100}%"></i>`;
      }).join('') + hits().map((one) => `<b style="left:${share(one)}%"></b>`).join('');
      mark();
    };
    const hits = () => [...document.querySelectorAll('#as-matches ol:not(.as-judged) .as-alike')]
      .map(({dataset}) => Number(dataset.distance));
    const mark = () => histogram.style.setProperty('--to', slider.value / slider.max);
    // Gradio puts the matches of each search into the page.
    window.audioSearch.box.whenAnswered(async () => {
      const answer = await fetch('/rarity').catch(() => null);
      pairs = answer?.ok ? await answer.json() : null;
      histogram.hidden = root.querySelector('.as-pairs').hidden = !pairs?.pairs;
      if (pairs?.pairs) drawPairs();
    });

    const within = (field, text) => {
      const value = Number(text);
      const {min, max} = field;
      return text === '' || Number.isNaN(value) ? Number(max) : Math.max(min, Math.min(max, value));
    };

    limit.addEventListener('change', () => asked.set({limit: Math.round(within(limit, limit.value))}));
    distance.addEventListener('change', () => asked.set({distance: within(distance, distance.value)}));
    slider.addEventListener('input', () => {
      distance.value = slider.value;
      mark();
    });
    slider.addEventListener('change', () => asked.set({distance: Number(slider.value)}));
    order.addEventListener('change', () => asked.set({order: order.value}));
    alone.addEventListener('change', () => asked.set({alone: alone.checked}));
    document.querySelector('.as-among button').addEventListener('click', () => asked.set({among: []}));
    root.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
    const narrow = window.matchMedia('(max-width: 760px)');
    const fold = () => { root.querySelector('details').open = !narrow.matches; };
    narrow.addEventListener('change', fold);
    fold();
    asked.listen(show);
    show(asked.state);
  };

  return {start, tagBox};
})();
