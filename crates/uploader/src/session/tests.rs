//! A session against a simulated server: any order of failures, on a clock that the test turns.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU16, NonZeroUsize};

use domain::{AssetId, ByteCount, PartNumber, PartPlan, RoleName, TimeSpan, Timestamp};
use proptest::prelude::*;
use wire::{AssetBody, ErrorCode, FileBody, MissingParts, PartBody, PartUrlBody, Problem, UploadBody};

use super::{Action, Backoff, Event, Opening, Outcome, PartFailure, Rules, Session};
use crate::client::ApiError;

const MIB: u64 = 1 << 20;
const URL_LIFE: TimeSpan = TimeSpan::from_mins(10);
/// More than any upload here needs; who comes here is going in circles.
const MOST_STEPS: usize = 20_000;

fn rules(parallel: usize) -> Rules {
    Rules {
        parallel: NonZeroUsize::new(parallel).unwrap(),
        batch: NonZeroU16::new(3).unwrap(),
        patience: TimeSpan::from_mins(20),
        backoff: Backoff { first: TimeSpan::from_millis(500), cap: TimeSpan::from_secs(30) },
        ..Rules::default()
    }
}

/// What becomes of an action. Drawn at random while faults last; afterwards everything works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    /// It works, but the answer is lost.
    AnswerLost,
    Unreachable,
    Busy,
    /// A part: 403. A call: as `Busy`.
    Refused,
    /// A part: acknowledged and lost. `complete`: 202. A call: as `Works`.
    Odd,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    use Fate::{AnswerLost, Busy, Odd, Refused, Unreachable, Works};
    let fate = prop_oneof![
        4 => Just(Works), 1 => Just(AnswerLost), 2 => Just(Unreachable), 1 => Just(Busy), 1 => Just(Refused), 1 => Just(Odd)
    ];
    prop::collection::vec(fate, 0..120)
}

fn problem(code: ErrorCode) -> Problem {
    Problem {
        kind: String::new(),
        title: String::new(),
        status: code.status(),
        detail: code.as_str().to_owned(),
        instance: String::new(),
        code,
        message: String::new(),
        request_id: String::new(),
        uppy_request_id: None,
        retryable: code.is_retryable(),
        field: None,
        errors: Vec::new(),
        missing: None,
        wrong: None,
        role: None,
        reason: None,
        found: None,
    }
}

fn answered(code: ErrorCode) -> ApiError {
    ApiError::Problem { problem: Box::new(problem(code)), retry_after: None }
}

fn unreachable() -> ApiError {
    ApiError::Unreachable { detail: "no route".to_owned() }
}

/// A server, its store, and everything under way between them and the session.
struct World {
    now: Timestamp,
    plans: BTreeMap<RoleName, PartPlan>,
    stored: BTreeMap<RoleName, BTreeSet<PartNumber>>,
    /// What the session has been told has arrived.
    acknowledged: BTreeSet<(RoleName, PartNumber)>,
    in_flight: BTreeSet<(RoleName, PartNumber)>,
    under_way: Vec<Action>,
    is_created: bool,
    looks: u32,
    fates: Vec<Fate>,
    fate_forever: Option<Fate>,
    /// What becomes of every part, whatever becomes of calls.
    fate_of_parts: Option<Fate>,
    puts: usize,
    completions: usize,
    random: u64,
    rules: Rules,
}

impl World {
    fn new(sizes: &[u64], rules: Rules, fates: Vec<Fate>, random: u64) -> Self {
        let role = |index: usize| RoleName::parse(&format!("role{index}")).unwrap();
        let plan = |size: &u64| PartPlan::with_preferred(ByteCount(*size), ByteCount(5 * MIB)).unwrap();
        let plans: BTreeMap<_, _> = sizes.iter().enumerate().map(|(index, size)| (role(index), plan(size))).collect();
        let stored = plans.keys().map(|role| (role.clone(), BTreeSet::new())).collect();
        Self {
            now: Timestamp::UNIX_EPOCH,
            plans,
            stored,
            acknowledged: BTreeSet::new(),
            in_flight: BTreeSet::new(),
            under_way: Vec::new(),
            is_created: false,
            looks: 0,
            fates,
            fate_forever: None,
            fate_of_parts: None,
            puts: 0,
            completions: 0,
            random,
            rules,
        }
    }

