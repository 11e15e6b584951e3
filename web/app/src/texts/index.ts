// All texts of the pages. Both languages have the same type, so a missing text does not compile.

import * as admin from "./admin";
import * as errors from "./errors";
import * as library from "./library";
import * as login from "./login";
import * as profile from "./profile";
import * as shell from "./shell";
import * as upload from "./upload";
import * as watch from "./watch";

export type Language = "en" | "ko";

const EN = {
  shell: shell.EN,
  login: login.EN,
  errors: errors.EN,
  library: library.EN,
  upload: upload.EN,
  watch: watch.EN,
  profile: profile.EN,
  admin: admin.EN,
};

export type Texts = typeof EN;

export const TEXTS: Record<Language, Texts> = {
  en: EN,
  ko: {
    shell: shell.KO,
    login: login.KO,
    errors: errors.KO,
    library: library.KO,
    upload: upload.KO,
    watch: watch.KO,
    profile: profile.KO,
    admin: admin.KO,
  },
};

/** The languages in their own words. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", ko: "한국어" };
