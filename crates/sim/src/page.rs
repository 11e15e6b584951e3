//! The page about planted bugs, for the documents: what was taken away, and what finds it.
//!
//! *Invariant*: it holds nothing that another machine would write otherwise, and what it says the tests of ablations show.

use std::fmt::Write as _;

use crate::ablation::Ablation;
use crate::profile::PROFILES;

/// The page.
pub fn page() -> String {
    let stores: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
    let mut page = format!(
        "# Simulation\n\n\
         `cargo xtask sim` runs the real use cases and jobs on a simulated catalog, store, clock and network: one seed is\n\
         one run, and the same seed is always the same run. The stores behave as {}.\n\n\
         In two seeds of ten an operator mixes something up in the middle of it: the catalog is restored from a backup\n\
         or is empty, other buckets or another prefix are configured, a marker is removed. From then until the operator\n\
         accepts it or puts it right nothing may be opened, committed, ended but by its owner, or destroyed, and what a\n\
         restored catalog does not know stays until the operator lets go of it. In two more of ten a clock is set wrong for hours or days, the\n\
         store's or one server's; in half, URLs are signed with temporary credentials, which are renewed before they end\n\
         or after.\n\n\
         A simulation that finds nothing may be blind. So each guard of the protocol is taken away in turn\n\
         (`cargo xtask sim --ablate NAME`), and the simulation must find it. The last column is the number of seeds within\n\
         which it is found: three thousand or ten thousand.\n\n\
         | ablation | guard that is taken away | found by | within |\n|---|---|---|---|\n",
        stores.join(", ")
    );
    for ablation in Ablation::ALL {
        let (name, removes, laws) = (ablation.name(), ablation.removes(), ablation.breaks().join(", "));
        writeln!(page, "| `{name}` | {removes} | {laws} | {} |", ablation.within()).expect("a string takes text");
    }
    page.push_str(LAWS);
    page
}

const LAWS: &str = "
I1 to I8 and L1 are the invariants of the protocol. R6 is its rule 6: while the store's clock or the server's own is off
by more than the limit, and a look at them could show it, nothing is expired, destroyed, adopted as an orphan or forgotten.
R9 is its rule 9: a mix-up of catalog and buckets is noticed, is accepted only on the word that it needs, and until then
stops whatever opens, commits, destroys or ends what its owner did not; what the catalog forgot is destroyed only when the operator lets go of it.
T3, T4, T6, T7 and T12 are transitions of it: a URL is for a part that is planned, lives no longer than it may, and ends a
minute before its credentials; a file of undeclared size is frozen with a size that its owner said, and published with the
size that was frozen; a file is not judged lost while its object is there; what is being committed is never abandoned; and
a published file is marked as lost if and only if its object is gone. Every law is held against what catalog and store
really hold, after every step of every run; L1, I8 and that every loss is marked, when nothing goes wrong any more and
buckets and catalog were compared once more.
";
