//! The bridge to `domain`: turns small rows into real files and assets, asks the real functions, and turns the answers
//! back.
//!
//! The functions are pure, so an answer that was given once is remembered: the search asks millions of times and there
//! are some hundred different questions. *Invariant*: nothing in here decides. A row that cannot be turned back into
//! itself is a panic, not a guess.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::change::{self, Change};
use domain::lifecycle::duty;
use domain::verification::{judge, judge_head};
use domain::{
    CompleteAnswer, Decision, Effect, Event, EventKind, Evidence, GrantTerms, ObjectHead, Part, PartListing, Reason,
    Refusal, Remains, UploadRules, decide,
};

use crate::run::{Answer, Intent};
use crate::sample::{EARLY, LATE, Sample};
use crate::world::{AssetRows, Content, FILES, FileRow, RowState, Spot, Status, UploadSlot};

/// When a decision is taken. Time is the adversary's: any decision may come at either moment, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Before every deadline.
    Early,
    /// After every deadline and every patience.
    Late,
}

/// An event on one file, as small as the model needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// [`Event::Opened`].
    Opened(UploadSlot),
    /// [`Event::Granted`].
    Granted,
    /// [`Event::Frozen`] with what was listed.
    Frozen(Option<Content>),
    /// [`Event::Relisted`] with what was listed.
    Relisted(Option<Content>),
    /// [`Evidence::Right`].
    Right(Content),
    /// [`Evidence::Wrong`].
    Wrong,
    /// [`Evidence::Absent`].
    Absent(Answer),
    /// [`Evidence::AbsentAfterAbort`].
    AbsentAfterAbort,
    /// [`Event::Ended`] because the store does not know the upload.
    Vanished,
    /// [`Event::Destroyed`].
    Destroyed,
    /// [`Event::Rechecked`], nothing was found.
    FoundNothing,
    /// [`Event::Rechecked`], something was.
    FoundSomething,
}

/// What `decide` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The row as it shall be.
    pub next: FileRow,
    /// Whether it has to be written.
    pub writes: bool,
    /// What to do then.
    pub effect: Option<Effect>,
}

/// What a function of `change` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Altered {
    /// What the asset shall show.
    pub status: Status,
    /// How its roles shall point. Files that the reader did not see are not among them.
    pub spots: [Spot; FILES],
    /// Rows that change.
    pub rows: [Option<FileRow>; FILES],
    /// `asset.created` events among those it brings.
    pub created_events: u8,
}

/// The verdict over an object as far as HEAD alone goes, then with its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is what was announced.
    Right,
    /// It is not.
    Wrong,
}

type Decided = HashMap<(FileRow, Ask, Moment), Option<Outcome>>;
type Alterations = HashMap<(AssetRows, Intent, Moment), Option<Altered>>;

/// `domain`, with a memory of its answers.
pub struct Laws {
    sample: Sample,
    decided: RefCell<Decided>,
    altered: RefCell<Alterations>,
}

impl Laws {
    /// The laws for an asset whose second file has the first one's role, or another.
    pub fn new(sample: Sample) -> Self {
        Self { sample, decided: RefCell::default(), altered: RefCell::default() }
    }

    /// Asks `domain::lifecycle::decide`. `None`: it refused. The rows of both files obey the same law.
    pub fn decide(&self, row: FileRow, ask: Ask, moment: Moment) -> Option<Outcome> {
        let question = (row, ask, moment);
        if let Some(answer) = self.decided.borrow().get(&question) {
            return *answer;
        }
        let answer = self.ask(row, ask, moment);
        self.decided.borrow_mut().insert(question, answer);
        answer
    }

    fn ask(&self, row: FileRow, ask: Ask, moment: Moment) -> Option<Outcome> {
        let file = self.sample.file(0, row);
        let now = match moment {
            Moment::Early => EARLY,
            Moment::Late => LATE,
        };
        let Decision { next, effect } = match decide(&file, &self.event(ask, &file), now) {
            Ok(decision) => decision,
            Err(Refusal::OutOfPlace(_) | Refusal::Ended(_) | Refusal::Incomplete(_) | Refusal::DeadlinePassed) => {
                return None;
            }
            Err(Refusal::CredentialsEnding) => unreachable!("the model holds no credentials that could end"),
            Err(Refusal::Unclaimed | Refusal::TooManyParts) => unreachable!("sizes of the model are declared"),
        };
        let writes = next.fence != file.fence;
        assert!(!writes || next.fence == file.fence.next(), "every step raises the fence by one");
        Some(Outcome { next: self.sample.row(&next), writes, effect })
    }

