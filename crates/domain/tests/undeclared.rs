//! Files whose size nobody declared, and uploads that nobody completes.

mod sample;

use domain::lifecycle::duty;
use domain::limits::{GRANTS_PER_WEIGHING, MAX_RELISTS};
use domain::parts::PartFact;
use domain::{
    ByteCount, ClaimedParts, CompleteAnswer, Decision, ETag, Effect, Event, Evidence, File, FilePlan, FileState,
    GrantTerms, Looks, OpenPlan, Part, PartLength, PartNumber, Reason, Refusal, StateName, TimeSpan, UploadRules,
    decide,
};
use proptest::prelude::*;
use sample::{NOW, file_in};

const LIMIT: ByteCount = ByteCount::mib(300);

fn undeclared(state: StateName) -> File {
    File { plan: FilePlan::Undeclared(OpenPlan::up_to(LIMIT, ByteCount::mib(8))), ..file_in(state) }
}

fn auto(file: File) -> File {
    File { auto: true, looks: Some(Looks::before_grant(file.created_at)), ..file }
}

fn part(number: u64, size: ByteCount) -> Part {
    Part { number: PartNumber::new(number).unwrap(), size, etag: ETag::new(&format!("e{number}")) }
}

fn parts_of(mib: &[u64]) -> Vec<Part> {
    mib.iter().zip(1..).map(|(mib, number)| part(number, ByteCount::mib(*mib))).collect()
}

fn claim(parts: &[Part]) -> ClaimedParts {
    parts.iter().map(|part| (part.number, part.etag.clone())).collect()
}

fn frozen(listing: &[Part], claimed: Option<&[Part]>) -> Event {
    Event::Frozen { listing: listing.to_vec(), claimed: claimed.map(claim), checksum: None }
}

fn granted(parts: u16) -> Event {
    let asset_deadline = NOW + TimeSpan::from_hours(24);
    Event::Granted(GrantTerms { parts, rules: UploadRules::default(), asset_deadline, credentials_end: None })
}

fn ended(decision: &Decision) -> Option<Reason> {
    decision.next.state.reason()
}

#[test]
fn any_cut_within_the_limit_settles_the_size() {
    for mib in [&[1][..], &[5, 1], &[5, 9, 5], &[8, 8, 284]] {
        let parts = parts_of(mib);
        let decision = decide(&undeclared(StateName::Uploading), &frozen(&parts, Some(&parts)), NOW).unwrap();
        assert_eq!(decision.next.plan.size(), Some(ByteCount::mib(mib.iter().sum())));
        assert_eq!(decision.next.plan.reserved(), ByteCount::mib(mib.iter().sum()));
        assert_eq!((decision.next.state.name(), decision.effect), (StateName::Committing, Some(Effect::Complete)));
    }
}

#[test]
fn too_much_is_final() {
    let over = parts_of(&[8, 293]);
    for event in [frozen(&over, Some(&over)), frozen(&over, None), Event::Weighed(over.clone())] {
        let decision = decide(&undeclared(StateName::Uploading), &event, NOW).unwrap();
        assert_eq!((ended(&decision), decision.effect), (Some(Reason::TooLarge), Some(Effect::Destroy)));
    }
    let enough = parts_of(&[8, 292]);
    assert_eq!(ended(&decide(&undeclared(StateName::Uploading), &Event::Weighed(enough), NOW).unwrap()), None);
}

#[test]
fn what_the_client_lists_must_be_what_arrived() {
    let file = undeclared(StateName::Uploading);
    let parts = parts_of(&[5, 5, 5]);
    assert_eq!(decide(&file, &frozen(&parts, None), NOW), Err(Refusal::Unclaimed));
    let refused = |listing: &[Part], claimed: &[Part]| match decide(&file, &frozen(listing, Some(claimed)), NOW) {
        Err(Refusal::Incomplete(incomplete)) => {
            let missing: Vec<u16> = incomplete.missing.iter().map(|number| number.get()).collect();
            let wrong: Vec<_> = incomplete.wrong.into_iter().map(|part| (part.number.get(), part.expected)).collect();
            (missing, wrong)
        }
        other => panic!("not refused as incomplete: {other:?}"),
    };
    assert_eq!(refused(&parts[..2], &parts), (vec![3], vec![]));
    assert_eq!(refused(&[], &parts[..1]), (vec![1], vec![]));
    assert_eq!(refused(&[], &[]), (vec![1], vec![]));
    let gap = [parts[0].clone(), parts[2].clone()];
    assert_eq!(refused(&gap, &gap), (vec![2], vec![]), "numbers have no gaps, whatever the client says");
    assert_eq!(refused(&parts, &parts[..2]), (vec![], vec![(3, PartFact::Absent)]));
    let small = parts_of(&[5, 4, 5]);
    assert_eq!(refused(&small, &small), (vec![], vec![(2, PartFact::AtLeast(ByteCount::mib(5)))]));
    let empty = [part(1, ByteCount::ZERO)];
    let ended = decide(&file, &frozen(&empty, Some(&empty)), NOW).unwrap().next;
    assert_eq!(ended.state.reason(), Some(Reason::Empty), "nothing can be added to one empty part");
    let mut other = parts.clone();
    other[1].etag = ETag::new("other");
    assert_eq!(refused(&parts, &other), (vec![], vec![(2, PartFact::ETag(ETag::new("other")))]));
}

