//! Every planted bug is found, and by the law it breaks.

use sim::{Ablation, Failure, Plan, Trace, find, run};

fn found(ablation: Ablation) {
    let (first, seeds) = (ablation.begins_at(), ablation.within());
    let failure = find(ablation);
    let failure = failure.unwrap_or_else(|| panic!("{} is not found in {seeds} seeds from {first}", ablation.name()));
    let Failure { seed, breach, .. } = failure;
    assert!(ablation.breaks().contains(&&*breach.law), "seed {seed} broke {breach:?}, not {:?}", ablation.breaks());
    // It is the planted bug that broke the law.
    let whole = run(Plan { seed, ablation: None, trace: Trace::Dropped });
    assert_eq!(whole.breach, None, "seed {seed} breaks a law by itself");
}

macro_rules! ablations {
    ($($name:ident: $ablation:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                found(Ablation::$ablation);
            }
        )+

        #[test]
        fn none_is_left_out() {
            assert_eq!(Ablation::ALL, [$(Ablation::$ablation),+]);
        }
    };
}

ablations! {
    no_abort: NoAbort,
    delete_before_cas: DeleteBeforeCas,
    created_without_cas: CreatedWithoutCas,
    no_head_after_abort: NoHeadAfterAbort,
    trust_complete_answer: TrustCompleteAnswer,
    sign_before_durable_bound: SignBeforeDurableBound,
    publish_half: PublishHalf,
    expire_committing: ExpireCommitting,
    forget_list_uploads: ForgetListUploads,
    no_recheck: NoRecheck,
    client_put: ClientPut,
    stuck_entropy: StuckEntropy,
    ignore_fence: IgnoreFence,
    reconcile_young: ReconcileYoung,
    reconcile_without_head: ReconcileWithoutHead,
    marker_before_catalog: MarkerBeforeCatalog,
    ignore_epoch: IgnoreEpoch,
    ignore_installation: IgnoreInstallation,
    ignore_missing_marker: IgnoreMissingMarker,
    remove_forgotten: RemoveForgotten,
    delete_from_scan: DeleteFromScan,
    ignore_credentials_end: IgnoreCredentialsEnd,
    ignore_skew: IgnoreSkew,
    freeze_half: FreezeHalf,
    lost_due_time: LostDueTime,
    unbounded_backoff: UnboundedBackoff,
    poisoned_page: PoisonedPage,
    missed_night: MissedNight,
}
