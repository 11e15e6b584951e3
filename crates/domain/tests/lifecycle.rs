//! The laws of a file's life: the whole (state x event) table as one snapshot, and what holds over random histories.

mod sample;

use domain::lifecycle::duty;
use domain::limits::{BACKOFF_MOST, GONE_PATIENCE, MAX_RELISTS, STEP_GRACE, STRAY_LOOK_AFTER};
use domain::{
    CompleteAnswer, Decision, Effect, Event, Evidence, FileState, GrantTerms, Presence, Reason, Refusal, Remains,
    StateName, TimeSpan, Timestamp, UploadId, UploadRules, decide,
};
use proptest::prelude::*;
use sample::{NOW, file_in, listing, verified};

fn terms() -> GrantTerms {
    let asset_deadline = NOW + TimeSpan::from_hours(24);
    GrantTerms { parts: 1, rules: UploadRules::default(), asset_deadline, credentials_end: None }
}

/// Every kind of event, by the name it has in the table.
fn events() -> Vec<(&'static str, Event)> {
    let frozen = |listing| Event::Frozen { listing, claimed: None, checksum: None };
    let arbitrated = |answer| Event::Arbitrated(Evidence::Absent(answer));
    vec![
        ("opened", Event::Opened(UploadId("another".into()))),
        ("granted", Event::Granted(terms())),
        ("frozen, all parts there", frozen(listing())),
        ("frozen, a part missing", frozen(listing()[1..].to_vec())),
        ("weighed", Event::Weighed(listing())),
        ("arrived", Event::Arrived(listing())),
        ("relisted, all parts there", Event::Relisted(listing())),
        ("relisted, a part missing", Event::Relisted(listing()[1..].to_vec())),
        ("HEAD 200, right", Event::Arbitrated(Evidence::Right(verified()))),
        ("HEAD 200, wrong", Event::Arbitrated(Evidence::Wrong(Reason::SizeMismatch))),
        ("HEAD 404, complete not called", arbitrated(CompleteAnswer::NotCalled)),
        ("HEAD 404, complete unknown", arbitrated(CompleteAnswer::Unknown)),
        ("HEAD 404, invalid part", arbitrated(CompleteAnswer::InvalidPart)),
        ("HEAD 404, no such upload", arbitrated(CompleteAnswer::NoSuchUpload)),
        ("HEAD 404, refused", arbitrated(CompleteAnswer::Refused(Reason::ChecksumMismatch))),
        ("HEAD 404 after abort", Event::Arbitrated(Evidence::AbsentAfterAbort(Reason::RefusedByStore))),
        ("published", Event::Published),
        ("ended, abandoned", Event::Ended(Reason::Abandoned)),
        ("ended, deleted", Event::Ended(Reason::Deleted)),
        ("destroyed", Event::Destroyed),
        ("rechecked, nothing", Event::Rechecked(Remains::Nothing)),
        ("rechecked, something", Event::Rechecked(Remains::Something)),
        ("sought, there", Event::Sought(Presence::There)),
        ("sought, missing", Event::Sought(Presence::Missing)),
        ("disowned", Event::Disowned),
        ("woken", Event::Woken),
    ]
}

fn outcome(result: &Result<Decision, Refusal>) -> String {
    match result {
        Err(Refusal::OutOfPlace(_)) => "-".into(),
        Err(Refusal::Ended(reason)) => format!("refused: ended ({})", reason.code()),
        Err(refusal) => format!("refused: {refusal}"),
        Ok(decision) => {
            let effect = decision.effect.map_or_else(|| "nothing".into(), |effect| format!("{effect:?}"));
            format!("{}, then {effect}", decision.next.state.name())
        }
    }
}

#[test]
fn the_whole_table() {
    let mut table = String::new();
    for state in StateName::ALL {
        for (name, event) in events() {
            let result = decide(&file_in(state), &event, NOW);
            table.push_str(&format!("{state:<10} | {name:<29} | {}\n", outcome(&result)));
        }
    }
    insta::assert_snapshot!(table);
}

fn any_event() -> impl Strategy<Value = Event> {
    (0..events().len()).prop_map(|index| events().swap_remove(index).1)
}

