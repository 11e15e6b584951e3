// Generated from docs/reference/openapi.json by web/packages/uploader/scripts/generate-types.mjs. Do not edit.

/** One file that is to be uploaded. Also the body of `PUT /v1/{collection}/{id}/files/{role}`. */
export interface AnnounceRequest {
  checksum?: ChecksumRequest;
  /** Its media type, such as `video/mp4`. What arrives must look like it. */
  content_type: string;
  /** Its name on the owner's device, 1 to 255 bytes; not a path. */
  file_name: string;
  /** Its exact size in bytes, at least 1. What arrives must have it. Left out where nobody knows it before it is sent: then the role's limit is reserved and holds, and `complete` needs the list of the parts. */
  size?: number;
}

/** An asset: what becomes visible as one. */
export interface AssetBody {
  /** Its collection. */
  collection: string;
  /** When it was created as an upload. */
  created_at: string;
  /** Its description. */
  description: string;
  /** When what is still uploading counts as abandoned; every grant of part URLs moves it. */
  expires_at?: string;
  /** Its files by role. */
  files: Record<string, FileBody>;
  /** What the client knows the local file by. */
  fingerprint?: string;
  /** `ast_` and 26 characters; sorts by creation time. */
  id: string;
  /** Your own JSON object. */
  metadata: Record<string, unknown>;
  /** The member it belongs to. */
  owner: string;
  /** When it became CREATED. */
  published_at?: string;
  /** `UPLOADING` until every announced file is verified, then `CREATED`. */
  status: string;
  /** Its title. */
  title: string;
}

/** One page of assets, newest first. */
export interface AssetPage {
  /** Up to `limit` assets. */
  data: Array<AssetBody>;
  /** Give it as `cursor` to get the next page; absent on the last. */
  next_cursor?: string;
}

/** A full-object checksum. SHA-256 is not offered: S3 has none over a whole multipart object. */
export interface ChecksumRequest {
  /** `crc64nvme`, `crc32c` or `crc32`. */
  algorithm: string;
  /** Base64 of the big-endian value. May follow at `complete`, when the file has been read. */
  value?: string;
}

/** A part as the client remembers it. */
export interface ClaimedPart {
  /** The ETag the store answered, with or without quotes. */
  etag: string;
  /** 1 to 10,000. */
  number: number;
}

/** What the client knows about one file at `complete`. */
export interface CompleteFileRequest {
  checksum?: ChecksumRequest;
  /** What it sent. If given, it must agree with what the store lists. Required for a file whose size was not declared. */
  parts?: Array<ClaimedPart>;
}

/** `POST .../complete`. Every field is optional: the server lists the parts itself. */
export interface CompleteRequest {
  /** 0 to 5,000 characters. */
  description?: string;
  /** What the client knows about its files. */
  files?: Record<string, CompleteFileRequest>;
  /** Replaces the whole object; at most 16 KiB. Numbers as when an asset is created. */
  metadata?: Record<string, unknown>;
  /** One line, 1 to 200 characters. */
  title?: string;
}

/** `POST /v1/{collection}`: creates an asset and asks for permission to upload its files. */
export interface CreateRequest {
  /** 0 to 5,000 characters; line breaks are kept. */
  description?: string;
  /** The files to upload, by role. A role may be named once. */
  files: Record<string, AnnounceRequest>;
  /** What the client knows the local file by, 1 to 256 bytes; finds an unfinished upload again. */
  fingerprint?: string;
  /** Your own JSON object, at most 16 KiB. Never looked into. Keys come back sorted. A number comes back as the same number, not as the same text (`1.10` as `1.1`); an integer beyond 64 bits, or digits beyond a double's 17, are rounded: send as a text what must keep every digit. */
  metadata?: Record<string, unknown>;
  /** One line, 1 to 200 characters. */
  title: string;
}

/** What went wrong. Programs switch on this; people read `detail`. */
export type ErrorCode =
  | "malformed_request"
  | "invalid_json"
  | "unsupported"
  | "invalid_request"
  | "unknown_role"
  | "missing_role"
  | "unauthorized"
  | "forbidden"
  | "origin_not_allowed"
  | "not_found"
  | "method_not_allowed"
  | "gone"
  | "not_created"
  | "upload_closed"
  | "upload_incomplete"
  | "upload_rejected"
  | "upload_expired"
  | "file_lost"
  | "role_occupied"
  | "idempotency_key_reused"
  | "idempotency_key_in_progress"
  | "body_too_large"
  | "unsupported_media_type"
  | "rate_limited"
  | "too_many_open_uploads"
  | "too_many_reserved_bytes"
  | "conflict"
  | "store_unavailable"
  | "catalog_unavailable"
  | "unavailable"
  | "internal";

/** One wrong field. */
export interface FieldProblem {
  /** What is wrong with it. */
  detail: string;
  /** Its path. */
  field: string;
}

/** One file of an asset. */
export interface FileBody {
  checksum?: ChecksumRequest;
  /** Its media type. */
  content_type: string;
  /** Its name on the owner's device. */
  file_name: string;
  rejected?: RejectionBody;
  replacement?: FileBody;
  /** Its size in bytes; absent while nobody knows it, because it was not declared and is not complete. */
  size?: number;
  upload?: UploadBody;
  /** Where anybody can read it: public files of a CREATED asset. */
  url?: string;
  /** What was compared before publication: `size`, `content_type`, `checksum`, `magic_bytes`. Empty until verified. */
  verified: Array<string>;
  /** `private` or `public`. */
  visibility: string;
}

