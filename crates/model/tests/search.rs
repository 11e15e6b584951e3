//! Every profile holds, and every guard is missed when it is left out. Each is a test of its own, so that they run side by
//! side and say by name what broke.

use model::coverage::Coverage;
use model::{Ablation, Invariants, Profile};

fn holds(name: &str) -> Coverage {
    let found = model::search(Profile::find(name).expect("a profile"), None, Invariants::all());
    if let Some(breach) = &found.counterexample {
        panic!("{} breaks:\n{}", breach.invariant, breach.steps.join("\n"));
    }
    found.coverage
}

fn is_caught(ablation: Ablation) {
    for invariant in ablation.breaks() {
        let caught = model::catch(ablation, *invariant).counterexample;
        assert_eq!(caught.map(|caught| caught.invariant), Some(*invariant), "{}", ablation.name());
    }
}

/// One test for each profile. What each is known to come by is asked of each, so that none holds by doing nothing.
macro_rules! profiles {
    ($($test:ident => $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            let missing = holds($name).missing();
            for place in ["row created", "row purged", "commit: from a stale copy", "apply from a stale copy"] {
                assert!(!missing.contains(place), "never at {place}");
            }
        })*

        #[test]
        fn every_profile_is_searched() {
            let names: Vec<_> = Profile::ALL.iter().map(|profile| profile.name).collect();
            assert_eq!(names, [$($name),*]);
        }
    };
}

profiles! {
    opening_holds => "opening",
    racing_holds => "racing",
    changing_holds => "changing",
    vanishing_holds => "vanishing",
    relisting_holds => "relisting",
    two_files_hold => "two-files",
    two_racing_holds => "two-racing",
    late_role_holds => "late-role",
    again_holds => "again",
}

macro_rules! ablations {
    ($($test:ident => $ablation:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            is_caught(Ablation::$ablation);
        })*

        #[test]
        fn every_ablation_is_tried() {
            assert_eq!(Ablation::ALL, [$(Ablation::$ablation),*]);
        }
    };
}

ablations! {
    no_abort_is_caught => NoAbort,
    destroy_before_write_is_caught => DestroyBeforeWrite,
    created_without_cas_is_caught => CreatedWithoutCas,
    publish_without_revision_is_caught => PublishWithoutRevision,
    verified_without_cas_is_caught => VerifiedWithoutCas,
    no_head_after_abort_is_caught => NoHeadAfterAbort,
    complete_trusted_is_caught => CompleteTrusted,
    vanished_trusted_is_caught => VanishedTrusted,
    expire_committing_is_caught => ExpireCommitting,
    client_put_is_caught => ClientPut,
    stored_upload_only_is_caught => StoredUploadOnly,
    delete_then_abort_unseen_is_caught => DeleteThenAbortUnseen,
    no_recheck_is_caught => NoRecheck,
    no_drive_commits_is_caught => NoDriveCommits,
    no_destroy_is_caught => NoDestroy,
}

/// Together the small profiles come by every state and every step, so that what holds was tried.
#[test]
fn the_small_profiles_come_by_everything() {
    let names = ["opening", "changing", "vanishing", "relisting", "late-role", "again"];
    let together = names.into_iter().map(holds).fold(Coverage::default(), Coverage::or);
    let missing: Vec<_> = together.missing().into_iter().collect();
    assert_eq!(missing, Vec::<&str>::new());
}
