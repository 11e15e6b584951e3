//! T5 and T6: `app::commit`. Complete, HEAD, first bytes, verdict; an Abort and a new list where they are due.

use domain::Effect;

use super::{Nature, Turn, named};
use crate::ablation::Ablation;
use crate::catalog::Behalf;
use crate::laws::{Ask, Moment, Outcome, Verdict};
use crate::run::{Answer, Commit, CommitAt, Held, Run, Seen};
use crate::store::Completing;
use crate::world::{Content, FileRow, RowState, World, Zombie};

/// Requests begin with Complete, drive-commits begins with HEAD; whoever drives may be at any file first.
pub(super) fn begin(turn: &mut Turn<'_>) {
    for file in turn.world.asset.pending() {
        let row = turn.world.asset.rows[file];
        if !matches!(row.state, RowState::Committing { .. }) {
            continue;
        }
        let file = u8::try_from(file).unwrap_or_default();
        let by_job = Run::Commit(start(file, row));
        let by_request = Run::Commit(Commit { at: CommitAt::Complete, ..start(file, row) });
        turn.moved(Nature::Choice, by_request, |turn| format!("{}: goes on to commit {}", turn.who(), named(file)));
        turn.moved(Nature::Choice, by_job, |turn| format!("{}: drives on {}", turn.who(), named(file)));
    }
}

/// What drive-commits begins with.
pub fn start(file: u8, row: FileRow) -> Commit {
    let held = Held { row, fresh: true };
    Commit { file, held, answer: Answer::NotCalled, committed: None, aborted: false, at: CommitAt::Head }
}

/// One call further.
pub(super) fn go_on(turn: &mut Turn<'_>, commit: Commit) {
    match commit.at {
        CommitAt::Complete => complete(turn, commit),
        CommitAt::Head => head(turn, commit),
        CommitAt::Read(object) => read(turn, commit, object),
        CommitAt::Judge(seen) => judge(turn, commit, seen),
        CommitAt::List => list(turn, commit),
        CommitAt::Relist(part) => relist(turn, commit, part),
        CommitAt::Abort => abort(turn, commit),
    }
}

fn complete(turn: &mut Turn<'_>, commit: Commit) {
    let RowState::Committing { part, .. } = commit.held.row.state else { return };
    let Some(slot) = commit.held.row.upload else { return };
    let file = commit.file;
    let mut done = *turn.world;
    let outcome = done.shelves[usize::from(file)].complete(slot, part);
    let unknown = answered(turn, commit, Answer::Unknown, None);
    match outcome {
        Completing::Done => {
            done.runs[turn.slot] = answered(turn, commit, Answer::Unknown, Some(part));
            turn.acted(Nature::Fair, done, |turn| format!("{}: Complete of {}: 200", turn.who(), named(file)));
            done.runs[turn.slot] = unknown;
            turn.acted(Nature::Fault, done, |turn| {
                format!("{}: Complete of {} takes effect, its answer is lost", turn.who(), named(file))
            });
            if !part.is_right() {
                let refused = answered(turn, commit, Answer::Refused, None);
                turn.moved(Nature::Choice, refused, |turn| {
                    format!("{}: Complete of {}: refused", turn.who(), named(file))
                });
            }
        }
        Completing::InvalidPart => {
            let run = answered(turn, commit, Answer::InvalidPart, None);
            turn.moved(Nature::Fair, run, |turn| format!("{}: Complete of {}: InvalidPart", turn.who(), named(file)));
        }
        Completing::Again(before) => {
            let vanished = answered(turn, commit, Answer::NoSuchUpload, None);
            let again = answered(turn, commit, Answer::Unknown, Some(before));
            turn.moved(Nature::Fair, again, |turn| format!("{}: second Complete of {}: 200", turn.who(), named(file)));
            turn.moved(Nature::Choice, vanished, |turn| {
                format!("{}: second Complete of {}: NoSuchUpload", turn.who(), named(file))
            });
        }
        Completing::NoSuchUpload => {
            let run = answered(turn, commit, Answer::NoSuchUpload, None);
            turn.moved(Nature::Fair, run, |turn| format!("{}: Complete of {}: NoSuchUpload", turn.who(), named(file)));
        }
    }
    // 403, 5xx, a timeout, a 200 with an error in its body: it did not happen.
    let failed = if turn.setting.lacks(Ablation::CompleteTrusted) {
        Run::Commit(Commit { at: CommitAt::Judge(Seen::Right(part)), ..commit })
    } else {
        unknown
    };
    turn.moved(Nature::Fault, failed, |turn| {
        format!("{}: Complete of {}: 200, and an error in its body", turn.who(), named(file))
    });
    if matches!(outcome, Completing::Done | Completing::InvalidPart) {
        turn.lose(Zombie::Complete(file, slot, part), unknown);
    }
}