/** Where a published file can be read. */
export interface FileUrlBody {
  /** When it stops working; absent for public files. */
  expires_at?: string;
  /** A plain URL for public files, a signed and expiring one for private files. */
  url: string;
}

/** Parts of one role that have not arrived. */
export interface MissingParts {
  /** Their numbers, ascending. */
  numbers: Array<number>;
  /** The role. */
  role: string;
}

/** A part that has arrived. */
export interface PartBody {
  /** Its ETag, without quotes. */
  etag: string;
  /** Its number. */
  number: number;
  /** Its length in bytes. */
  size: number;
}

/** One page of what has arrived, in part order. */
export interface PartPage {
  /** Up to 1,000 parts. */
  data: Array<PartBody>;
  /** Give it as `cursor` to get the next page; absent on the last. */
  next_cursor?: string;
}

/** Permission to send one part: `PUT` exactly `size` bytes to `url` with `headers`. Without `size`, 5 MiB to 5 GiB; the last part may have less. */
export interface PartUrlBody {
  /** When the URL stops working; ask for another then. */
  expires_at: string;
  /** Headers that must be sent as given. `Content-Length` is not among them: every HTTP client sends it by itself. */
  headers: Record<string, string>;
  /** The part's number, from 1. */
  number: number;
  /** The part's length in bytes; the store refuses another. Absent where the file's size was not declared. */
  size?: number;
  /** A presigned URL. Whoever has it can send this part: treat it as a password. */
  url: string;
}

/** The answer of `part-urls`. */
export interface PartUrlsBody {
  /** One for each number asked for, in that order. */
  parts: Array<PartUrlBody>;
}

/** `POST .../part-urls`: which parts to sign. */
export interface PartUrlsRequest {
  /** 1 to 10,000 part numbers, each once, in any order. */
  numbers: Array<RequestedPart>;
}

/** `PATCH /v1/{collection}/{id}`: what is absent stays as it is. */
export interface PatchRequest {
  /** 0 to 5,000 characters. */
  description?: string;
  /** Replaces the whole object; at most 16 KiB. Numbers as when an asset is created. */
  metadata?: Record<string, unknown>;
  /** One line, 1 to 200 characters. */
  title?: string;
}

/** What went wrong, for programs (`code`, `field`) and for people (`detail`). */
export interface Problem {
  /** Stable; programs switch on it. */
  code: ErrorCode;
  /** What happened this time and what to do next. */
  detail: string;
  /** Every field that is wrong, where more than one is. */
  errors?: Array<FieldProblem>;
  /** The field that is wrong, as a path such as `files.video.size`. */
  field?: string;
  /** Reason `content_mismatch`: the media type of what the file really is, such as `image/heic`, if it is known. */
  found?: string;
  /** The path that was asked for. */
  instance: string;
  /** The same as `detail`, under the name that Uppy and others read. */
  message: string;
  /** `upload_incomplete`: parts that have not arrived. */
  missing?: Array<MissingParts>;
  /** `upload_rejected`, `gone`: the stable reason. */
  reason?: string;
  /** The same as `request_id`, under the name that Uppy shows; only at Uppy's doors. */
  requestId?: string;
  /** Find it in the server's log. */
  request_id: string;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** `upload_rejected`: which role. */
  role?: string;
  /** The HTTP status. */
  status: number;
  /** The same for every problem of this code. */
  title: string;
  /** A URI reference that names the kind of problem: `/problems/{code}`. */
  type: string;
  /** `upload_incomplete`: parts that arrived otherwise than planned. */
  wrong?: Array<WrongPartBody>;
}

/** Why a file was refused. */
export interface RejectionBody {
  /** Stable: `size_mismatch`, `content_mismatch`, `checksum_mismatch` and their kind. */
  code: string;
  /** What happened, for people. */
  detail: string;
  /** `content_mismatch`: the media type of what the file really is, such as `image/heic`, if it is known. */
  found?: string;
}

/** A part number, alone or with a digest of the part that the store shall enforce. */
export type RequestedPart =
  | number
  | { /** Base64 of the 32 bytes. Sent as `x-amz-checksum-sha256`; the store refuses other bytes. */
  checksum_sha256: string; /** 1 to 10,000, and within the file's plan. */
  number: number; };

/** How a file is cut into parts. */
export interface UploadBody {
  /** How many parts; where the size was not declared, the highest number that may be sent. */
  part_count: number;
  /** Bytes of every part but the last. A suggestion where the size was not declared. */
  part_size: number;
  /** The first 100 part URLs; only where they were just granted. More by `part-urls`. */
  parts?: Array<PartUrlBody>;
  /** How many bytes may arrive, where the size was not declared. */
  size_limit?: number;
}

/** A part that is not as it must be. */
export interface WrongPartBody {
  /** What it should be: a length in bytes, an ETag, or `absent`. */
  expected: string;
  /** What the store has. */
  got: string;
  /** Its number. */
  number: number;
  /** The role. */
  role: string;
}
