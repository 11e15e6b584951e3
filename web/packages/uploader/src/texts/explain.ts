// Errors and trouble in a person's language. Adds nothing that the error does not know.

import type { UploadError } from "../driver/error.js";
import type { UploadState } from "../driver/state.js";
import { EN } from "./en.js";
import { KO } from "./ko.js";

export type Language = "en" | "ko";

export interface Explanation {
  /** What happened. */
  message: string;
  /** What to do next; empty if there is nothing to do. */
  hint: string;
}

/** Field by field, what a server does not accept is in its own words only. */
const SAYS_IT_BEST = ["invalid_request", "unknown_role"];

export function explain(error: UploadError, language: Language = "en"): Explanation {
  const texts = language === "ko" ? KO : EN;
  const { code, serverCode, facts } = error;
  const { reason, found } = facts;
  const said = (code === "refused" && serverCode && texts.server[serverCode]) || texts.errors[code];
  const [message, hint] = said;
  if (code === "rejected" && found && texts.formats[found]) return texts.isReally(texts.formats[found]);
  if (code === "rejected" && reason && texts.reasons[reason]) return { message: texts.reasons[reason], hint };
  if (serverCode && SAYS_IT_BEST.includes(serverCode)) return { message: `${message} (${error.message})`, hint };
  return { message, hint };
}

/** What does not work at the moment. */
export function explainTrouble(trouble: NonNullable<UploadState["trouble"]>, language: Language = "en"): Explanation {
  const texts = language === "ko" ? KO : EN;
  if (trouble.isOffline) return { message: texts.trouble.offline, hint: "" };
  const { serverCode } = trouble;
  const [message, hint] = (serverCode && texts.server[serverCode]) || [
    serverCode ? texts.trouble.busy : texts.trouble.unreachable,
    "",
  ];
  return { message, hint };
}
