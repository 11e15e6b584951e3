// What the pages and the server say to each other, beyond what an upload needs. The shapes are those of
// docs/reference/openapi.json.

/** Who is signed in. */
export interface SessionBody {
  owner: string;
  scopes: string[];
  expires_at: string;
}

/** What may be uploaded where. */
export interface CollectionBody {
  name: string;
  roles: RoleBody[];
}

export interface RoleBody {
  name: string;
  required: boolean;
  visibility: string;
  /** Bytes. */
  max_size: number;
  content_types: string[];
}

/** A link for people without an account. */
export interface GrantBody {
  expires_at: string;
  token: string;
  url: string;
}

/** What such a link shows. */
export interface SharedBody {
  title: string;
  description: string;
  collection: string;
  roles: string[];
  expires_at: string;
}

export interface OverviewBody {
  at: string;
  version: string;
  uptime_seconds: number;
  process: { cpu_percent: number; memory_bytes: number; open_files: number };
  api: OperationBody[];
  catalog: OperationBody[];
  store: OperationBody[];
  files: StateCountBody[];
  assets: StateCountBody[];
  jobs: JobBody[];
  samples: SampleBody[];
}

/** Answers of one kind since the server started. */
export interface OperationBody {
  name: string;
  count: number;
  errors: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

export interface StateCountBody {
  state: string;
  count: number;
}

export interface JobBody {
  name: string;
  last_finished_at?: string | null;
  last_seconds?: number | null;
  last_findings?: number | null;
}

/** One moment, each five seconds. */
export interface SampleBody {
  at: string;
  cpu_percent: number;
  memory_bytes: number;
  requests_per_second: number;
  errors_per_second: number;
  api_p95_ms?: number | null;
  catalog_p95_ms?: number | null;
  store_p95_ms?: number | null;
}

export interface AdminAssetBody {
  id: string;
  collection: string;
  owner: string;
  title: string;
  state: string;
  reason?: string | null;
  created_at: string;
  state_since: string;
  files: AdminFileBody[];
  history?: HistoryBody[];
}

export interface AdminFileBody {
  role: string;
  state: string;
  reason?: string | null;
  size?: number | null;
  lost?: boolean;
}

export interface HistoryBody {
  at: string;
  event: string;
  detail?: string | null;
}

export interface AdminAssetPage {
  data: AdminAssetBody[];
  next_cursor?: string | null;
}

export interface ReapBody {
  destroyed: number;
  dry_run: boolean;
  expired: number;
  suspicious: number;
}

export interface FindingBody {
  action: string;
  age_seconds: number;
  bucket: string;
  bytes: number;
  key: string;
  kind: string;
  outcome: string;
  why: string;
}

export interface ReconcileBody {
  done: number;
  dry_run: boolean;
  findings: FindingBody[];
  found: number;
  left_out: number;
  objects: number;
  rows: number;
  totals: { action: string; bytes: number; count: number; kind: string; why: string }[];
  uploads: number;
}

export interface AuditBody {
  breach_count: number;
  breaches: { bucket: string; invariant: string; key: string; what: string }[];
  objects: number;
  rows: number;
  under_way: number;
  unknown: number;
  uploads: number;
}
