//! JSON bodies, of requests and of answers.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::{
    AnnounceRequest, AssetBody, AssetPage, CompleteRequest, CreateRequest, GrantRequest, PartPage, PartUrlsBody,
    PartUrlsRequest, PatchRequest, Problem, ReapRequest,
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
        Err(error) if error.is_data() => Err(1),
        Err(error) if error.is_eof() => Err(2),
        Err(_) => Err(3),
    }
}
