// Generated from docs/reference/openapi.json by web/packages/uploader/scripts/generate-types.mjs. Do not edit.

/** An asset as its operator sees it. */
export interface AdminAssetBody {
  /** Its collection. */
  collection: string;
  /** When its upload began. */
  created_at: string;
  /** The files its roles point at: what is published, and what is to come. */
  files: Array<AdminFileBody>;
  /** Its id. */
  id: string;
  /** Whose it is. */
  owner: string;
  /** Why it is gone. */
  reason?: string;
  /** `UPLOADING`, `CREATED` or `GONE`. */
  state: string;
  /** Since when it is in its state. */
  state_since: string;
  /** Its title. */
  title: string;
}

/** One asset with what happened to it. */
export type AdminAssetHistory =
  | AdminAssetBody & { /** What happened, oldest first, as far as it is still written anywhere. */
  history: Array<HappeningBody>; };

/** A page of assets of everybody. */
export interface AdminAssetPage {
  /** Newest first. Fewer than asked for, or none, does not mean that there are no more. */
  data: Array<AdminAssetBody>;
  /** Where the next page begins; absent on the last one. */
  next_cursor?: string;
}

/** A file as its operator sees it. */
export interface AdminFileBody {
  /** Whether its object is missing from the store. */
  lost: boolean;
  /** Why it ended. */
  reason?: string;
  /** Its role. */
  role: string;
  /** Its size, in bytes; absent while nobody knows it. */
  size?: number;
  /** `RESERVED`, `UPLOADING`, `COMMITTING`, `VERIFIED`, `CREATED`, `DELETING` or `CLOSED`. */
  state: string;
}

/** What one owner may have unfinished at once. */
export interface AllowedBody {
  /** Of `open_uploads`. */
  open_uploads: number;
  /** Of `reserved_bytes`. */
  reserved_bytes: number;
}

/** What an audit saw. */
export interface AuditBody {
  /** How many breaches there are. */
  breach_count: number;
  /** The first thousand of them. */
  breaches: Array<BreachBody>;
  /** Objects in both buckets, below the prefix if one was given. */
  objects: number;
  /** Rows in the catalog. */
  rows: number;
  /** What is allowed to be there because it is on its way out. */
  under_way: number;
  /** Objects and uploads on keys that Landfall does not make. */
  unknown: number;
  /** Open uploads in both buckets. */
  uploads: number;
}

/** Something that must not be. */
export interface BreachBody {
  /** `private` or `public`. */
  bucket: string;
  /** `I1`, `I2`, `I3`, `I8` or `rule 9`. */
  invariant: string;
  /** Its key. */
  key: string;
  /** What is there, and what should be. */
  what: string;
}

/** A collection with what its files may be. */
export interface CollectionBody {
  /** Its name, as in paths. */
  name: string;
  /** Its roles, by name. */
  roles: Array<RoleBody>;
}

/** All collections, by name. */
export interface CollectionList {
  /** The collections. */
  data: Array<CollectionBody>;
}

/** What a call of `DELETE /v1/admin/owners/{owner}` did. */
export interface ErasureBody {
  /** Assets that this call ended. Their bytes follow. */
  deleted: number;
  /** Whose assets. */
  owner: string;
  /** Whether there are more: then the call is to be repeated. */
  remaining: boolean;
}

/** Where a published file can be read. */
export interface FileUrlBody {
  /** When it stops working; absent for public files. */
  expires_at?: string;
  /** A plain URL for public files, a signed and expiring one for private files. */
  url: string;
}

/** One thing in a bucket or in the catalog that does not fit the other. */
export interface FindingBody {
  /** What is done about it. */
  action: string;
  /** How old it is, or how long it has been lost. */
  age_seconds: number;
  /** `private` or `public`. */
  bucket: string;
  /** How much it is. */
  bytes: number;
  /** Its key. */
  key: string;
  /** See `totals`. */
  kind: string;
  /** `planned`, `done`, `moot` (somebody was faster), `over_budget`, `failed`, `left`. */
  outcome: string;
  /** What it means. */
  why: string;
}

/** How much of a kind was found. */
export interface FindingTotalBody {
  /** What is done about it. */
  action: string;
  /** Bytes of those that are told one by one. */
  bytes: number;
  /** How many. */
  count: number;
  /** Stable: `orphan_object`, `foreign_upload`, `lost_object` and their kind. */
  kind: string;
  /** What it means. */
  why: string;
}

/** A link that lets anybody who has it watch. */
export interface GrantBody {
  /** When it ends. */
  expires_at: string;
  /** What the link holds; `/w/{token}/{role}` leads to a file. */
  token: string;
  /** The link to the asset's main file. */
  url: string;
}

/** Something that happened to an asset. */
export interface HappeningBody {
  /** When. */
  at: string;
  /** The role, and the reason of a rejection. */
  detail?: string;
  /** `asset.reserved`, `file.reserved`, `file.lost`, `asset.created`, `asset.rejected`, `asset.expired`, `asset.deleted`. */
  event: string;
}

/** A job's last round. */
export interface JobRunBody {
  /** What it had to do; absent if it failed. */
  last_findings?: number;
  /** When it ended; absent if it did not run in this process. */
  last_finished_at?: string;
  /** How long it took. */
  last_seconds?: number;
  /** Its name. */
  name: string;
}

