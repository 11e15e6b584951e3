// What there is to say, in every language.

import type { ErrorCode } from "../api/schema.js";
import type { UploadErrorCode } from "../driver/error.js";
import type { Explanation } from "./explain.js";

/** What happened, and what to do next. */
export type Text = [message: string, hint: string];

export interface Texts {
  errors: Record<UploadErrorCode, Text>;
  /** Why a file was rejected, by the server's stable reason. */
  reasons: Record<string, string>;
  /** What a rejected file really is, by its media type. */
  formats: Record<string, string>;
  isReally: (format: string) => Explanation;
  /** Refusals that mean something to a person, by the server's stable code. */
  server: Partial<Record<ErrorCode, Text>>;
  trouble: Record<"offline" | "busy" | "unreachable", string>;
}
