// Korean for Uppy's own parts, complete: Uppy's Korean locale and what it lacks.

import uppyKorean from "@uppy/locales/lib/ko_KR.js";
import { MISSING_IN_KOREAN } from "./ko.js";

export const koKR: typeof uppyKorean = {
  ...uppyKorean,
  strings: { ...MISSING_IN_KOREAN, ...uppyKorean.strings },
};
