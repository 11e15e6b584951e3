//! What the client's errors are as exit codes and lines.

use uploader::client::ApiError;
use uploader::driver::UploadError;

use crate::exit::{Exit, Failure, chain};

/// A call that failed.
pub(super) fn of_call(error: &ApiError) -> Failure {
    let request = match error {
        ApiError::Problem { problem, .. } if problem.status >= 500 => format!(" (request {})", problem.request_id),
        _ => String::new(),
    };
    hinted(Failure::new(exit_of(error), format!("{}{request}", chain(error))), error.hint().map(str::to_owned))
}

/// An upload that failed.
pub(super) fn of_upload(error: &UploadError) -> Failure {
    let exit = match error {
        UploadError::NoFile | UploadError::Type { .. } | UploadError::Open { .. } | UploadError::Size { .. } => {
            Exit::Usage
        }
        UploadError::Refused(error) | UploadError::Gone(error) | UploadError::Unknown { reason: error, .. } => {
            exit_of(error)
        }
        UploadError::OutOfPatience { .. } => Exit::Unreachable,
        UploadError::Rejected { .. } | UploadError::PartRefused { .. } | UploadError::BeyondRepair { .. } => {
            Exit::Refused
        }
        UploadError::AlreadyThere { .. }
        | UploadError::Read { .. }
        | UploadError::Changed { .. }
        | UploadError::Journal(_)
        | UploadError::Transport(_)
        | UploadError::StillCommitting { .. }
        | UploadError::Contradiction { .. } => Exit::Failed,
    };
    hinted(Failure::new(exit, chain(error)), error.hint())
}

fn exit_of(error: &ApiError) -> Exit {
    match (error, error.status()) {
        (ApiError::Unreachable { .. }, _) => Exit::Unreachable,
        (_, Some(404 | 410)) => Exit::NotFound,
        (_, _) => Exit::Refused,
    }
}

fn hinted(failure: Failure, hint: Option<String>) -> Failure {
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
