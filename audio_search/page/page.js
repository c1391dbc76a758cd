// What the page does in the browser, without the service. Gradio replaces parts of the page at any
// time, so all listeners are on the document.
window.audioSearch = (() => {
  const CONFIRM_MS = 4000;
  const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

  // Play a part of a sound once: from start to end, in s.
  const playPart = (audio, start, end) => {
    const stopAtEnd = () => {
      if (audio.currentTime >= end) audio.pause();
      if (audio.paused) audio.removeEventListener('timeupdate', stopAtEnd);
    };
    const play = () => {
      audio.currentTime = start;
      audio.play().then(() => audio.addEventListener('timeupdate', stopAtEnd), () => {});
    };
    if (audio.readyState >= 1) return play();
    audio.addEventListener('loadedmetadata', play, {once: true});
    audio.preload = 'auto';
    audio.load();
  };

  // The first press changes the button into a question; a second one within CONFIRM_MS confirms.
  const confirmed = (button) => {
    if (button.dataset.asked) return true;
    const label = button.textContent;
    button.dataset.asked = 'yes';
    button.textContent = button.dataset.confirm;
    setTimeout(() => {
      delete button.dataset.asked;
      button.textContent = label;
    }, CONFIRM_MS);
    return false;
  };

  // One tab stop for many buttons: arrow keys go to the nearest in that direction.
  const move = (from, [right, down]) => {
    const centre = (button) => {
      const box = button.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const [x, y] = centre(from);
    let nearest = null;
    let shortest = Infinity;
    for (const button of from.closest('[data-roving]').querySelectorAll('button:not(.as-dim)')) {
      const [bx, by] = centre(button);
      const along = (bx - x) * right + (by - y) * down;
      const aside = Math.abs((bx - x) * down + (by - y) * right);
      // Buttons off to the side count as farther away.
      const distance = along + 2 * aside;
      if (along > 1 && distance < shortest) [nearest, shortest] = [button, distance];
    }
    if (nearest) {
      from.tabIndex = -1;
      nearest.tabIndex = 0;
      nearest.focus();
    }
  };

  const listen = (dot) => {
    const panel = dot.closest('.as-map').querySelector('.as-listen');
    const audio = panel.querySelector('audio');
    const like = panel.querySelector('button');
    panel.querySelector('.as-heard').textContent = dot.getAttribute('aria-label');
    const isPlayable = Boolean(dot.dataset.src);  // else the file of the clip is gone
    if (isPlayable) audio.src = dot.dataset.src;
    else audio.pause();
    like.dataset.id = dot.dataset.id;
    audio.hidden = !isPlayable;
    like.hidden = false;
    dot.closest('[data-roving]').querySelectorAll('.as-chosen').forEach((other) => {
      other.classList.remove('as-chosen');
    });
    dot.classList.add('as-chosen');
    if (isPlayable) audio.play().catch(() => {});
  };

  const showLabel = (button) => {
    const map = button.closest('.as-map');
    const on = button.getAttribute('aria-pressed') !== 'true';
    map.querySelectorAll('[data-legend]').forEach((other) => {
      other.setAttribute('aria-pressed', String(on && other === button));
    });
    map.querySelectorAll('.as-dot').forEach((dot) => {
      dot.classList.toggle('as-dim', on && dot.dataset.label !== button.dataset.legend);
    });
  };

  // In a narrow window the results are below the controls, out of sight.
  const showResults = () => {
    const results = document.getElementById('as-results');
    if (results.getBoundingClientRect().top > window.innerHeight / 2) results.scrollIntoView();
  };

  // Of a wide heat map, show what it is about.
  const showMiddle = () => {
    const middle = document.querySelector('#as-heat [data-middle]');
    const box = middle?.closest('.as-scroll');
    if (box) box.scrollLeft = middle.offsetLeft - (box.clientWidth - middle.offsetWidth) / 2;
  };

  const showInside = () => {
    document.getElementById('as-inside').scrollIntoView({block: 'start', behavior: 'smooth'});
  };

  // Follow the link in `html`, which has a file in it; no link if there was an error.
  const save = (html) => {
    const made = document.createElement('div');
    made.innerHTML = html;
    made.querySelector('a[download]')?.click();
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.play) {
      const [start, end] = button.dataset.play.split(',').map(Number);
      playPart(button.closest('.as-card, .tl').querySelector('audio'), start, end);
    }
    if (button.dataset.event === 'compare') {
      document.querySelectorAll('.as-match').forEach((row) => {
        row.classList.toggle('as-chosen', row.contains(button));
      });
      document.getElementById('as-heat')?.scrollIntoView({block: 'nearest', behavior: 'smooth'});
    }
    if (button.classList.contains('as-dot')) listen(button);
    if (button.dataset.legend !== undefined) showLabel(button);
  });

  document.addEventListener('keydown', (event) => {
    const from = event.target.closest?.('[data-roving] button');
    if (!from || !ARROWS[event.key]) return;
    event.preventDefault();
    move(from, ARROWS[event.key]);
  });

  // Select the chosen clip's name, so that typing replaces it.
  for (const kind of ['focusin', 'click']) {
    document.addEventListener(kind, (event) => {
      if (event.target.matches?.('#as-clip input')) event.target.select();
    });
  }

  // One sound at a time: starting one pauses the others. Media events do not bubble, but can be captured.
  document.addEventListener('play', (event) => {
    document.querySelectorAll('audio').forEach((audio) => {
      if (audio !== event.target) audio.pause();
    });
  }, true);

  return {confirmed, save, showInside, showMiddle, showResults};
})();
