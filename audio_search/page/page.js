// What the page does by itself, in the browser. Gradio replaces the page's parts as it likes, so
// everything listens on the document.
window.audioSearch = (() => {
  const CONFIRM_MS = 4000;
  const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

  // A part of a sound, once: from beg to end, in s.
  const playPart = (audio, beg, end) => {
    const stopAtEnd = () => {
      if (audio.currentTime >= end) audio.pause();
      if (audio.paused) audio.removeEventListener('timeupdate', stopAtEnd);
    };
    const start = () => {
      audio.currentTime = beg;
      audio.play().then(() => audio.addEventListener('timeupdate', stopAtEnd), () => {});
    };
    if (audio.readyState >= 1) return start();
    audio.addEventListener('loadedmetadata', start, {once: true});
    audio.preload = 'auto';
    audio.load();
  };

  // The first press asks, the second within a few seconds is the answer.
  const confirmed = (button) => {
    if (button.dataset.asked) return true;
    const words = button.textContent;
    button.dataset.asked = 'yes';
    button.textContent = button.dataset.confirm;
    setTimeout(() => {
      delete button.dataset.asked;
      button.textContent = words;
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
    let best = null;
    let least = Infinity;
    for (const button of from.closest('[data-roving]').querySelectorAll('button:not(.as-dim)')) {
      const [bx, by] = centre(button);
      const along = (bx - x) * right + (by - y) * down;
      const aside = Math.abs((bx - x) * down + (by - y) * right);
      if (along > 1 && along + 2 * aside < least) [best, least] = [button, along + 2 * aside];
    }
    if (best) {
      from.tabIndex = -1;
      best.tabIndex = 0;
      best.focus();
    }
  };

  const listen = (dot) => {
    const panel = dot.closest('.as-map').querySelector('.as-listen');
    const audio = panel.querySelector('audio');
    const like = panel.querySelector('button');
    panel.querySelector('.as-heard').textContent = dot.getAttribute('aria-label');
    audio.src = dot.dataset.src;
    like.dataset.id = dot.dataset.id;
    audio.hidden = like.hidden = false;
    dot.closest('[data-roving]').querySelectorAll('.as-chosen').forEach((other) => {
      other.classList.remove('as-chosen');
    });
    dot.classList.add('as-chosen');
    audio.play().catch(() => {});
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

  // In a narrow window what was found lies below the controls, out of sight.
  const showResults = () => {
    const results = document.getElementById('as-results');
    if (results.getBoundingClientRect().top > window.innerHeight / 2) results.scrollIntoView();
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.play) {
      const [beg, end] = button.dataset.play.split(',').map(Number);
      playPart(button.closest('.as-card').querySelector('audio'), beg, end);
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

  // What is typed into the list of clips replaces the clip that was chosen.
  for (const kind of ['focusin', 'click']) {
    document.addEventListener(kind, (event) => {
      if (event.target.matches?.('#as-clip input')) event.target.select();
    });
  }

  // Two sounds at once cannot be compared. Media events do not bubble, but they can be captured.
  document.addEventListener('play', (event) => {
    document.querySelectorAll('audio').forEach((audio) => {
      if (audio !== event.target) audio.pause();
    });
  }, true);

  return {confirmed, showResults};
})();