proptest! {
    /// I4: whatever happens in whatever order, ranks never fall and the fence rises by exactly one with each write.
    #[test]
    fn rank_never_falls(history in proptest::collection::vec((any_event(), 0i64..200_000), 1..40)) {
        let mut file = file_in(StateName::Reserved);
        let mut now = NOW;
        for (event, seconds) in history {
            now += TimeSpan::from_secs(seconds);
            let Ok(decision) = decide(&file, &event, now) else { continue };
            prop_assert!(decision.next.state.name() >= file.state.name());
            if decision.writes(&file) {
                prop_assert_eq!(decision.next.fence, file.fence.next());
            } else {
                prop_assert_eq!(&decision.next, &file);
            }
            prop_assert_eq!(&decision.next.key, &file.key);
            file = decision.next;
        }
    }

    /// I9 and L1: after whatever happened in whatever order, what somebody must move has a time, and that is soon; only
    /// the looks at what is closed are far apart.
    #[test]
    fn what_owes_something_is_due(history in proptest::collection::vec((any_event(), 0i64..200_000), 1..40)) {
        let mut file = file_in(StateName::Reserved);
        let mut now = NOW;
        for (event, seconds) in history {
            now += TimeSpan::from_secs(seconds);
            let Ok(decision) = decide(&file, &event, now) else { continue };
            let written = decision.writes(&file);
            file = decision.next;
            prop_assert!(file.keeps_its_due_time(), "{:?}", file);
            match file.state {
                FileState::Committing { .. } | FileState::Verified { .. } | FileState::Deleting { .. } if written => {
                    let due_at = file.due_at.unwrap();
                    prop_assert!(now <= due_at && due_at <= now + BACKOFF_MOST);
                }
                FileState::Closed { recheck_at, .. } => prop_assert_eq!(file.due_at, Some(recheck_at)),
                FileState::Created { .. } => prop_assert_eq!((file.due_at, file.lane()), (None, None)),
                _ => {}
            }
            prop_assert_eq!(duty(&file, now + TimeSpan::from_hours(10_000)).is_some(), file.due_at.is_some());
        }
    }

    /// I5: no URL outlives what the row says, whatever the moment and the rules.
    #[test]
    fn urls_never_outlive_the_row(
        url_life in 1i64..604_800, idle in 0i64..1_000_000, age in 0i64..1_000_000,
        grants in proptest::collection::vec(0i64..100_000, 1..30), credentials in proptest::option::of(0i64..400_000),
    ) {
        let span = TimeSpan::from_secs;
        let rules = UploadRules::new(span(url_life + idle), span(url_life + idle + age), span(url_life)).unwrap();
        let mut file = file_in(StateName::Uploading);
        (file.url_not_after, file.deadline) = (None, file.created_at + rules.idle());
        let credentials_end = credentials.map(|seconds| NOW + span(seconds));
        let mut now = file.created_at;
        for seconds in grants {
            now += span(seconds);
            let terms = GrantTerms { parts: 1, rules, asset_deadline: file.deadline, credentials_end };
            let Ok(decision) = decide(&file, &Event::Granted(terms), now) else { continue };
            let Some(Effect::Sign { expires_at }) = decision.effect else { panic!("a grant signs") };
            let bound = decision.next.url_not_after.unwrap();
            prop_assert!(now < expires_at && expires_at <= bound);
            prop_assert!(expires_at <= now + rules.url_life());
            prop_assert!(bound <= decision.next.deadline && decision.next.deadline >= file.deadline);
            prop_assert!(decision.next.deadline >= (now + rules.idle()).min(file.created_at + rules.max_age()));
            prop_assert!(credentials_end.is_none_or(|end| expires_at < end));
            file = decision.next;
        }
    }
}

/// The point of the durable bound: of the grants of an hour of steady uploading, one writes.
#[test]
fn most_grants_write_nothing() {
    let mut file = file_in(StateName::Uploading);
    file.url_not_after = None;
    let minutes = (0..60).map(|minute| file.created_at + TimeSpan::from_mins(minute)).collect::<Vec<_>>();
    let mut writes = 0;
    for now in minutes {
        let decision = decide(&file, &Event::Granted(terms()), now).unwrap();
        writes += u32::from(decision.writes(&file));
        file = decision.next;
    }
    assert_eq!(writes, 1);
}

#[test]
fn a_grant_after_the_deadline_is_refused() {
    let file = file_in(StateName::Uploading);
    let late = GrantTerms { asset_deadline: NOW, ..terms() };
    assert_eq!(decide(&file, &Event::Granted(late), NOW), Err(Refusal::DeadlinePassed));
    let old = file.created_at + UploadRules::default().max_age();
    let kept_alive = GrantTerms { asset_deadline: old + TimeSpan::from_hours(1), ..terms() };
    assert_eq!(decide(&file, &Event::Granted(kept_alive), old), Err(Refusal::DeadlinePassed));
}

#[test]
fn relisting_ends_after_its_budget() {
    let mut file = file_in(StateName::Committing);
    for _ in 0..MAX_RELISTS {
        let refused = Event::Arbitrated(Evidence::Absent(CompleteAnswer::InvalidPart));
        assert_eq!(decide(&file, &refused, NOW).unwrap().effect, Some(Effect::Relist));
        let decision = decide(&file, &Event::Relisted(listing()), NOW).unwrap();
        assert_eq!(decision.effect, Some(Effect::Complete));
        file = decision.next;
    }
    let refused = Event::Arbitrated(Evidence::Absent(CompleteAnswer::InvalidPart));
    let spent = Some(Effect::AbortThenHead(Reason::PartsChanged));
    assert_eq!(decide(&file, &refused, NOW).unwrap().effect, spent);
    assert_eq!(decide(&file, &Event::Relisted(listing()), NOW).unwrap().effect, spent);
}