    fn session(&self, opening: Opening) -> Session {
        let sizes = self.plans.iter().map(|(role, plan)| (role.clone(), plan.size().get())).collect();
        Session::new(sizes, opening, self.rules)
    }

    /// Numbers without a pattern, the same in every run of a case.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random ^ (self.random >> 33)
    }

    fn fate(&mut self) -> Fate {
        self.fates.pop().or(self.fate_forever).unwrap_or(Fate::Works)
    }

    /// Runs to the end and gives the outcome.
    fn run(&mut self, session: &mut Session) -> Outcome {
        for role in self.plans.keys() {
            session.on_event(Event::Summed(role.clone(), "sum".to_owned()), self.now, 0);
        }
        for _ in 0..MOST_STEPS {
            match session.next_action(self.now) {
                Action::Finish(outcome) => {
                    assert_eq!(session.next_action(self.now), Action::Finish(outcome.clone()), "an end is an end");
                    return *outcome;
                }
                Action::Wait(until) => self.pass(session, until),
                action => self.take_on(action),
            }
        }
        panic!("{MOST_STEPS} steps and no end");
    }

    /// Something under way ends, or time passes.
    fn pass(&mut self, session: &mut Session, until: Option<Timestamp>) {
        let draw = self.draw();
        let is_time_first = until.is_some() && (self.under_way.is_empty() || draw.is_multiple_of(4));
        if is_time_first {
            let until = until.unwrap();
            assert!(until > self.now, "waiting for a time that has come");
            self.now = until;
            return;
        }
        assert!(!self.under_way.is_empty(), "waiting for nothing");
        let action = self.under_way.swap_remove((draw >> 8) as usize % self.under_way.len());
        self.now = self.now.saturating_add(TimeSpan::from_millis((draw >> 32) as i64 % 3_000)).unwrap();
        let fate = self.fate();
        let jitter = self.draw();
        let event = self.perform(action, fate);
        session.on_event(event, self.now, jitter);
    }

    /// Checks what the session wants against its promises.
    fn take_on(&mut self, action: Action) {
        match &action {
            Action::SendPart(ticket) => {
                let part = (ticket.role.clone(), ticket.number);
                let plan = self.plans[&ticket.role];
                assert_eq!(Some(ticket.offset), plan.offset_of(ticket.number));
                assert_eq!(Some(ByteCount(ticket.length)), plan.length_of(ticket.number));
                assert!(!self.acknowledged.contains(&part), "a part that has arrived is sent again");
                assert!(self.in_flight.insert(part), "a part is sent twice at once");
                assert!(self.in_flight.len() <= self.rules.parallel.get(), "too many in flight");
                let expires_at: Timestamp = ticket.url.parse().unwrap();
                assert!(self.now < expires_at, "a URL is used that has expired");
            }
            Action::SignParts(role, numbers) => {
                assert!(!numbers.is_empty() && numbers.len() <= usize::from(self.rules.batch.get()));
                for number in numbers {
                    let part = (role.clone(), *number);
                    assert!(!self.acknowledged.contains(&part), "a URL is asked for a part that has arrived");
                    assert!(!self.in_flight.contains(&part), "a URL is asked for a part in flight");
                }
                let signing = |action: &&Action| matches!(action, Action::SignParts(other, _) if other == role);
                assert_eq!(self.under_way.iter().filter(signing).count(), 0, "one signing of a role at a time");
            }
            Action::Complete(checksums) => {
                self.completions += 1;
                assert_eq!(checksums.len(), self.plans.len());
                let parts: usize = self.plans.values().map(|plan| usize::from(plan.part_count())).sum();
                assert_eq!(self.acknowledged.len(), parts, "completing before every part has arrived");
                assert!(
                    self.in_flight.is_empty() && self.under_way.is_empty(),
                    "completing while something is under way"
                );
            }
            Action::Create | Action::Show | Action::ListParts(_) | Action::Poll => {}
            Action::Wait(_) | Action::Finish(_) => unreachable!("run() handles these"),
        }
        self.under_way.push(action);
    }

    fn perform(&mut self, action: Action, fate: Fate) -> Event {
        match action {
            Action::SendPart(ticket) => {
                let part = (ticket.role, ticket.number);
                self.in_flight.remove(&part);
                self.puts += 1;
                let answer = self.put(&part, self.fate_of_parts.unwrap_or(fate));
                Event::PartEnded(part.0, part.1, answer)
            }
            Action::Create | Action::Show => Event::Opened(call(fate).map(|()| Box::new(self.asset()))),
            Action::ListParts(role) => {
                let answer = call(fate).map(|()| self.list(&role));
                Event::Listed(role, answer)
            }
            Action::SignParts(role, numbers) => {
                let answer = call(fate).map(|()| self.sign(&role, &numbers));
                Event::Signed(role, answer)
            }
            Action::Complete(_) => Event::Completed(self.complete(fate)),
            Action::Poll => {
                let answer = call(fate).map(|()| {
                    self.looks += 1;
                    self.is_created |= self.looks > 2;
                    Box::new(self.asset())
                });
                Event::Polled(answer)
            }
            Action::Wait(_) | Action::Finish(_) => unreachable!("these are not under way"),
        }
    }

    fn put(&mut self, part: &(RoleName, PartNumber), fate: Fate) -> Result<(), PartFailure> {
        let weather = |detail: &str| PartFailure::Weather { detail: detail.to_owned(), retry_after: None };
        if matches!(fate, Fate::Works | Fate::AnswerLost) {
            self.stored.get_mut(&part.0).unwrap().insert(part.1);
        }
        match fate {
            Fate::Works | Fate::Odd => {
                self.acknowledged.insert(part.clone());
                Ok(())
            }
            Fate::AnswerLost | Fate::Unreachable => Err(weather("reset")),
            Fate::Busy => {
                let retry_after = Some(TimeSpan::from_secs(3));
                Err(PartFailure::Weather { detail: "503".to_owned(), retry_after })
            }
            Fate::Refused => Err(PartFailure::Refused { detail: "403".to_owned() }),
        }
    }

    fn complete(&mut self, fate: Fate) -> Result<Box<AssetBody>, ApiError> {
        if matches!(fate, Fate::Unreachable | Fate::Busy | Fate::Refused) {
            return call(fate).map(|()| Box::new(self.asset()));
        }
        let mut missing = Vec::new();
        for (role, plan) in &self.plans {
            let numbers: Vec<_> = plan.numbers().filter(|number| !self.stored[role].contains(number)).collect();
            if !numbers.is_empty() {
                let named = numbers.iter().map(|number| number.get()).collect();
                missing.push(MissingParts { role: role.to_string(), numbers: named });
                for number in numbers {
                    self.acknowledged.remove(&(role.clone(), number));
                }
            }
        }
        if !missing.is_empty() {
            let problem = Problem { missing: Some(missing), ..problem(ErrorCode::UploadIncomplete) };
            return Err(ApiError::Problem { problem: Box::new(problem), retry_after: None });
        }
        self.is_created = fate != Fate::Odd;
        call(fate).map(|()| Box::new(self.asset()))
    }

    fn asset(&self) -> AssetBody {
        let file = |plan: &PartPlan| FileBody {
            file_name: "f".to_owned(),
            content_type: "video/mp4".to_owned(),
            size: Some(plan.size().get()),
            visibility: "private".to_owned(),
            checksum: None,
            verified: Vec::new(),
            url: None,
            upload: Some(UploadBody {
                part_size: plan.part_size().get(),
                part_count: plan.part_count(),
                size_limit: None,
                parts: Vec::new(),
            }),
            rejected: None,
            replacement: None,
        };
        AssetBody {
            id: AssetId::new(Timestamp::UNIX_EPOCH, &[7; 10]).to_string(),
            collection: "videos".to_owned(),
            owner: "42".to_owned(),
            status: if self.is_created { "CREATED" } else { "UPLOADING" }.to_owned(),
            title: String::new(),
            description: String::new(),
            metadata: serde_json::Map::new(),
            fingerprint: None,
            created_at: Timestamp::UNIX_EPOCH,
            published_at: None,
            expires_at: None,
            files: self.plans.iter().map(|(role, plan)| (role.to_string(), file(plan))).collect(),
        }
    }

    fn list(&mut self, role: &RoleName) -> Vec<PartBody> {
        let plan = self.plans[role];
        let part = |number: &PartNumber| PartBody {
            number: number.get(),
            size: plan.length_of(*number).unwrap().get(),
            etag: "e".to_owned(),
        };
        self.acknowledged.extend(self.stored[role].iter().map(|number| (role.clone(), *number)));
        self.stored[role].iter().map(part).collect()
    }

    /// The URL is its own expiry, so that its use can be checked.
    fn sign(&self, role: &RoleName, numbers: &[PartNumber]) -> Vec<PartUrlBody> {
        let expires_at = self.now + URL_LIFE;
        let url = |number: &PartNumber| PartUrlBody {
            number: number.get(),
            size: self.plans[role].length_of(*number).map(ByteCount::get),
            url: expires_at.to_string(),
            headers: BTreeMap::new(),
            expires_at,
        };
        numbers.iter().map(url).collect()
    }
}

