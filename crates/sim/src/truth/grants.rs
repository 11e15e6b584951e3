//! What the judge holds about URLs that are in somebody's hands.
//!
//! *Invariant*: what a URL says is read out of its own text, and when its credentials end is asked of those who issued
//! them; what the code under test was told of either counts for nothing.

use domain::limits::CREDENTIAL_MARGIN;
use domain::{File, FilePlan, Timestamp, UploadRules};
use server::catalog::memory::MemoryCatalog;
use server::store::signer::SignedPart;

use super::{Truth, row};
use crate::network::{PartUrl, Validity};

impl Truth {
    /// I5 and T3: a part's URL is in an answer. `credentials_end` is when what it was signed with ends, if it does.
    pub(crate) fn granted(
        &mut self,
        catalog: &MemoryCatalog,
        part: &SignedPart,
        url: &PartUrl,
        credentials_end: Option<Timestamp>,
    ) {
        let (path, &Validity { signed_at, end, .. }) = (url.key.path(), &url.validity);
        let Some(id) = self.file_of(&url.key) else {
            return self.report("I5", format!("a URL for {path}, which no row ever had"));
        };
        let known = self.files.get_mut(&id).expect("it was just found");
        known.released = known.released.max(Some(end));
        if let Some(last) = credentials_end.map(|end| end - CREDENTIAL_MARGIN)
            && end > last
        {
            self.report(
                "T3",
                format!("a URL of {path} lives until {end}, and may live until {last} by its credentials"),
            );
        }
        if end.duration_since(signed_at) > UploadRules::default().url_life() || part.expires_at != end {
            let told = part.expires_at;
            self.report("T3", format!("a URL of {path} signed at {signed_at} lives until {end}, as told until {told}"));
        }
        if let Some(file) = row(catalog, id) {
            self.check_bound(&file, end);
            self.check_plan(&file, part, end);
        }
    }

    /// T3: the URL of an object to read is in an answer.
    pub(crate) fn readable(&mut self, validity: &Validity, told: Timestamp, credentials_end: Option<Timestamp>) {
        let end = validity.end;
        if credentials_end.is_some_and(|last| end > last) || told != end {
            let until = credentials_end;
            self.report(
                "T3",
                format!("a URL to read lives until {end}, as told until {told}, its credentials {until:?}"),
            );
        }
    }

    fn check_plan(&mut self, file: &File, part: &SignedPart, end: Timestamp) {
        let path = file.key.path();
        if end > file.created_at + UploadRules::default().max_age() {
            self.report("T3", format!("a URL of {path} lives until {end}, longer than any upload"));
        }
        // The plan of other files may have changed since.
        if matches!(file.plan, FilePlan::Declared(_)) && file.length_of(part.number) != Some(part.length) {
            let (number, length) = (part.number, part.length);
            self.report("T3", format!("a URL for part {number} of {path} with {length:?}, which is not planned"));
        }
    }

    /// I5: a URL that lives until `end` is covered by its row.
    pub(super) fn check_bound(&mut self, file: &File, end: Timestamp) {
        if file.url_not_after.is_none_or(|bound| bound < end) {
            let bound = file.url_not_after;
            self.report("I5", format!("a URL of {} lives until {end}, its row allows {bound:?}", file.key.path()));
        }
    }
}
