// What the page does in the browser, without the service. Gradio replaces parts of the page at any
// time, so all listeners are on the document.
window.audioSearch = (() => {
  let wanted = null; // the sound that is to be heard

  // Play a part of a sound once: from start to end, in s.
  const playPart = (audio, start, end) => {
    const stopAtEnd = () => {
      if (audio.currentTime >= end) audio.pause();
      if (audio.paused) audio.removeEventListener('timeupdate', stopAtEnd);
    };
    wanted = audio;
    const play = () => {
      if (wanted !== audio) return; // another one was pressed while this one was loaded
      audio.currentTime = start;
      audio.play().then(() => audio.addEventListener('timeupdate', stopAtEnd), () => {});
    };
    if (audio.readyState >= 1) return play();
    audio.addEventListener('loadedmetadata', play, {once: true});
    audio.preload = 'auto';
    audio.load();
  };

  const isNarrow = () => window.matchMedia('(max-width: 760px)').matches;

  // In a narrow window the results are below the controls, out of sight.
  const showResults = () => {
    const matches = document.getElementById('as-matches').getBoundingClientRect();
    const isSeen = matches.top < window.innerHeight / 2;
    if (isNarrow() && !isSeen) document.getElementById('as-results').scrollIntoView();
  };

  // Of a wide heat map, show what it is about.
  const showMiddle = () => {
    const middle = document.querySelector('#as-heat [data-middle]');
    const box = middle?.closest('.as-scroll');
    if (box) box.scrollLeft = middle.offsetLeft - (box.clientWidth - middle.offsetWidth) / 2;
  };

  // What was compared is there: in a narrow window it is far below its match.
  const showHeat = () => {
    const block = isNarrow() ? 'start' : 'nearest';
    document.getElementById('as-heat').scrollIntoView({block, behavior: 'smooth'});
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
    if ('back' in button.dataset) {
      const row = document.querySelector('.as-match.as-chosen');
      row?.scrollIntoView({block: 'start', behavior: 'smooth'});
      row?.querySelector('[data-event=compare]').focus({preventScroll: true});
    }
    if (button.dataset.event === 'compare') {
      document.querySelectorAll('.as-match').forEach((row) => {
        row.classList.toggle('as-chosen', row.contains(button));
      });
    }
  });

  // One sound at a time: starting one pauses the others. Media events do not bubble, but can be captured.
  document.addEventListener('play', (event) => {
    document.querySelectorAll('audio').forEach((audio) => {
      if (audio !== event.target) audio.pause();
    });
  }, true);

  return {save, showHeat, showInside, showMiddle, showResults};
})();
