//! What the judge holds about sizes that nobody declared.
//!
//! *Invariant*: it compares with what clients have said, never with what the code under test remembers of it.

use domain::{AssetId, ByteCount, File, FilePlan, RoleName, StateName};

use super::Truth;

impl Truth {
    /// An owner is about to say that its file holds so much.
    pub(crate) fn claimed(&mut self, asset: AssetId, role: &RoleName, size: ByteCount) {
        self.claims.entry((asset, role.clone())).or_default().insert(size);
    }

    /// T4: half a film of undeclared size looks complete, so only its owner can say how much it is, and what was frozen is
    /// what is published.
    pub(super) fn check_size(&mut self, file: &File) {
        if let Some(object) = file.state.object()
            && file.plan.size() != Some(object.size)
        {
            let (froze, holds) = (file.plan.size(), object.size);
            self.report("T4", format!("{} was frozen with {froze:?} and holds {holds}", file.key.path()));
        }
        let FilePlan::Settled { size, .. } = file.plan else { return };
        let was_said = || self.claims.get(&(file.asset, file.role.clone())).is_some_and(|said| said.contains(&size));
        if file.auto.is_none() && file.state.name() >= StateName::Committing && !was_said() {
            self.report("T4", format!("{} was frozen with {size}, which its owner never said", file.key.path()));
        }
    }
}