#[test]
fn part_urls_go_as_far_as_the_limit_could() {
    let file = undeclared(StateName::Uploading);
    assert_eq!(file.part_count(), 60);
    assert_eq!(file.length_of(PartNumber::new(60).unwrap()), Some(PartLength::Open));
    assert_eq!(file.length_of(PartNumber::new(61).unwrap()), None);
    let single = auto(undeclared(StateName::Uploading));
    assert_eq!(single.numbers().map(PartNumber::get).collect::<Vec<_>>(), [1]);
    assert_eq!(single.length_of(PartNumber::new(2).unwrap()), None);
}

proptest! {
    /// Between two looks at what has arrived there are never more grants than allowed.
    #[test]
    fn grants_are_weighed(batches in proptest::collection::vec(1..=GRANTS_PER_WEIGHING, 1..60)) {
        let mut file = undeclared(StateName::Uploading);
        let mut unseen = 0;
        for parts in batches {
            let mut decision = decide(&file, &granted(parts), NOW).unwrap();
            if decision.effect == Some(Effect::Weigh) {
                prop_assert!(unseen + parts > GRANTS_PER_WEIGHING, "not sooner than needed");
                prop_assert!(!decision.writes(&file));
                file = decide(&file, &Event::Weighed(parts_of(&[8])), NOW).unwrap().next;
                unseen = 0;
                decision = decide(&file, &granted(parts), NOW).unwrap();
            }
            let signs = matches!(decision.effect, Some(Effect::Sign { .. }));
            prop_assert!(signs);
            prop_assert!(decision.writes(&file), "the count is durable before a URL leaves");
            unseen += parts;
            prop_assert!(unseen <= GRANTS_PER_WEIGHING);
            file = decision.next;
            prop_assert_eq!(file.plan.unweighed(), unseen);
        }
        prop_assert_eq!(decide(&file, &granted(GRANTS_PER_WEIGHING + 1), NOW), Err(Refusal::TooManyParts));
    }
}

#[test]
fn what_was_frozen_is_the_plan_of_a_relisting() {
    let parts = parts_of(&[5, 7, 2]);
    let frozen = decide(&undeclared(StateName::Uploading), &frozen(&parts, Some(&parts)), NOW).unwrap().next;
    let refused = Event::Arbitrated(Evidence::Absent(CompleteAnswer::InvalidPart));
    assert_eq!(decide(&frozen, &refused, NOW).unwrap().effect, Some(Effect::Relist));
    let mut sent_again = parts.clone();
    sent_again[1].etag = ETag::new("again");
    let relisted = decide(&frozen, &Event::Relisted(sent_again.clone()), NOW).unwrap();
    assert_eq!(relisted.effect, Some(Effect::Complete));
    let FileState::Committing { parts: now, relists: 1, .. } = &relisted.next.state else { panic!("not relisted") };
    assert_eq!(now, &sent_again);
    let spent = Some(Effect::AbortThenHead(Reason::PartsChanged));
    for changed in [parts_of(&[5, 7]), parts_of(&[5, 7, 3]), parts_of(&[5, 7, 2, 1])] {
        assert_eq!(decide(&frozen, &Event::Relisted(changed), NOW).unwrap().effect, spent);
    }
    let mut file = relisted.next;
    for _ in 1..MAX_RELISTS {
        file = decide(&file, &Event::Relisted(sent_again.clone()), NOW).unwrap().next;
    }
    assert_eq!(decide(&file, &Event::Relisted(sent_again), NOW).unwrap().effect, spent);
}