/// Where a commit goes on once Complete has answered.
fn answered(turn: &Turn<'_>, commit: Commit, answer: Answer, committed: Option<Content>) -> Run {
    let at = match (answer, committed) {
        (Answer::Unknown, Some(part)) if turn.setting.lacks(Ablation::CompleteTrusted) => {
            CommitAt::Judge(Seen::Right(part))
        }
        (Answer::NoSuchUpload, _) if turn.setting.lacks(Ablation::VanishedTrusted) => CommitAt::Judge(Seen::Absent),
        _ => CommitAt::Head,
    };
    Run::Commit(Commit { answer, committed, at, ..commit })
}

fn head(turn: &mut Turn<'_>, commit: Commit) {
    let file = commit.file;
    let at = match turn.world.shelves[usize::from(file)].object {
        None => CommitAt::Judge(Seen::Absent),
        Some(object) => match turn.setting.laws.judge_head(commit.held.row, object, commit.committed) {
            Verdict::Right => CommitAt::Read(object),
            Verdict::Wrong => CommitAt::Judge(Seen::Wrong),
        },
    };
    let status = if at == CommitAt::Judge(Seen::Absent) { "404" } else { "200" };
    let run = Run::Commit(Commit { at, ..commit });
    turn.moved(Nature::Fair, run, |turn| format!("{}: HEAD of {}: {status}", turn.who(), named(file)));
}

fn read(turn: &mut Turn<'_>, commit: Commit, object: Content) {
    let file = commit.file;
    let seen = if turn.world.shelves[usize::from(file)].object == Some(object) {
        match turn.setting.laws.judge(commit.held.row, object, commit.committed) {
            Verdict::Right => Seen::Right(object),
            Verdict::Wrong => Seen::Wrong,
        }
    } else {
        Seen::Lost
    };
    let run = Run::Commit(Commit { at: CommitAt::Judge(seen), ..commit });
    turn.moved(Nature::Fair, run, |turn| format!("{}: reads the first bytes of {}", turn.who(), named(file)));
}

fn judge(turn: &mut Turn<'_>, commit: Commit, seen: Seen) {
    let laws = turn.setting.laws;
    let row = commit.held.row;
    let ask = match seen {
        Seen::Right(object) if turn.setting.lacks(Ablation::CompleteTrusted) && !object.is_right() => Ask::Wrong,
        Seen::Right(object) => Ask::Right(object),
        Seen::Wrong => Ask::Wrong,
        Seen::Lost => Ask::Absent(Answer::Unknown),
        Seen::Absent if commit.aborted => Ask::AbsentAfterAbort,
        Seen::Absent if commit.answer == Answer::NoSuchUpload && turn.setting.lacks(Ablation::VanishedTrusted) => {
            Ask::Vanished
        }
        Seen::Absent => Ask::Absent(commit.answer),
    };
    let late = laws.decide(row, ask, Moment::Late);
    let early = laws.decide(row, ask, Moment::Early);
    take(turn, commit, late, Nature::Fair);
    if early != late {
        take(turn, commit, early, Nature::Choice);
    }
}

/// Writes a verdict and goes where it leads.
fn take(turn: &mut Turn<'_>, commit: Commit, outcome: Option<Outcome>, nature: Nature) {
    let file = commit.file;
    let Some(outcome) = outcome else {
        turn.moved(nature, Run::Idle, |turn| format!("{}: has nothing to decide about {}", turn.who(), named(file)));
        return;
    };
    let blind = turn.setting.lacks(Ablation::VerifiedWithoutCas) && matches!(outcome.next.state, RowState::Verified(_));
    if outcome.writes && !commit.held.fresh && !blind {
        let run = reloaded(turn.world, commit);
        turn.moved(nature, run, |turn| format!("{}: finds that {} has moved", turn.who(), named(file)));
        return;
    }
    if !outcome.writes {
        let run = follow(commit, outcome.effect);
        turn.moved(nature, run, |turn| {
            format!("{}: decides about {}: {}", turn.who(), named(file), effect_told(outcome.effect))
        });
        return;
    }
    let mut world = turn.world_with(Run::Idle);
    let broken = world.write_row(usize::from(file), outcome.next, Behalf::Protocol);
    let held = Held { row: outcome.next, fresh: true };
    world.runs[turn.slot] = follow(Commit { held, ..commit }, outcome.effect);
    turn.add(nature, world, broken, |turn| {
        format!("{}: writes {} {}", turn.who(), named(file), state_told(outcome.next.state))
    });
}

/// A lost race: load again, and go on if the file is still being committed.
fn reloaded(world: &World, commit: Commit) -> Run {
    let row = world.asset.rows[usize::from(commit.file)];
    if matches!(row.state, RowState::Committing { .. }) {
        Run::Commit(Commit { held: Held { row, fresh: true }, at: CommitAt::Head, ..commit })
    } else {
        Run::Idle
    }
}