fn call(fate: Fate) -> Result<(), ApiError> {
    match fate {
        Fate::Works | Fate::Odd => Ok(()),
        Fate::AnswerLost | Fate::Unreachable => Err(unreachable()),
        Fate::Busy | Fate::Refused => Err(answered(ErrorCode::StoreUnavailable)),
    }
}

fn sizes() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1..60 * MIB, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_failures_end_with_everything_stored_or_within_the_budget(
        sizes in sizes(), parallel in 1usize..6, fates in fates(), random: u64, resumes: bool,
    ) {
        let mut world = World::new(&sizes, rules(parallel), fates, random);
        let opening = if resumes { Opening::Resume } else { Opening::Create };
        let mut session = world.session(opening);
        match world.run(&mut session) {
            Outcome::Published(_) => {
                for (role, plan) in &world.plans {
                    prop_assert_eq!(world.stored[role].len(), usize::from(plan.part_count()));
                }
                prop_assert_eq!(session.arrived_bytes(), session.total_bytes());
            }
            // The budgets that random faults can spend.
            Outcome::PartRefused { .. } | Outcome::BeyondRepair { .. } | Outcome::OutOfPatience { .. } => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn passing_faults_always_end_in_publication(
        sizes in sizes(), parallel in 1usize..6, fates in fates(), random: u64,
    ) {
        // No budget but patience, which these faults do not spend.
        let bounds = Rules { max_refusals: u8::MAX, max_repairs: u8::MAX, patience: TimeSpan::from_hours(24), ..rules(parallel) };
        let mut world = World::new(&sizes, bounds, fates, random);
        let mut session = world.session(Opening::Create);
        let outcome = world.run(&mut session);
        prop_assert!(matches!(outcome, Outcome::Published(_)), "{outcome:?}");
    }

    #[test]
    fn lasting_faults_end_in_time(
        sizes in sizes(), parallel in 1usize..6, fates in fates(), random: u64, which in 0usize..3,
    ) {
        let mut world = World::new(&sizes, rules(parallel), fates, random);
        world.fate_forever = Some([Fate::Unreachable, Fate::Busy, Fate::Refused][which]);
        let mut session = world.session(Opening::Create);
        let outcome = world.run(&mut session);
        let lasted = world.now.duration_since(Timestamp::UNIX_EPOCH);
        prop_assert!(lasted < TimeSpan::from_hours(2), "{lasted}: {outcome:?}");
        prop_assert!(!matches!(outcome, Outcome::Published(_)) || world.is_created);
    }

    #[test]
    fn what_has_arrived_before_is_not_sent_again(sizes in sizes(), parallel in 1usize..6, keep: u64, random: u64) {
        let mut world = World::new(&sizes, rules(parallel), Vec::new(), random);
        for (role, plan) in world.plans.clone() {
            let kept = plan.numbers().filter(|number| keep >> (number.get() % 64) & 1 == 1);
            world.stored.insert(role, kept.collect());
        }
        let before: usize = world.stored.values().map(BTreeSet::len).sum();
        let mut session = world.session(Opening::Resume);
        // `take_on` fails the test if a part that was listed is signed or sent.
        let outcome = world.run(&mut session);
        prop_assert!(matches!(outcome, Outcome::Published(_)));
        prop_assert_eq!(world.acknowledged.len(), world.plans.values().map(|plan| usize::from(plan.part_count())).sum::<usize>());
        prop_assert!(before <= world.acknowledged.len());
    }
}

#[test]
fn a_lost_network_is_felt_out_by_one_part() {
    let mut world = World::new(&[50 * MIB], rules(4), Vec::new(), 1);
    let mut session = world.session(Opening::Create);
    session.on_event(Event::Summed(RoleName::parse("role0").unwrap(), "s".to_owned()), world.now, 0);
    // Open, list and sign, until four parts are in flight.
    loop {
        match session.next_action(world.now) {
            Action::Wait(_) if world.in_flight.len() == 4 => break,
            Action::Wait(until) => {
                if let Some(at) = world.under_way.iter().position(|action| !matches!(action, Action::SendPart(_))) {
                    let action = world.under_way.swap_remove(at);
                    let event = world.perform(action, Fate::Works);
                    session.on_event(event, world.now, 0);
                } else {
                    world.now = until.unwrap();
                }
            }
            action => world.take_on(action),
        }
    }
    let is_part = |action: &mut Action| matches!(action, Action::SendPart(_));
    let parts: Vec<_> = world.under_way.extract_if(.., is_part).collect();
    for part in parts {
        let event = world.perform(part, Fate::Unreachable);
        session.on_event(event, world.now, u64::MAX);
    }
    assert_eq!(session.trouble().unwrap().failures, 4);
    let mut probes = 0;
    for _ in 0..20 {
        match session.next_action(world.now) {
            Action::Wait(Some(until)) => world.now = until,
            Action::Wait(None) => break,
            Action::SendPart(ticket) => {
                probes += 1;
                world.take_on(Action::SendPart(ticket));
            }
            other => world.take_on(other),
        }
    }
    assert_eq!(probes, 1, "until it works again, one part is enough to find out");
}

#[test]
fn a_part_that_is_always_refused_spends_its_budget_and_no_more() {
    let mut world = World::new(&[MIB], rules(2), Vec::new(), 1);
    world.fate_of_parts = Some(Fate::Refused);
    let mut session = world.session(Opening::Create);
    let outcome = world.run(&mut session);
    assert!(matches!(outcome, Outcome::PartRefused { number, .. } if number.get() == 1), "{outcome:?}");
    assert_eq!(world.puts, usize::from(world.rules.max_refusals));
}

#[test]
fn parts_that_are_always_lost_spend_their_budget_and_no_more() {
    let mut world = World::new(&[12 * MIB], rules(2), Vec::new(), 1);
    world.fate_of_parts = Some(Fate::Odd);
    let mut session = world.session(Opening::Create);
    let outcome = world.run(&mut session);
    assert!(matches!(outcome, Outcome::BeyondRepair { .. }), "{outcome:?}");
    assert_eq!(world.completions, usize::from(world.rules.max_repairs) + 1);
}

fn outcome_after(opening: Opening, events: impl IntoIterator<Item = Event>) -> Outcome {
    let world = World::new(&[MIB], rules(2), Vec::new(), 1);
    let mut session = world.session(opening);
    for event in events {
        let _ = session.next_action(world.now);
        session.on_event(event, world.now, 0);
    }
    match session.next_action(world.now) {
        Action::Finish(outcome) => *outcome,
        other => panic!("no end but {other:?}"),
    }
}

#[test]
fn final_answers_are_told_apart() {
    let failed = |code| Event::Opened(Err(answered(code)));
    let create = |code| outcome_after(Opening::Create, [failed(code)]);
    let resume = |code| outcome_after(Opening::Resume, [failed(code)]);
    assert!(matches!(create(ErrorCode::NotFound), Outcome::Refused(_)), "no such collection");
    assert!(matches!(resume(ErrorCode::NotFound), Outcome::Unknown(_)), "perhaps another owner's");
    assert!(matches!(resume(ErrorCode::Gone), Outcome::Gone(_)));
    assert!(matches!(create(ErrorCode::Unauthorized), Outcome::Refused(_)));
    let rejected = Problem { reason: Some("content_mismatch".to_owned()), ..problem(ErrorCode::UploadRejected) };
    let rejected = ApiError::Problem { problem: Box::new(rejected), retry_after: None };
    let outcome = outcome_after(Opening::Resume, [Event::Opened(Err(rejected))]);
    assert!(matches!(outcome, Outcome::Rejected { reason, .. } if reason == "content_mismatch"));
}

#[test]
fn a_file_closed_while_signing_can_be_repaired() {
    let world = World::new(&[MIB], rules(2), Vec::new(), 1);
    let mut session = world.session(Opening::Create);
    let (role, _) = world.plans.first_key_value().unwrap();
    session.on_event(Event::Summed(role.clone(), "sum".to_owned()), world.now, 0);
    let mut step = |action: fn(&Action) -> bool, event| {
        let next = session.next_action(world.now);
        assert!(action(&next), "{next:?}");
        session.on_event(event, world.now, 0);
    };
    step(|action| *action == Action::Create, Event::Opened(Ok(Box::new(world.asset()))));
    step(|action| matches!(action, Action::ListParts(_)), Event::Listed(role.clone(), Ok(Vec::new())));
    let signing = |action: &Action| matches!(action, Action::SignParts(..));
    step(signing, Event::Signed(role.clone(), Err(answered(ErrorCode::UploadClosed))));
    let missing = Some(vec![MissingParts { role: role.to_string(), numbers: vec![1] }]);
    let incomplete = Problem { missing, ..problem(ErrorCode::UploadIncomplete) };
    let incomplete = ApiError::Problem { problem: Box::new(incomplete), retry_after: None };
    step(|action| matches!(action, Action::Complete(_)), Event::Completed(Err(incomplete)));
    assert!(signing(&session.next_action(world.now)), "the missing part is signed again");
}

#[test]
fn a_server_that_contradicts_the_file_is_refused() {
    let world = World::new(&[MIB], rules(2), Vec::new(), 1);
    let with = |change: fn(&mut AssetBody)| {
        let mut asset = world.asset();
        change(&mut asset);
        outcome_after(Opening::Create, [Event::Opened(Ok(Box::new(asset)))])
    };
    let outcomes = [
        with(|asset| asset.id = "nonsense".to_owned()),
        with(|asset| asset.files.clear()),
        with(|asset| asset.files.get_mut("role0").unwrap().size = Some(1)),
        with(|asset| asset.files.get_mut("role0").unwrap().upload.as_mut().unwrap().part_count = 2),
        with(|asset| asset.files.get_mut("role0").unwrap().upload.as_mut().unwrap().part_size = 0),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Outcome::Contradiction { .. }), "{outcome:?}");
    }
}
