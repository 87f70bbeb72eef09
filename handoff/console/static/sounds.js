/* Two short tones, made here: one for who waits, one for what is said to the reader. Browsers let a page sound only
   after the reader has touched it; until then it stays silent and nothing fails. */

const TONES = {
  queue: [
    [660, 0],
    [880, 0.14],
  ],
  message: [[740, 0]],
  mention: [
    [880, 0],
    [880, 0.16],
  ],
  assigned: [
    [520, 0],
    [660, 0.12],
    [780, 0.24],
  ],
};
const TONE_SECONDS = 0.22;
const VOLUME = 0.12;
let audio = null;

function wake() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { once: true, passive: true });

export function play(kind) {
  if (audio?.state !== "running") return;
  for (const [hertz, after] of TONES[kind] ?? TONES.message) tone(hertz, audio.currentTime + after);
}

function tone(hertz, at) {
  const [source, volume] = [audio.createOscillator(), audio.createGain()];
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(VOLUME, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + TONE_SECONDS);
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + TONE_SECONDS);
}