#[test]
fn a_vanished_upload_is_looked_at_for_ten_minutes() {
    let gone = Event::Arbitrated(Evidence::Absent(CompleteAnswer::NoSuchUpload));
    let first = decide(&file_in(StateName::Committing), &gone, NOW).unwrap();
    assert_eq!((first.next.state.name(), first.effect), (StateName::Committing, Some(Effect::LookAgain)));
    let almost = NOW + GONE_PATIENCE - TimeSpan::from_micros(1);
    let second = decide(&first.next, &gone, almost).unwrap();
    assert_eq!((&second.next, second.effect), (&first.next, Some(Effect::LookAgain)));
    let last = decide(&first.next, &gone, NOW + GONE_PATIENCE).unwrap();
    assert_eq!(last.next.state, FileState::Deleting { reason: Reason::UploadVanished });
}

/// T11: looks after 1 h, 1 d and 8 d, then the row goes; anything found starts the schedule over.
#[test]
fn a_closed_file_is_looked_at_three_times() {
    let closed_at = NOW;
    // What no URL was ever given out for goes at the first clean look.
    let never_granted = decide(&file_in(StateName::Deleting), &Event::Destroyed, closed_at).unwrap().next;
    let first =
        decide(&never_granted, &Event::Rechecked(Remains::Nothing), closed_at + TimeSpan::from_hours(1)).unwrap();
    assert_eq!((first.effect, first.next == never_granted), (Some(Effect::Purge), true));

    let mut file = domain::File { url_not_after: Some(closed_at), ..never_granted };
    let due = |file: &domain::File| match &file.state {
        FileState::Closed { recheck_at, .. } => *recheck_at,
        other => panic!("not closed: {other:?}"),
    };
    for hours in [1, 24] {
        let at = due(&file);
        assert_eq!(at, closed_at + TimeSpan::from_hours(hours));
        assert_eq!(duty(&file, at - TimeSpan::from_secs(1)), None);
        assert_eq!(duty(&file, at), Some(Effect::Recheck));
        let decision = decide(&file, &Event::Rechecked(Remains::Nothing), at + TimeSpan::from_mins(7)).unwrap();
        assert_eq!(decision.effect, None);
        file = decision.next;
    }
    let last = due(&file);
    assert_eq!(last, closed_at + TimeSpan::from_hours(8 * 24));
    let found = decide(&file, &Event::Rechecked(Remains::Something), last).unwrap();
    assert_eq!(found.effect, Some(Effect::Destroy));
    assert_eq!(due(&found.next), last + TimeSpan::from_hours(1));
    let clean = decide(&file, &Event::Rechecked(Remains::Nothing), last).unwrap();
    assert_eq!((clean.effect, clean.writes(&file)), (Some(Effect::Purge), false));
}

/// A crash is finished by the same code: every state that somebody must move says what is owed to it.
#[test]
fn every_state_knows_its_duty() {
    let far: Timestamp = NOW + TimeSpan::from_hours(10_000);
    let duties = StateName::ALL.map(|state| duty(&file_in(state), far));
    let expected = [
        Some(Effect::CloseStrays),
        Some(Effect::CloseStrays),
        Some(Effect::Complete),
        Some(Effect::TryPublish),
        None,
        Some(Effect::Destroy),
        Some(Effect::Recheck),
    ];
    assert_eq!(duties, expected);
    let early = StateName::ALL.map(|state| duty(&file_in(state), NOW));
    assert_eq!(early, [None; 7], "nothing is owed before its time");
    let lost = StateName::ALL.map(|state| duty(&domain::File { due_at: None, ..file_in(state) }, far));
    assert_eq!(lost, [None; 7], "what has no time is done by nobody");
}

/// Whoever writes a step performs it, and others leave it alone for so long; what the expire lane ends, nobody else has in
/// hand.
#[test]
fn who_ends_a_file_destroys_it_and_the_expire_lane_does_not() {
    let ended = |reason| decide(&file_in(StateName::Uploading), &Event::Ended(reason), NOW).unwrap().next.due_at;
    assert_eq!(ended(Reason::Deleted), Some(NOW + STEP_GRACE));
    assert_eq!(ended(Reason::Abandoned), Some(NOW));
}

/// What a request left open that died between the store and the row is looked for, in RESERVED and beside a live upload.
#[test]
fn strays_are_looked_for_ten_minutes_later() {
    let reserved = file_in(StateName::Reserved);
    let opened = decide(&reserved, &Event::Opened(UploadId("u".into())), NOW).unwrap().next;
    assert_eq!(opened.due_at, Some(NOW + STRAY_LOOK_AFTER));
    assert_eq!(duty(&opened, NOW + STRAY_LOOK_AFTER), Some(Effect::CloseStrays));
    // A grant neither brings the look forward nor loses it.
    let granted = decide(&opened, &Event::Granted(terms()), NOW + TimeSpan::from_mins(1)).unwrap().next;
    assert_eq!(granted.due_at, opened.due_at);
    let disowned = decide(&reserved, &Event::Disowned, NOW).unwrap();
    assert_eq!((&disowned.next.state, disowned.next.due_at), (&FileState::Reserved, Some(NOW + STRAY_LOOK_AFTER)));
    assert_eq!(disowned.next.fence, reserved.fence.next(), "whoever opened one and wrote nothing loses");
}
