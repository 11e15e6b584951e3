//! JSON bodies, of requests and of answers.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use wire::{
    AcceptRestoreRequest, AnnounceRequest, AssetBody, AssetPage, CapabilityRequest, CompleteRequest, CreateRequest,
    GrantRequest, LoginLinkRequest, PartPage, PartUrlsBody, PartUrlsRequest, PatchRequest, Problem, ReapRequest,
    ReconcileRequest, UppyCompleteRequest, UppySignRequest, UppyUploadRequest,
};

use super::kind;

pub(super) fn run(input: &[u8]) -> u64 {
    kind([
        survives::<CreateRequest>(input),
        survives::<AnnounceRequest>(input),
        survives::<PatchRequest>(input),
        survives::<PartUrlsRequest>(input),
        survives::<CompleteRequest>(input),
        survives::<GrantRequest>(input),
        survives::<ReapRequest>(input),
        survives::<ReconcileRequest>(input),
        survives::<AcceptRestoreRequest>(input),
        survives::<LoginLinkRequest>(input),
        survives::<CapabilityRequest>(input),
        reads::<UppyUploadRequest>(input),
        reads::<UppyCompleteRequest>(input),
        reads::<UppySignRequest>(input),
        survives::<Problem>(input),
        survives::<AssetBody>(input),
        survives::<AssetPage>(input),
        survives::<PartUrlsBody>(input),
        survives::<PartPage>(input),
    ])
}

/// Whether it was read. What was read is the same after being written and read again.
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(input: &[u8]) -> Result<(), u8> {
    match serde_json::from_slice::<T>(input) {
        Ok(body) => {
            let written = serde_json::to_vec(&body).expect("a body is JSON");
            let again = serde_json::from_slice::<T>(&written).expect("what we write we read");
            assert_eq!(again, body, "a body survives its JSON");
            Ok(())
        }
        Err(error) => Err(sort(&error)),
    }
}

/// Whether it was read. Nobody writes such a body here.
fn reads<T: DeserializeOwned>(input: &[u8]) -> Result<(), u8> {
    serde_json::from_slice::<T>(input).map(drop).map_err(|error| sort(&error))
}

fn sort(error: &serde_json::Error) -> u8 {
    match error.classify() {
        Category::Data => 1,
        Category::Eof => 2,
        Category::Syntax | Category::Io => 3,
    }
}
