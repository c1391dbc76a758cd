// Recording a sound: a level meter while it is recorded, and cutting its ends off before the search.
window.audioSearch.recorder = (() => {
  const RATE_HZ = 48000;
  const STEP_S = 0.1; // of the ends
  const LEAST_S = 0.2;
  const QUIET_DB = -60;

  const FRAME = `<div class="as-line"><button type="button" class="as-primary" data-record="start">Start
    recording</button><button type="button" class="as-button" data-record="stop" hidden>Stop</button>
    <span class="as-faint" role="status" data-record="said"></span></div>
    <meter min="0" max="1" low="0.05" high="0.95" optimum="0.5" value="0" aria-label="Level" hidden></meter>
    <div class="as-take" hidden><canvas width="900" height="90" role="img"
    aria-label="The recording"></canvas>
    <div class="as-ends"><label>From <input type="range" min="0" step="${STEP_S}" value="0"
    aria-label="Begin of the part, in seconds"></label><label>to <input type="range" min="0"
    step="${STEP_S}" aria-label="End of the part, in seconds"></label></div>
    <div class="as-actions"><button type="button" class="as-primary" data-record="use">Search with
    this</button><button type="button" data-record="play">Play</button>
    <button type="button" data-record="start">Record again</button>
    <button type="button" data-record="discard">Discard</button></div></div>`;

  let root, recorder, stream, context, take, playing, frame = 0, begun = 0;

  const find = (selector) => root.querySelector(selector);
  const ends = () => [...root.querySelectorAll('input[type=range]')].map(({value}) => Number(value));
  const say = (text) => { find('[data-record=said]').textContent = text; };

  // Show or hide the recorder; a recording that runs is ended.
  const turn = (element) => {
    if (!root) begin(element);
    const isShown = root.hidden;
    root.hidden = !isShown;
    document.querySelector('[data-box=record]').setAttribute('aria-expanded', String(isShown));
    if (isShown) record();
    else discard();
  };

  const begin = (element) => {
    root = element;
    root.innerHTML = FRAME;
    const press = {start: record, stop, use, play, discard: () => turn()};
    root.addEventListener('click', (event) => {
      press[event.target.closest('button')?.dataset.record]?.();
    });
    root.addEventListener('input', (event) => {
      const [from, to] = root.querySelectorAll('input[type=range]');
      const gap = Math.min(LEAST_S, take.duration);
      if (event.target === from) from.value = Math.min(from.value, to.value - gap);
      else to.value = Math.max(to.value, Number(from.value) + gap);
      draw();
    });
  };

  const state = (name) => {
    find('.as-line [data-record=start]').hidden = name !== 'idle';
    find('[data-record=stop]').hidden = name !== 'recording';
    find('meter').hidden = name !== 'recording';
    find('.as-take').hidden = name !== 'taken';
  };

  const record = async () => {
    release();
    state('idle');
    say('');
    try {
      stream = await navigator.mediaDevices.getUserMedia({audio: {
        autoGainControl: false, echoCancellation: false, noiseSuppression: false}});
    } catch {
      return say('The microphone cannot be used: allow it in the browser, or choose a file.');
    }
    context = new AudioContext();
    const analyser = new AnalyserNode(context, {fftSize: 2048});
    context.createMediaStreamSource(stream).connect(analyser);
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.addEventListener('dataavailable', ({data}) => pieces.push(data));
    recorder.addEventListener('stop', () => keep(new Blob(pieces)));
    recorder.start();
    begun = performance.now();
    state('recording');
    find('[data-record=stop]').focus();
    say('Recording');
    const samples = new Float32Array(analyser.fftSize);
    const measure = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
      const db = 10 * Math.log10(power + 1e-12);
      find('meter').value = Math.max(0, 1 - db / QUIET_DB);
      const seconds = Math.floor((performance.now() - begun) / 1000);
      find('meter').title = find('[data-record=stop]').textContent = `Stop (${seconds} s)`;
      frame = requestAnimationFrame(measure);
    };
    measure();
  };

  const stop = () => recorder?.state === 'recording' && recorder.stop();

  const release = () => {
    cancelAnimationFrame(frame);
    if (recorder) recorder.onstop = null;
    stream?.getTracks().forEach((track) => track.stop());
    context?.close().catch(() => {});
    playing?.context.close().catch(() => {});
    [stream, context, playing] = [null, null, null];
  };

  const discard = () => {
    const running = recorder;
    recorder = null;
    release();
    if (running?.state === 'recording') running.stop();
    take = null;
    state('idle');
  };

  const keep = async (blob) => {
    if (!recorder) return; // discarded
    release();
    try {
      take = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await blob.arrayBuffer());
    } catch {
      state('idle');
      return say('Nothing was recorded; try again.');
    }
    const [from, to] = root.querySelectorAll('input[type=range]');
    from.max = to.max = Math.ceil(take.duration / STEP_S) * STEP_S;
    from.value = 0;
    to.value = to.max;
    state('taken');
    draw();
    find('[data-record=use]').focus();
  };

  const draw = () => {
    const canvas = find('canvas');
    const [from, to] = ends();
    const colours = getComputedStyle(root);
    const brush = canvas.getContext('2d');
    const samples = take.getChannelData(0);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    for (let x = 0; x < canvas.width; x += 3) {
      const first = Math.floor(x / canvas.width * samples.length);
      const part = samples.subarray(first, Math.floor((x + 3) / canvas.width * samples.length));
      const peak = part.reduce((largest, one) => Math.max(largest, Math.abs(one)), 0);
      const at = x / canvas.width * take.duration;
      const isIn = at >= from && at <= to;
      brush.fillStyle = colours.getPropertyValue(isIn ? '--as-accent' : '--as-line');
      const height = Math.max(2, peak * canvas.height);
      brush.fillRect(x, (canvas.height - height) / 2, 2, height);
    }
    const whole = Number(find('input[type=range]').max);
    say(`${(to - from).toFixed(1)} of ${whole.toFixed(1)} s`);
  };

  const part = () => {
    const [from, to] = ends();
    return take.getChannelData(0).subarray(Math.floor(from * take.sampleRate),
                                           Math.ceil(to * take.sampleRate));
  };

  const play = () => {
    playing?.context.close().catch(() => {});
    const player = new AudioContext();
    const samples = part();
    const buffer = player.createBuffer(1, samples.length, take.sampleRate);
    buffer.copyToChannel(samples, 0);
    playing = new AudioBufferSourceNode(player, {buffer});
    playing.connect(player.destination);
    playing.start();
  };

  // A WAV file of 16 bits.
  const file = () => {
    const samples = part();
    const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
    const text = (at, word) => [...word].forEach((one, i) => view.setUint8(at + i, one.charCodeAt(0)));
    text(0, 'RIFF');
    view.setUint32(4, 36 + 2 * samples.length, true);
    text(8, 'WAVEfmt ');
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, take.sampleRate, true);
    view.setUint32(28, 2 * take.sampleRate, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    text(36, 'data');
    view.setUint32(40, 2 * samples.length, true);
    samples.forEach((one, i) => {
      view.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, one))), true);
    });
    const made = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    return new File([view], `recording ${made}.wav`, {type: 'audio/wav'});
  };

  const use = () => {
    const recorded = file();
    turn();
    window.audioSearch.box.give([recorded]);
  };

  return {turn};
})();
