// Sounds on their way to the service. A press that comes before its sound is remembered and carried
// out when the sound is here; an upload that fails says why, below the place where it was dropped.
window.audioSearch.uploads = (() => {
  // By the id of the place that takes the files: the button that uses them, and what is said when it
  // is pressed too early. Sounds to search with are sent by box.js, and searched with by themselves.
  const takers = {
    'as-own': {place: 'as-box'},
    'as-files': {
      place: 'as-files',
      button: 'as-add-files',
      early: 'Your files are added as soon as they are chosen and uploaded.',
    },
  };

  const tell = (id, message, role) => {
    const line = document.createElement('p');
    line.className = role === 'alert' ? 'as-alert' : 'as-note';
    line.setAttribute('role', role);
    line.textContent = message;
    document.querySelector(`#${id}-message .as-upload`)?.replaceChildren(...(message ? [line] : []));
  };

  const forget = (id) => {
    takers[id].isWanted = false;
    tell(id, '');
  };

  const fail = (id, message) => {
    forget(id);
    tell(id, message, 'alert');
  };

  // Gradio calls this when the value of a component has changed.
  const changed = (id, value) => {
    const taker = takers[id];
    taker.isHere = Array.isArray(value) ? value.length > 0 : Boolean(value);
    if (!taker.isHere) return;
    const isWanted = taker.isWanted;
    forget(id);
    if (isWanted) document.getElementById(taker.button).click();
  };

  // Before Gradio, which would hand over that there is no sound.
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    for (const [id, taker] of Object.entries(takers)) {
      if (!button || button.id !== taker.button || taker.isHere) continue;
      event.stopImmediatePropagation();
      taker.isWanted = true;
      tell(id, taker.early, 'status');
    }
  }, true);

  const inMb = (bytes) => `${Math.ceil(bytes / 1e5) / 10} MB`;

  // All files of one choice go in one request.
  const tooLarge = (id, files) => {
    const limit = Number(document.querySelector(`#${id}-message .as-upload`).dataset.maxBytes);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size <= limit) return '';
    const what = files.length === 1
      ? `${files[0].name} has ${inMb(size)}`
      : `These ${files.length} files have ${inMb(size)} together`;
    const advice = files.length === 1
      ? 'Send a shorter part of it, or a compressed copy such as mp3'
      : 'Add fewer at a time';
    return `${what}, and ${inMb(limit)} can be sent at once. ${advice}, or raise the limit with ` +
      'AUDIO_SEARCH_MAX_BODY_MB when you start the service.';
  };

  const refuse = (event, files) => {
    const place = event.target.closest?.('#as-box, #as-files')?.id;
    const id = Object.keys(takers).find((one) => takers[one].place === place);
    if (!id || !files?.length) return false;
    const problem = tooLarge(id, [...files]);
    if (!problem) {
      tell(id, '');
      return false;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    fail(id, problem);
    return true;
  };

  document.addEventListener('change', (event) => {
    if (event.target.type === 'file' && refuse(event, event.target.files)) event.target.value = '';
  }, true);

  document.addEventListener('drop', (event) => {
    if (!refuse(event, event.dataTransfer?.files)) return;
    event.target.dispatchEvent(new DragEvent('dragleave', {bubbles: true}));  // ends the highlight
  }, true);

  // Where an upload fails, Gradio shows only "Error", and for a recording nothing at all.
  const send = window.fetch;
  window.fetch = async (resource, options) => {
    if (!String(resource).includes('/gradio_api/upload') || options?.method !== 'POST') {
      return send(resource, options);
    }
    const id = Object.keys(takers).find((one) => document.getElementById(takers[one].place)?.offsetParent);
    try {
      const answer = await send(resource, options);
      if (!answer.ok) {
        const {detail} = await answer.clone().json().catch(() => ({}));
        fail(id, `The upload was refused: ${detail ?? `status ${answer.status}`}.`);
      }
      return answer;
    } catch (error) {
      fail(id, 'The upload broke off: the service cannot be reached. Try again in a few seconds.');
      throw error;
    }
  };

  return {changed, tell};
})();
