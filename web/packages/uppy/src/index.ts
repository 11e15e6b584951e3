// What `@landfall/uppy` offers.

export { Landfall, Landfall as default, type LandfallBody, type LandfallOptions } from "./plugin.js";
