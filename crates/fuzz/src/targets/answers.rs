//! What the client makes of answers: problem documents, other programs' pages, a store's XML.

use uploader::client::ApiError;
use uploader::driver::complaint;

use super::kind;

/// Two excerpts of 200 characters with a colon between them.
const MAX_CHARS: usize = 402;

pub(super) fn run(input: &[u8]) -> u64 {
    let (status, body) = input.split_at(input.len().min(2));
    let status = status.iter().fold(0, |status, byte| status << 8 | u16::from(*byte));
    let error = ApiError::answered(status, body, None);
    let shown = match &error {
        ApiError::Foreign { detail, .. } => {
            is_one_line(detail);
            0
        }
        ApiError::Problem { problem, .. } => {
            assert_eq!(error.code(), Some(problem.code));
            1
        }
        ApiError::Unreachable { .. } | ApiError::Unintelligible { .. } => panic!("an answer is an answer"),
    };
    let complaint = complaint(input);
    is_one_line(&complaint);
    let told = (complaint.contains(": "), complaint == "no reason given", complaint.is_empty());
    kind((shown, error.is_weather(), error.hint().is_some(), told))
}

fn is_one_line(text: &str) {
    assert!(text.chars().count() <= MAX_CHARS, "an excerpt is short");
    assert!(!text.chars().any(char::is_control), "an excerpt cannot write to a terminal");
}