    fn event(&self, ask: Ask, file: &domain::File) -> Event {
        let arbitrated = |evidence| Event::Arbitrated(evidence);
        match ask {
            Ask::Opened(slot) => Event::Opened(self.sample.upload_id(slot)),
            Ask::Granted => {
                let asset_deadline = file.deadline;
                Event::Granted(GrantTerms {
                    parts: 1,
                    rules: UploadRules::default(),
                    asset_deadline,
                    credentials_end: None,
                })
            }
            Ask::Frozen(part) => Event::Frozen { listing: self.listing(part), claimed: None, checksum: None },
            Ask::Relisted(part) => Event::Relisted(self.listing(part)),
            Ask::Right(content) => {
                let (head, first) = (self.sample.head(content), self.sample.first_bytes(content));
                let object = judge(file, &head, None, first).expect("the finisher saw that it passes");
                arbitrated(Evidence::Right(object))
            }
            Ask::Wrong => arbitrated(Evidence::Wrong(Reason::ContentMismatch(None))),
            Ask::Absent(answer) => arbitrated(Evidence::Absent(match answer {
                Answer::NotCalled => CompleteAnswer::NotCalled,
                Answer::Unknown => CompleteAnswer::Unknown,
                Answer::InvalidPart => CompleteAnswer::InvalidPart,
                Answer::NoSuchUpload => CompleteAnswer::NoSuchUpload,
                Answer::Refused => CompleteAnswer::Refused(Reason::RefusedByStore),
            })),
            Ask::AbsentAfterAbort => arbitrated(Evidence::AbsentAfterAbort(Reason::PartsChanged)),
            Ask::Vanished => Event::Ended(Reason::UploadVanished),
            Ask::Destroyed => Event::Destroyed,
            Ask::FoundNothing => Event::Rechecked(Remains::Nothing),
            Ask::FoundSomething => Event::Rechecked(Remains::Something),
        }
    }

    fn listing(&self, part: Option<Content>) -> PartListing {
        part.into_iter().map(|content| self.sample.part(content)).collect::<Vec<Part>>()
    }

    /// Asks `domain::verification::judge_head`, as the finisher does before it reads a byte.
    pub fn judge_head(&self, row: FileRow, object: Content, committed: Option<Content>) -> Verdict {
        let head = self.sample.head(object);
        let committed = committed.map(|content| self.sample.head(content).etag);
        verdict(judge_head(&self.sample.file(0, row), &head, committed.as_ref()))
    }

    /// Asks `domain::verification::judge`, once the first bytes are read.
    pub fn judge(&self, row: FileRow, object: Content, committed: Option<Content>) -> Verdict {
        let head: ObjectHead = self.sample.head(object);
        let committed = committed.map(|content| self.sample.head(content).etag);
        let first = self.sample.first_bytes(object);
        verdict(judge(&self.sample.file(0, row), &head, committed.as_ref(), first).map(drop))
    }

    /// Asks one of the functions of `domain::change`. `None`: it refused.
    pub fn alter(&self, asset: AssetRows, intent: Intent, moment: Moment) -> Option<Altered> {
        let question = (asset, intent, moment);
        if let Some(answer) = self.altered.borrow().get(&question) {
            return *answer;
        }
        let answer = self.ask_change(asset, intent, moment);
        self.altered.borrow_mut().insert(question, answer);
        answer
    }

    fn ask_change(&self, rows: AssetRows, intent: Intent, moment: Moment) -> Option<Altered> {
        let asset = self.sample.asset(&rows);
        let now = match moment {
            Moment::Early => EARLY,
            Moment::Late => LATE,
        };
        let change: Change = match intent {
            Intent::Publish => change::publish(&asset, now),
            Intent::Expire => change::expire(&asset, now, now),
            Intent::Delete => change::delete(&asset, now),
            Intent::Announce if rows.rows[1].state == RowState::Absent => {
                change::announce(&asset, self.sample.file(1, FileRow::new(RowState::Reserved)))
            }
            Intent::Announce => return None,
            Intent::Withdraw => change::withdraw(&asset, self.sample.role(1), now),
        }
        .ok()?;
        assert_eq!(change.from_revision, asset.revision);
        let created = |kind: &EventKind| matches!(kind, EventKind::AssetCreated);
        let mut altered = Altered {
            status: self.sample.status(&change.asset),
            spots: self.sample.spots(&change.asset),
            rows: [None; FILES],
            created_events: u8::try_from(change.events.iter().filter(|event| created(&event.kind)).count())
                .expect("a change brings few events"),
        };
        for (from, file) in &change.files {
            assert_eq!(file.fence, from.next(), "a write raises the fence by one");
            altered.rows[self.sample.number(file)] = Some(self.sample.row(file));
        }
        if let Some(file) = &change.announced {
            altered.rows[self.sample.number(file)] = Some(self.sample.row(file));
        }
        Some(altered)
    }

    /// Asks `domain::lifecycle::duty` what the jobs owe a file long after.
    pub fn duty(&self, row: FileRow) -> Option<Effect> {
        match row.state {
            RowState::Absent | RowState::Purged => None,
            _ => duty(&self.sample.file(0, row), LATE),
        }
    }
}

fn verdict(judged: Result<(), Reason>) -> Verdict {
    match judged {
        Ok(()) => Verdict::Right,
        Err(_) => Verdict::Wrong,
    }
}
