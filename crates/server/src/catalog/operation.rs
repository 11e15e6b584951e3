//! The calls of the port by name: for metrics, logs, planned failures and fail points.
//!
//! `close` is not among them: it has no answer that could be lost.

crate::operations::operations! { "Catalog":
    Now = "now" is "now",
    Reserve = "reserve" is "reserve",
    Settle = "settle" is "settle",
    FindAsset = "find_asset" is "find_asset",
    ListAssets = "list_assets" is "list_assets",
    PatchAsset = "patch_asset" is "patch_asset",
    FindFile = "find_file" is "find_file",
    Advance = "advance" is "advance",
    Apply = "apply" is "apply",
    Announce = "announce" is "announce",
    ListFiles = "list_files" is "list_files",
    ListAwaited = "list_awaited" is "list_awaited",
    ListExpirable = "list_expirable" is "list_expirable",
    ListKeys = "list_keys" is "list_keys",
    AdoptOrphan = "adopt_orphan" is "adopt_orphan",
    LoadInstallation = "load_installation" is "load_installation",
    ReplaceInstallation = "replace_installation" is "replace_installation",
    Purge = "purge" is "purge",
    ForgetRequests = "forget_requests" is "forget_requests",
    TakeLease = "take_lease" is "take_lease",
    ReleaseLease = "release_lease" is "release_lease",
    ListEvents = "list_events" is "list_events",
    ListOwnerEvents = "list_owner_events" is "list_owner_events",
    LastEventPosition = "last_event_position" is "last_event_position",
    CountFiles = "count_files" is "count_files",
    LoadProfile = "load_profile" is "load_profile",
    StoreProfile = "store_profile" is "store_profile",
}
