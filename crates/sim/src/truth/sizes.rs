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
        if !file.auto && file.state.name() >= StateName::Committing && !was_said() {
            self.report("T4", format!("{} was frozen with {size}, which its owner never said", file.key.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::reconcile::orphan;
    use domain::{FileKey, FileState, ObjectKey, Timestamp, Visibility};

    use super::*;

    /// What the judge says of a clip of undeclared size that was frozen with so many bytes, after its owner said `said`.
    fn verdict(said: &[u64], froze: u64) -> Option<String> {
        let id = AssetId::new(Timestamp::UNIX_EPOCH, &[1; 10]);
        let path = format!("42/clips/{id}/clip-0000000000000000000000000g.mp4");
        let key = ObjectKey::new(Visibility::Private, FileKey::parse(&path).unwrap());
        let mut file = orphan(&key, None, None, Timestamp::UNIX_EPOCH, &[2; 10]).file;
        file.plan = FilePlan::Settled { size: ByteCount(froze), part_size: ByteCount::mib(5) };
        file.state = FileState::Committing { parts: Vec::new(), relists: 0, gone_since: None };
        let mut truth = Truth::default();
        said.iter().for_each(|said| truth.claimed(id, &file.role, ByteCount(*said)));
        truth.check_size(&file);
        truth.breach().map(|breach| breach.law.clone())
    }

    #[test]
    fn only_what_its_owner_said_is_frozen() {
        for (said, froze, broken) in
            [(&[100][..], 100, false), (&[100, 60], 60, false), (&[100], 60, true), (&[], 60, true)]
        {
            assert_eq!(verdict(said, froze).as_deref(), broken.then_some("T4"), "{said:?} {froze}");
        }
    }
}
