// What the pages and the server say to each other beyond what an upload needs, under the names that the pages use. The shapes
// are generated.

export type {
  AdminAssetBody,
  AdminAssetHistory,
  AdminAssetPage,
  AuditBody,
  CollectionBody,
  CollectionList,
  ErasureBody,
  GrantBody,
  JobRunBody as JobBody,
  OverviewBody,
  ReapBody,
  ReconcileBody,
  RoleBody,
  SampleBody,
  SessionBody,
  TimingBody as OperationBody,
  UsageBody,
  WatchBody as SharedBody,
} from "./schema";
