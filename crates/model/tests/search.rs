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

/// What a profile need not come by. Whatever else there is, it must, so that it does not hold by doing nothing.
fn leaves_out(name: &str) -> &'static [&'static str] {
    match name {
        "opening" => &[
            "announce: apply",
            "commit: abort",
            "commit: head after abort",
            "commit: list",
            "commit: relist",
            "commit: wrong",
            "freeze: head",
            "freeze: reject",
            "row committing, gone",
            "row committing, relisted to its limit",
            "upload aborted under a living row",
            "withdraw: apply",
        ],
        "changing" => &[
            "announce: apply",
            "delete: apply",
            "destroy: abort listed",
            "destroy: from a stale copy",
            "freeze: head",
            "freeze: reject",
            "grant: write",
            "open: create",
            "open: write",
            "recheck: found",
            "row committing, relisted to its limit",
            "row reserved",
            "two uploads on a key",
            "upload hidden",
            "withdraw: apply",
            "zombie create",
        ],
        "vanishing" => &[
            "announce: apply",
            "commit: abort",
            "commit: head after abort",
            "commit: list",
            "commit: relist",
            "commit: wrong",
            "grant: write",
            "open: create",
            "open: write",
            "row committing, relisted to its limit",
            "row reserved",
            "two uploads on a key",
            "withdraw: apply",
            "zombie create",
        ],
        "relisting" => &[
            "announce: apply",
            "commit: wrong",
            "destroy: abort listed",
            "destroy: from a stale copy",
            "expire: head",
            "freeze: head",
            "freeze: list",
            "freeze: reject",
            "freeze: reload",
            "freeze: write",
            "grant: write",
            "open: create",
            "open: write",
            "recheck: found",
            "row reserved",
            "row uploading",
            "two uploads on a key",
            "upload hidden",
            "withdraw: apply",
            "zombie abort",
            "zombie complete",
            "zombie create",
            "zombie delete",
        ],
        "late-role" => &[
            "commit: abort",
            "commit: head after abort",
            "commit: list",
            "commit: relist",
            "commit: wrong",
            "freeze: head",
            "freeze: reject",
            "row committing, gone",
            "row committing, relisted to its limit",
            "two uploads on a key",
            "upload aborted under a living row",
            "upload hidden",
            "zombie abort",
            "zombie complete",
            "zombie create",
            "zombie delete",
        ],
        _ => &[],
    }
}

/// Together these profiles come by every state and every step.
#[test]
fn nothing_is_left_out_by_all() {
    let common = leaves_out("opening").iter().filter(|place| {
        ["changing", "vanishing", "relisting", "late-role"].into_iter().all(|name| leaves_out(name).contains(place))
    });
    assert_eq!(common.collect::<Vec<_>>(), Vec::<&&str>::new());
}

macro_rules! profiles {
    ($($test:ident => $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            let mut missing = holds($name).missing();
            match leaves_out($name) {
                // Without a list of its own: the ends an asset can come to.
                [] => missing.retain(|place| place.starts_with("row c") && !place.contains("committing")),
                known => missing.retain(|place| !known.contains(place)),
            }
            assert!(missing.is_empty(), "never at {missing:?}");
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
    two_runners_hold => "two-runners",
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
    lost_due_time_is_caught => LostDueTime,
}
