//! The calls of the port by name: for metrics, logs, planned failures and fail points.

crate::operations::operations! { "Store":
    OpenUpload = "open_upload" is "open_upload",
    ListParts = "list_parts" is "list_parts_page",
    SendPart = "send_part" is "send_part",
    Complete = "complete" is "complete",
    Head = "head" is "head",
    Read = "read" is "read",
    Abort = "abort" is "abort",
    Delete = "delete" is "delete",
    ListUploads = "list_uploads" is "list_uploads",
    ListObjects = "list_objects" is "list_objects_page",
    ListOpenUploads = "list_open_uploads" is "list_open_uploads_page",
    FindMarker = "find_marker" is "find_marker",
    WriteMarker = "write_marker" is "write_marker",
    StoreTime = "store_time" is "store_time",
    SigningCredentials = "signing_credentials" is "signing_credentials",
    Probe = "probe" is "probe",
}