/** Figures of one server, from its memory. */
export interface OverviewBody {
  /** Requests since the start, by method and route. */
  api: Array<TimingBody>;
  /** Assets in each state; the same. */
  assets: Array<StateCountBody>;
  /** The server's time. */
  at: string;
  /** Catalog queries since the start, by operation. */
  catalog: Array<TimingBody>;
  /** Published files whose objects a scrub found damaged, and not well or gone since; of this process. */
  damaged_files: number;
  /** Files in each state, counted within the last 15 s. States without files are left out. */
  files: Array<StateCountBody>;
  /** Every job, with its last round in this process. */
  jobs: Array<JobRunBody>;
  /** What the process uses. */
  process: ProcessBody;
  /** One each 5 s, for an hour. */
  samples: Array<SampleBody>;
  /** Store calls since the start, by operation. */
  store: Array<TimingBody>;
  /** Rows that could not be read, or at which this program failed, when they were last met: somebody has to look. The latest 100, as long as this process lives. */
  stuck?: Array<StuckRowBody>;
  /** How long it has been running. */
  uptime_seconds: number;
  /** The server's version. */
  version: string;
}

/** What a process uses. */
export interface ProcessBody {
  /** CPU time lately, as a share of one core: four busy cores are 400. */
  cpu_percent: number;
  /** Resident memory. */
  memory_bytes: number;
  /** Open files and sockets. */
  open_files: number;
}

/** What was done, or would be. */
export interface ReapBody {
  /** Files taken up for removal from the store; 0 in a dry run. */
  destroyed: number;
  /** Whether this only counted. */
  dry_run: boolean;
  /** Uploads and replacements that were ended. */
  expired: number;
  /** Uploads left alone because an object lies where none can be yet: was the catalog restored from a backup? */
  suspicious: number;
}

/** What was found and done. */
export interface ReconcileBody {
  /** Findings that were put right. */
  done: number;
  /** Whether this only looked. */
  dry_run: boolean;
  /** The findings: what was to be removed within the budget, and up to 1000 others. */
  findings: Array<FindingBody>;
  /** Findings, of all kinds. */
  found: number;
  /** Findings that are counted and not among `findings`. */
  left_out: number;
  /** Objects in both buckets, below the prefix if one was given. */
  objects: number;
  /** Rows they were held against. */
  rows: number;
  /** How many there are of each kind. */
  totals: Array<FindingTotalBody>;
  /** Open uploads in both buckets. */
  uploads: number;
}

/** What a role takes. */
export interface RoleBody {
  /** Media types it takes. */
  content_types: Array<string>;
  /** Largest file, in bytes. */
  max_size: number;
  /** Its name. */
  name: string;
  /** Whether an asset cannot be without it. */
  required: boolean;
  /** Who may read its files: `private` or `public`. */
  visibility: string;
}

/** Five seconds. */
export interface SampleBody {
  /** 95 in 100 requests took no longer, in milliseconds; absent without a request. */
  api_p95_ms?: number;
  /** When they ended. */
  at: string;
  /** The same of catalog queries. */
  catalog_p95_ms?: number;
  /** CPU time, as a share of one core. */
  cpu_percent: number;
  /** Those answered with 500 or more. */
  errors_per_second: number;
  /** Resident memory. */
  memory_bytes: number;
  /** Requests. */
  requests_per_second: number;
  /** The same of store calls. */
  store_p95_ms?: number;
}

/** Who is calling. */
export interface SessionBody {
  /** When one has to sign in again. */
  expires_at: string;
  /** Whose assets one sees. */
  owner: string;
  /** What is allowed besides: `admin`. */
  scopes: Array<string>;
}

/** How many there are in a state. */
export interface StateCountBody {
  /** How many. */
  count: number;
  /** The state. */
  state: string;
}

/** A row that is left out of its lane for an hour at a time. */
export interface StuckRowBody {
  /** When it was last met. */
  at: string;
  /** The id of the file or asset. */
  id: string;
  /** In which lane. */
  lane: string;
  /** What is wrong with it. */
  why: string;
}

/** How long one kind of call took. Percentiles are at most 9.1 % too high and never too low. */
export interface TimingBody {
  /** How many. */
  count: number;
  /** How many failed by our fault: requests answered with 500 or more, queries and calls without an answer. */
  errors: number;
  /** Which. */
  name: string;
  /** Half took no longer, in milliseconds. */
  p50_ms: number;
  /** 95 in 100. */
  p95_ms: number;
  /** 99 in 100. */
  p99_ms: number;
}

/** `GET /v1/usage`: what the caller has, and may have. */
export interface UsageBody {
  /** What the two that have a limit may come to. */
  allowed: AllowedBody;
  /** Unfinished uploads. */
  open_uploads: number;
  /** Bytes of files on their way: their sizes, and the limits of those whose size is not known. */
  reserved_bytes: number;
  /** Bytes of published files. */
  stored_bytes: number;
}

/** What a link shows, to whoever has it. */
export interface WatchBody {
  /** Its collection. */
  collection: string;
  /** Its description; empty if there is none. */
  description: string;
  /** When the link ends. */
  expires_at: string;
  /** Where each role's file is read now, as following its link would say. A page that shows it longer asks again before that ends. A file whose object is missing from the store is left out. */
  files: Record<string, FileUrlBody>;
  /** The roles that can be followed: those with a published file. */
  roles: Array<string>;
  /** The asset's title. */
  title: string;
}
