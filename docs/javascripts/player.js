// Plays the recorded episodes of an environment's page: docs/episodes.py says what a recording holds.
//
// <div class="episode-player" data-episode="MaskedTaxi" data-plays="random trained"></div>
// Keys, while the player has the focus: left, right, Home, End; space plays and pauses.

"use strict";

var maskedEpisodes = []; // each recording adds itself when its script has loaded

(function () {
  const FOLDER = new URL("../episodes/", document.currentScript.src);
  const SECONDS = 0.5; // of a frame
  const CHART = { width: 600, height: 60, edge: 4 };
  const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";

  function load(name, play) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = new URL(`${name}.${play}.js`, FOLDER);
      script.onload = () => done(maskedEpisodes.pop());
      script.onerror = () => failed(new Error(`no recording ${script.src}`));
      document.head.append(script);
    });
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function svg(width, height, label, content) {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"
      font-family="${FONT}">${content}</svg>`;
  }

  class Player {
    constructor(place) {
      this.place = place;
      this.name = place.dataset.episode;
      this.plays = place.dataset.plays.split(" ");
      this.recordings = {};
      this.step = 0;
      this.timer = null;
    }

    async start() {
      this.build();
      await this.choose(this.plays[0]);
    }

    build() {
      this.stage = element("div", { class: "episode-stage" });
      this.chart = element("div", { class: "episode-chart", title: "fraction of actions that are legal, over the episode" });
      this.says = element("output", { class: "episode-says", "aria-live": "polite" });
      this.range = element("input", { type: "range", min: 0, value: 0, "aria-label": "step" });
      this.range.addEventListener("input", () => this.show(Number(this.range.value)));
      this.playButton = this.button("play", "play or pause", () => this.toggle());
      const buttons = [
        this.button("first", "first step", () => this.show(0)),
        this.button("back", "step back", () => this.show(this.step - 1)),
        this.playButton,
        this.button("next", "step forward", () => this.show(this.step + 1)),
      ];
      const line = element("div", { class: "episode-controls" }, ...buttons, this.range, this.says);
      if (this.plays.length > 1) line.prepend(this.chooser());
      this.place.tabIndex = 0;
      this.place.append(this.stage, line, this.chart);
      this.place.addEventListener("keydown", (event) => this.key(event));
      this.chart.addEventListener("click", (event) => {
        const box = this.chart.getBoundingClientRect();
        this.show(Math.round(((event.clientX - box.left) / box.width) * (this.frames.length - 1)));
      });
    }

    button(word, label, act) {
      const made = element("button", { type: "button", "aria-label": label, class: `episode-${word}` }, word);
      made.addEventListener("click", () => {
        if (word !== "play") this.pause();
        act();
      });
      return made;
    }

    chooser() {
      const options = this.plays.map((play) => element("option", { value: play }, `${play} play`));
      const made = element("select", { "aria-label": "whose play" }, ...options);
      made.addEventListener("change", () => this.choose(made.value));
      return made;
    }

    async choose(play) {
      this.pause();
      if (!this.recordings[play]) this.recordings[play] = await load(this.name, play);
      this.recording = this.recordings[play];
      this.frames = this.recording.frames;
      this.range.max = this.frames.length - 1;
      this.show(0);
    }

    show(step) {
      this.step = Math.max(0, Math.min(step, this.frames.length - 1));
      const { width, height, elements } = this.recording;
      const frame = this.frames[this.step];
      const content = frame.draw.map((number) => elements[number]).join("");
      this.stage.innerHTML = svg(width, height, `${this.name}, ${frame.says}`, content);
      this.range.value = this.step;
      this.says.textContent = frame.says;
      this.drawChart();
      if (this.step === this.frames.length - 1) this.pause();
    }

    drawChart() {
      const { width, height, edge } = CHART;
      const last = Math.max(1, this.frames.length - 1);
      const x = (step) => edge + (step / last) * (width - 2 * edge);
      const y = (share) => height - edge - share * (height - 2 * edge);
      const points = this.frames
        .map((frame, step) => (frame.legal === null ? null : `${x(step).toFixed(1)},${y(frame.legal).toFixed(1)}`))
        .filter(Boolean);
      const now = this.frames[this.step].legal;
      const dot = now === null ? "" : `<circle cx="${x(this.step)}" cy="${y(now)}" r="4"/>`;
      const cursor = `<line x1="${x(this.step)}" x2="${x(this.step)}" y1="0" y2="${height}"/>`;
      const share = now === null ? "the episode is over" : `${(100 * now).toFixed(1)}% of the actions are legal`;
      this.chart.innerHTML = svg(width, height, share, `<polyline points="${points.join(" ")}"/>${cursor}${dot}`);
    }

    toggle() {
      if (this.timer) return this.pause();
      if (this.step === this.frames.length - 1) this.show(0);
      this.playButton.textContent = "pause";
      this.timer = setInterval(() => this.show(this.step + 1), 1000 * SECONDS);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.playButton.textContent = "play";
    }

    key(event) {
      if (event.target.tagName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
      const steps = { ArrowLeft: this.step - 1, ArrowRight: this.step + 1, Home: 0, End: this.frames.length - 1 };
      if (event.key in steps) {
        this.pause();
        this.show(steps[event.key]);
      } else if (event.key === " " && event.target.tagName !== "BUTTON") this.toggle();
      else return;
      event.preventDefault();
    }
  }

  function startAll() {
    for (const place of document.querySelectorAll(".episode-player:not([tabindex])")) {
      new Player(place).start().catch((error) => place.append(String(error.message)));
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
