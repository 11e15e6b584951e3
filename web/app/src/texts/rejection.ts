// Why the server refused a file, in a person's language.

import { UploadError } from "@landfall/uploader";
import { explain } from "@landfall/uploader/texts";
import type { Language, Texts } from "./index";

/** The reason, after the name of the file's role where that is not the video itself. */
export function rejectionText(
  { role, code }: { role: string; code: string },
  { language, t }: { language: Language; t: Texts },
): string {
  const { message } = explain(new UploadError("rejected", { role, reason: code }), language);
  return role === "video" ? message : t.upload.ofRole(t.upload.roles[role] ?? role, message);
}