#[test]
fn one_part_that_arrives_by_itself_is_the_file() {
    let asked = auto(undeclared(StateName::Uploading));
    assert_eq!(duty(&asked, NOW), None, "nothing was granted, so nothing can arrive");
    let file = decide(&asked, &granted(1), NOW).unwrap().next;
    assert_eq!((duty(&file, NOW), file.looks.unwrap().next), (None, Some(NOW + TimeSpan::from_secs(2))));
    let later = NOW + TimeSpan::from_secs(2);
    assert_eq!(duty(&file, later), Some(Effect::LookForPart));

    for nothing in [vec![], vec![part(1, ByteCount::ZERO)]] {
        let waiting = decide(&file, &Event::Arrived(nothing), later).unwrap();
        assert_eq!((waiting.next.state.name(), waiting.effect), (StateName::Uploading, None));
        assert_eq!(waiting.next.looks.unwrap().next, Some(NOW + TimeSpan::from_secs(5)));
        assert_eq!(waiting.next.deadline, file.deadline, "looking keeps nothing alive");
    }
    let arrived = decide(&file, &Event::Arrived(vec![part(1, ByteCount(77))]), later).unwrap();
    assert_eq!((arrived.next.state.name(), arrived.effect), (StateName::Committing, Some(Effect::Complete)));
    assert_eq!(arrived.next.plan.size(), Some(ByteCount(77)));
    assert_eq!(duty(&arrived.next, later + TimeSpan::from_hours(1)), Some(Effect::Complete));

    let over = decide(&file, &Event::Arrived(vec![part(1, ByteCount::mib(301))]), later).unwrap();
    assert_eq!((ended(&over), over.next.looks.unwrap().next), (Some(Reason::TooLarge), None));
    let called = undeclared(StateName::Uploading);
    let event = Event::Arrived(vec![part(1, ByteCount(77))]);
    assert_eq!(decide(&called, &event, NOW), Err(Refusal::OutOfPlace(StateName::Uploading)), "only what is marked");
}

/// Whatever its client does or does not do: too much is noticed at the next look, and looks are seconds apart at first.
#[test]
fn what_arrives_of_an_undeclared_size_is_weighed_by_itself() {
    let asked = undeclared(StateName::Uploading);
    let file = decide(&asked, &granted(3), NOW).unwrap().next;
    assert!(!file.auto && file.part_count() == 60);
    let first = NOW + TimeSpan::from_secs(2);
    assert_eq!((duty(&file, NOW), duty(&file, first), file.due_at), (None, Some(Effect::Weigh), Some(first)));

    let within = decide(&file, &Event::Weighed(parts_of(&[100, 200])), first).unwrap();
    assert_eq!((within.next.state.name(), within.effect), (StateName::Uploading, None));
    assert_eq!(within.next.due_at, Some(NOW + TimeSpan::from_secs(5)));
    assert_eq!((within.next.deadline, within.next.plan.unweighed()), (file.deadline, 0), "looking keeps nothing alive");
    let over = decide(&file, &Event::Weighed(parts_of(&[100, 201])), first).unwrap();
    assert_eq!((ended(&over), over.next.looks.unwrap().next), (Some(Reason::TooLarge), None));
    // Parts go on arriving for as long as there are URLs, so looks go on until the deadline, and new URLs begin them anew.
    let late = decide(&file, &Event::Weighed(Vec::new()), NOW + TimeSpan::from_hours(1)).unwrap().next;
    assert_eq!(late.due_at, Some(NOW + TimeSpan::from_mins(70)));
    let again = decide(&late, &granted(1), NOW + TimeSpan::from_hours(1)).unwrap().next;
    assert_eq!(again.due_at, Some(NOW + TimeSpan::from_hours(1) + TimeSpan::from_secs(2)));
    let last = decide(&file, &Event::Weighed(Vec::new()), file.deadline).unwrap().next;
    assert_eq!(last.looks.unwrap().next, None);
    // A declared size is held by its part URLs.
    let declared = decide(&file_in(StateName::Uploading), &granted(3), NOW).unwrap().next;
    assert_eq!(declared.looks, None);
}

#[test]
fn a_declared_size_is_kept_where_nobody_completes() {
    let plan = domain::PartPlan::for_size(ByteCount(77)).unwrap();
    let file = auto(File { plan: FilePlan::Declared(plan), ..file_in(StateName::Uploading) });
    let other = decide(&file, &Event::Arrived(vec![part(1, ByteCount(76))]), NOW).unwrap();
    assert_eq!(other.next.state, FileState::Uploading);
    let whole = decide(&file, &Event::Arrived(vec![part(1, ByteCount(77))]), NOW).unwrap();
    assert_eq!(whole.next.state.name(), StateName::Committing);
}