/// Where a decision leads. A rejected file is destroyed by the same call in the server; here a job runner does it.
fn follow(commit: Commit, effect: Option<Effect>) -> Run {
    match effect {
        Some(Effect::Complete) => {
            Run::Commit(Commit { answer: Answer::NotCalled, committed: None, at: CommitAt::Complete, ..commit })
        }
        Some(Effect::Relist) => Run::Commit(Commit { at: CommitAt::List, ..commit }),
        Some(Effect::AbortThenHead(_)) => Run::Commit(Commit { at: CommitAt::Abort, ..commit }),
        Some(
            Effect::LookAgain
            | Effect::Destroy
            | Effect::TryPublish
            | Effect::Sign { .. }
            | Effect::Weigh
            | Effect::LookForPart
            | Effect::CloseStrays
            | Effect::Recheck
            | Effect::Purge,
        )
        | None => Run::Idle,
    }
}

fn list(turn: &mut Turn<'_>, commit: Commit) {
    let file = commit.file;
    let Some(slot) = commit.held.row.upload else { return };
    let Some(part) = turn.world.shelves[usize::from(file)].list_parts(slot) else {
        let run = Run::Commit(Commit { answer: Answer::NoSuchUpload, at: CommitAt::Head, ..commit });
        turn.moved(Nature::Fair, run, |turn| format!("{}: lists {}: no such upload", turn.who(), named(file)));
        return;
    };
    let commit = Commit { answer: Answer::NotCalled, ..commit };
    let outcome = turn.setting.laws.decide(commit.held.row, Ask::Relisted(part), Moment::Early);
    let run = match outcome {
        None => Run::Commit(Commit { at: CommitAt::Head, ..commit }),
        Some(Outcome { effect: Some(Effect::AbortThenHead(_)), .. }) => {
            Run::Commit(Commit { at: CommitAt::Abort, ..commit })
        }
        Some(_) => Run::Commit(Commit { at: CommitAt::Relist(part), ..commit }),
    };
    turn.moved(Nature::Fair, run, |turn| format!("{}: lists {} again: {part:?}", turn.who(), named(file)));
}

fn relist(turn: &mut Turn<'_>, commit: Commit, part: Option<Content>) {
    let file = commit.file;
    let outcome = turn.setting.laws.decide(commit.held.row, Ask::Relisted(part), Moment::Early);
    let Some(outcome) = outcome.filter(|_| commit.held.fresh) else {
        let run = reloaded(turn.world, commit);
        turn.moved(Nature::Fair, run, |turn| format!("{}: finds that {} has moved", turn.who(), named(file)));
        return;
    };
    let mut world = turn.world_with(Run::Idle);
    let broken = world.write_row(usize::from(file), outcome.next, Behalf::Protocol);
    let held = Held { row: outcome.next, fresh: true };
    world.runs[turn.slot] = Run::Commit(Commit { held, at: CommitAt::Head, ..commit });
    turn.add(Nature::Fair, world, broken, |turn| format!("{}: writes the new list of {}", turn.who(), named(file)));
}

/// The one Abort that a hopeless commit is allowed; it needs no row that has ended (I6 names it).
fn abort(turn: &mut Turn<'_>, commit: Commit) {
    let file = commit.file;
    let Some(slot) = commit.held.row.upload else { return };
    turn.lose(Zombie::Abort(file, slot), turn.world.runs[turn.slot]);
    let at =
        if turn.setting.lacks(Ablation::NoHeadAfterAbort) { CommitAt::Judge(Seen::Absent) } else { CommitAt::Head };
    let mut world = *turn.world;
    world.shelves[usize::from(file)].abort(slot);
    world.runs[turn.slot] = Run::Commit(Commit { aborted: true, answer: Answer::NotCalled, at, ..commit });
    turn.acted(Nature::Fair, world, |turn| {
        format!("{}: aborts the upload of {}, as the one Abort of its commit", turn.who(), named(file))
    });
}

fn effect_told(effect: Option<Effect>) -> &'static str {
    match effect {
        Some(Effect::Complete) => "call Complete",
        Some(Effect::LookAgain) => "look again later",
        Some(Effect::Relist) => "list the parts again",
        Some(Effect::AbortThenHead(_)) => "abort once, then HEAD",
        _ => "nothing more to do",
    }
}

fn state_told(state: RowState) -> &'static str {
    match state {
        RowState::Committing { gone: true, .. } => "COMMITTING, gone since now",
        RowState::Committing { .. } => "COMMITTING",
        RowState::Verified(_) => "VERIFIED",
        _ => "DELETING",
    }
}
