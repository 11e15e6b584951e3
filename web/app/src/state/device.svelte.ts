// What the device is worked with: a finger drops nothing, and has a camera at hand.

class Device {
  isTouch = $state(false);

  constructor() {
    const coarse = matchMedia("(hover: none) and (pointer: coarse)");
    this.isTouch = coarse.matches;
    coarse.addEventListener("change", ({ matches }) => (this.isTouch = matches));
  }
}

export const device = new Device();
