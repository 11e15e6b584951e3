// English.

import type { Texts } from "./texts.js";

const TRY_AGAIN = "Try again; it goes on where it stopped.";
const ANEW = "Upload the file again.";
const LOOK = "Check that the file plays on your device, then upload it again.";

export const EN: Texts = {
  errors: {
    bad_size: ["The file is empty or too large.", "Choose another file."],
    bad_type: [
      "This kind of file cannot be stored.",
      "Choose an MP4, MOV, 3GP, WebM, MKV or AVI video, or a JPEG, PNG, WebP or GIF image.",
    ],
    unreadable: [
      "The file cannot be read any more. It may have been changed, moved or unplugged.",
      "Choose the file again.",
    ],
    rejected: ["The server rejected the file.", LOOK],
    gone: ["The upload is not at the server any more.", ANEW],
    unknown: ["The unfinished upload belongs to another account.", ANEW],
    refused: ["The server refused the upload.", "Try again later. If that does not help, ask whoever runs the server."],
    part_refused: ["The storage refused a part of the file again and again.", TRY_AGAIN],
    beyond_repair: ["Parts of the file went missing again and again.", TRY_AGAIN],
    out_of_patience: ["There was no answer for too long.", `Check the connection. ${TRY_AGAIN}`],
    still_committing: [
      "Everything has arrived, but the server is still checking it.",
      "Look again in a few minutes. You need not upload it again.",
    ],
    contradiction: ["The server expects another file than this one.", ANEW],
    cancelled: ["The upload was cancelled.", ""],
  },
  reasons: {
    size_mismatch: "The file that arrived has another size than yours.",
    too_large: "The file is larger than allowed.",
    empty: "The file is empty.",
    content_type_mismatch: "The file that arrived has another type than was announced.",
    checksum_mismatch: "The bytes that arrived are not those of your file.",
    etag_mismatch: "The stored file is not the one that was uploaded.",
    content_mismatch: "The file is not what its name says.",
    parts_changed: "The file was overwritten while it was being put together.",
    refused_by_store: "The storage could not put the file together.",
    upload_vanished: "The upload vanished from the storage.",
  },
  formats: {
    "video/mp4": "an MP4 or QuickTime video",
    "video/x-matroska": "a WebM or Matroska video",
    "video/x-msvideo": "an AVI video",
    "image/jpeg": "a JPEG image",
    "image/png": "a PNG image",
    "image/webp": "a WebP image",
    "image/gif": "a GIF image",
    "image/heic": "a HEIC image",
    "image/avif": "an AVIF image",
    "image/jxl": "a JPEG XL image",
    "image/jp2": "a JPEG 2000 image",
    "image/tiff": "a TIFF or raw camera image",
    "image/bmp": "a BMP image",
    "audio/mp4": "an MP4 audio file",
    "audio/mpeg": "an MP3 audio file",
    "audio/wav": "a WAV audio file",
    "application/ogg": "an Ogg file",
    "video/mpeg": "an MPEG video",
    "video/mp2t": "an MPEG transport stream",
    "video/x-ms-wmv": "a Windows Media file",
    "video/x-flv": "a Flash video",
    "application/pdf": "a PDF document",
    "application/zip": "a ZIP archive",
    "text/html": "a web page",
    "application/xml": "an XML or SVG document",
  },
  isReally: (format) => ({
    message: `The file is not what its name says: it is ${format}.`,
    hint: "Convert it, or give it the right ending if that kind may be uploaded here. Then choose it again.",
  }),
  server: {
    unauthorized: ["You are not signed in any more.", "Sign in and try again; it goes on where it stopped."],
    forbidden: ["You are not allowed to upload here.", "Ask whoever runs the server."],
    not_found: ["There is no such place to upload to.", "Ask whoever runs the server."],
    invalid_request: ["The server does not accept this file or its description.", ""],
    missing_role: ["A file that is required was not chosen.", "Choose it and try again."],
    too_many_open_uploads: ["You have too many unfinished uploads.", "Finish or cancel some of them."],
    too_many_reserved_bytes: ["Your unfinished uploads take too much room.", "Finish or cancel some of them."],
  },
  trouble: {
    offline: "Waiting for the network. The upload goes on by itself.",
    busy: "The server is busy. Trying again.",
    unreachable: "No answer. Trying again.",
  },
};
