// Draws up to some 100,000 dots on a canvas and finds them under the mouse. The dots are written
// into the pixels directly, which takes some 10 ms for 250,000 of them on any machine: WebGL without
// a graphics card is slower, and is not there at all in some browsers.
window.audioSearch.Dots = class {
  static SHAPES = [
    (x, y) => 1 - Math.hypot(x, y),
    (x, y) => 0.86 - Math.max(Math.abs(x), Math.abs(y)),
    (x, y) => 1.1 - Math.abs(x) - Math.abs(y),
    (x, y) => Math.min(0.62 - y, y + 1.05 - Math.abs(x) * 1.75),
    (x, y) => Math.max(Math.min(0.36 - Math.abs(x), 1 - Math.abs(y)),
                       Math.min(0.36 - Math.abs(y), 1 - Math.abs(x))),
  ];
  static MAX_ZOOM = 400;
  static MARGIN = 24; // CSS pixels that stay empty around all dots, and the largest dot's radius
  static CELLS = 128; // of a side; each has the numbers of its dots

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d', {alpha: false});
    this.view = {zoom: 1, x: 0.5, y: 0.5}; // what is in the middle
    this.chosen = -1;
    this.path = [];
    this.set(new Float32Array(0), new Float32Array(0));
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  // Places in [0, 1]. All dots are lit, in grey.
  set(x, y) {
    Object.assign(this, {x, y, lit: new Uint8Array(x.length).fill(1)});
    this.codes = new Uint16Array(x.length);
    this.styles = [{rgb: [128, 128, 128], shape: 0}];
    this.chosen = -1;
    const {CELLS} = this.constructor;
    const cells = Uint16Array.from(x, (_, i) => this.cell(x[i]) + CELLS * this.cell(y[i]));
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    for (const cell of cells) this.starts[cell + 1]++;
    for (let i = 1; i < this.starts.length; i++) this.starts[i] += this.starts[i - 1];
    const next = this.starts.slice();
    this.sorted = new Uint32Array(x.length);
    cells.forEach((cell, i) => { this.sorted[next[cell]++] = i; });
    this.draw();
  }

  cell(share) {
    const {CELLS} = this.constructor;
    return Math.max(0, Math.min(CELLS - 1, Math.floor(share * CELLS)));
  }

  // For each dot the number of its style, {rgb: [r, g, b], shape: number}.
  colour(codes, styles) {
    Object.assign(this, {codes, styles});
    this.draw();
  }

  light(lit) {
    this.lit = lit;
    this.draw();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    if (!box.width) return;
    this.scale = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(box.width * this.scale);
    this.canvas.height = Math.round(box.height * this.scale);
    this.pad = this.constructor.MARGIN * this.scale; // so that no dot has to be cut at an edge
    this.stride = this.canvas.width + 2 * this.pad;
    this.image = new ImageData(this.stride, this.canvas.height + 2 * this.pad);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.image) this.paint();
    });
  }

  // Pixels of the canvas for one side of the map.
  side() {
    const margin = 2 * this.constructor.MARGIN * this.scale;
    const {width, height} = this.canvas;
    return Math.max(20, Math.min(width, height) - margin) * this.view.zoom;
  }

  radius() {
    const {width, height} = this.canvas;
    const room = Math.sqrt(width * height / Math.max(1, this.x.length)) * 0.3;
    const grown = Math.max(0.8 * this.scale, room) * Math.sqrt(this.view.zoom);
    return Math.min(9 * this.scale, grown);
  }

  // Of each shape the pixels around a dot's centre: those within, and those at its edge by how much
  // of each is within.
  masks(radius) {
    return this.constructor.SHAPES.map((inside) => {
      const mask = {halo: [], core: [], edge: [], share: []};
      const reach = Math.ceil(radius) + 1;
      for (let y = -reach; y <= reach; y++) {
        for (let x = -reach; x <= reach; x++) {
          const share = inside(x / radius, y / radius) * radius + 0.5;
          // Blending costs more than it shows where a dot is a few pixels.
          if (share >= 1 || (radius < 2 && share > 0.25)) mask.core.push(y * this.stride + x);
          else if (share > 0 && radius >= 2) {
            mask.edge.push(y * this.stride + x);
            mask.share.push(share);
          }
          // A line of the ground around large dots keeps those that overlap apart.
          if (radius > 4 * this.scale && share > -0.7) mask.halo.push(y * this.stride + x);
        }
      }
      return mask;
    });
  }

  paint() {
    const {pixels, stride, pad, x, y, codes, lit} = this;
    const {width, height} = this.canvas;
    const ground = getComputedStyle(this.canvas).backgroundColor.match(/\d+/g).map(Number);
    const pack = ([r, g, b]) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
    const fade = (rgb) => rgb.map((value, i) => Math.round(value * 0.12 + ground[i] * 0.88));
    const ground32 = pack(ground);
    pixels.fill(ground32);
    const masks = this.masks(this.radius());
    const side = this.side();
    const left = width / 2 - this.view.x * side + pad;
    const top = height / 2 - this.view.y * side + pad;
    const right = width + 2 * pad - pad / 2;
    const bottom = height + 2 * pad - pad / 2;
    for (const light of [0, 1]) { // what is dimmed lies below
      const styles = this.styles.map(({rgb, shape}) => {
        const shown = light ? rgb : fade(rgb);
        return {colour: pack(shown), rgb: shown, mask: masks[shape]};
      });
      for (let i = 0; i < x.length; i++) {
        if (lit[i] !== light) continue;
        const px = Math.round(x[i] * side + left);
        const py = Math.round(y[i] * side + top);
        if (px < pad / 2 || py < pad / 2 || px >= right || py >= bottom) continue;
        const {colour, rgb, mask} = styles[codes[i]];
        const {halo, core, edge, share} = mask;
        const at = py * stride + px;
        for (let j = 0; j < halo.length; j++) pixels[at + halo[j]] = ground32;
        for (let j = 0; j < core.length; j++) pixels[at + core[j]] = colour;
        for (let j = 0; j < edge.length; j++) {
          const below = pixels[at + edge[j]];
          const s = share[j];
          const red = (rgb[0] * s + (below & 255) * (1 - s)) | 0;
          const green = (rgb[1] * s + ((below >> 8) & 255) * (1 - s)) | 0;
          const blue = (rgb[2] * s + ((below >> 16) & 255) * (1 - s)) | 0;
          pixels[at + edge[j]] = 0xff000000 | (blue << 16) | (green << 8) | red;
        }
      }
    }
    this.context.putImageData(this.image, -pad, -pad, pad, pad, width, height);
    this.mark(ground);
  }

  // The ring around the chosen dot, and the line of a selection.
  mark(ground) {
    const {context} = this;
    const isDark = ground[0] + ground[1] + ground[2] < 384;
    context.strokeStyle = isDark ? '#fff' : '#171b26';
    context.lineWidth = 2 * this.scale;
    if (this.chosen >= 0) {
      const [x, y] = this.pixel(this.chosen);
      context.beginPath();
      context.arc(x, y, this.radius() + 4 * this.scale, 0, 7);
      context.stroke();
    }
    if (this.path.length) {
      context.stroke(this.outline());
      context.fillStyle = 'rgba(99, 102, 241, .15)';
      context.fill(this.outline());
    }
  }

  outline() {
    const line = new Path2D();
    this.path.forEach(([x, y]) => line.lineTo(x * this.scale, y * this.scale));
    line.closePath();
    return line;
  }

  pixel(i) {
    const side = this.side();
    return [
      this.canvas.width / 2 + (this.x[i] - this.view.x) * side,
      this.canvas.height / 2 + (this.y[i] - this.view.y) * side,
    ];
  }

  // The place on the canvas of a dot, in CSS pixels; of a place on the canvas, where on the map.
  at(i) {
    return this.pixel(i).map((value) => value / this.scale);
  }

  where([x, y]) {
    const side = this.side() / this.scale;
    const box = this.canvas.getBoundingClientRect();
    return [
      this.view.x + (x - box.width / 2) / side,
      this.view.y + (y - box.height / 2) / side,
    ];
  }

  pan(dx, dy) {
    const side = this.side() / this.scale;
    this.look(this.view.zoom, this.view.x - dx / side, this.view.y - dy / side);
  }

  // Zoom by a factor; the place `around` stays where it is.
  zoom(factor, around) {
    const box = this.canvas.getBoundingClientRect();
    around ??= [box.width / 2, box.height / 2];
    const before = this.where(around);
    this.look(this.view.zoom * factor, this.view.x, this.view.y);
    const after = this.where(around);
    const {zoom, x, y} = this.view;
    this.look(zoom, x + before[0] - after[0], y + before[1] - after[1]);
  }

  fit() {
    this.look(1, 0.5, 0.5);
  }

  look(zoom, x, y) {
    const within = (value) => Math.max(0, Math.min(1, value));
    zoom = Math.max(0.7, Math.min(this.constructor.MAX_ZOOM, zoom));
    this.view = {zoom, x: within(x), y: within(y)};
    this.draw();
  }

  // The lit dot nearest to a place on the canvas, at most `reach` CSS pixels from it; -1 for none.
  find(place, reach) {
    const [x, y] = this.where(place);
    const far = (reach * this.scale) / this.side();
    const {CELLS} = this.constructor;
    let best = -1;
    let shortest = far * far;
    for (let row = this.cell(y - far); row <= this.cell(y + far); row++) {
      const first = this.starts[row * CELLS + this.cell(x - far)];
      const last = this.starts[row * CELLS + this.cell(x + far) + 1];
      for (let k = first; k < last; k++) {
        const i = this.sorted[k];
        const distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
        if (this.lit[i] && distance <= shortest) [best, shortest] = [i, distance];
      }
    }
    return best;
  }

  // The lit dot nearest to dot `from` in a direction; those off to the side count as farther away.
  next(from, [right, down]) {
    let best = -1;
    let shortest = Infinity;
    for (let i = 0; i < this.x.length; i++) {
      if (!this.lit[i] || i === from) continue;
      const dx = this.x[i] - this.x[from];
      const dy = this.y[i] - this.y[from];
      const along = dx * right + dy * down;
      const distance = along + 2 * Math.abs(dx * down + dy * right);
      if (along > 1e-6 && distance < shortest) [best, shortest] = [i, distance];
    }
    return best;
  }

  // The numbers of the lit dots within the path that was drawn.
  within() {
    const {width, height} = this.canvas;
    const drawn = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
    drawn.fill(this.outline());
    const alpha = drawn.getImageData(0, 0, width, height).data;
    const found = [];
    for (let i = 0; i < this.x.length; i++) {
      if (!this.lit[i]) continue;
      const [x, y] = this.pixel(i).map(Math.round);
      if (x >= 0 && y >= 0 && x < width && y < height && alpha[4 * (y * width + x) + 3] > 127) {
        found.push(i);
      }
    }
    return found;
  }
};
