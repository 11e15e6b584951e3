// What `@landfall/uploader` offers.

export { Api, type TokenSource } from "./api/client.js";
export { type Answer, answered, type ApiError, unreachable } from "./api/error.js";
export type * from "./api/schema.js";
export { fingerprintOf } from "./content/fingerprint.js";
export { mediaTypeOf, titleOf } from "./content/media.js";
export type { Clock } from "./driver/clock.js";
export { UploadError, type UploadErrorCode } from "./driver/error.js";
export type { Network, NetworkNews } from "./driver/network.js";
export type { Description, LocalFile, UploadRequest } from "./driver/request.js";
export type { UploadPhase, UploadState } from "./driver/state.js";
export { Upload } from "./driver/upload.js";
export { Uploader, type UploaderOptions } from "./driver/uploader.js";
export { IndexedDbJournal } from "./journal/indexed-db.js";
export type { Entry, Journal } from "./journal/journal.js";
export { DEFAULT_RULES, type Rules } from "./session/words.js";
export { BrowserTransport } from "./transport/browser.js";
export type { CallRequest, HttpAnswer, PutRequest, Transport } from "./transport/transport.js";
