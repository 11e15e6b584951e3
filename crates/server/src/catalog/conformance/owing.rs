//! Due work: what a lane is shown and when, what is put off, who is alive, what comes by the clock.

use domain::limits::{RECHECK_AFTER, STEP_GRACE, STRAY_LOOK_AFTER};
use domain::{Fence, File, FileId, Lane, Reason, Slot, Slots, TimeSpan, Timestamp};

use super::Subject;
use super::samples::{IDLE, pending};
use super::subject::ALL;
use crate::catalog::{Backlog, DueCursor, Postponement, Schedule, ScheduledRun, Verdict, Written};
use crate::clock::ManualClock;

const LIFE: TimeSpan = TimeSpan::from_secs(60);

async fn due(subject: &Subject, lane: Lane) -> Vec<String> {
    let read = subject.catalog.list_due_files(lane, Slots::ALL, TimeSpan::ZERO, ALL).await.unwrap();
    assert!(subject.is_now(read.now));
    read.value.into_iter().map(|row| row.id).collect()
}

fn named(ids: &[FileId]) -> Vec<String> {
    ids.iter().map(FileId::to_string).collect()
}

fn put_off(file: &File, due_at: Option<Timestamp>, attempts: u32) -> Postponement {
    let lane = file.lane().unwrap();
    Postponement { lane, id: file.id.to_string(), fence: file.fence, due_at, attempts }
}

pub(crate) async fn files_are_due_in_the_lane_of_their_state(subject: Subject) {
    let [reserved, uploading, committing, verified, deleting, closed] =
        [(); 6].map(|()| subject.reservation("mina", &["video"]));
    let mut ids = Vec::new();
    for reservation in [&reserved, &uploading, &committing, &verified, &deleting, &closed] {
        ids.push(pending(&subject.reserve(reservation).await, "video").id);
    }
    let published = subject.created("mina", &["video"]).await;
    subject.open(ids[1]).await;
    subject.commit(ids[2]).await;
    subject.verify(ids[3]).await;
    subject.reject(ids[4]).await;
    subject.reject(ids[5]).await;
    subject.close(ids[5]).await;
    for lane in Lane::ALL {
        assert_eq!(due(&subject, lane).await, Vec::<String>::new(), "{lane}: whoever writes a step performs it");
    }
    subject.wait(STEP_GRACE);
    assert_eq!(due(&subject, Lane::Drive).await, named(&ids[2..4]));
    assert_eq!(due(&subject, Lane::Destroy).await, named(&ids[4..5]));
    subject.wait(RECHECK_AFTER[0]);
    let mut driven = due(&subject, Lane::Drive).await;
    driven.sort();
    assert_eq!(driven, named(&ids[..4]), "what is RESERVED or UPLOADING is looked at for strays");
    assert_eq!(due(&subject, Lane::Recheck).await, named(&ids[5..]));
    assert!(published.files().all(|file| file.due_at.is_none()), "nothing is owed to what viewers see");
}

pub(crate) async fn due_files_come_at_their_time_and_a_little_ahead_of_it(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.commit(pending(&asset, "video").id).await;
    let due_at = file.due_at.unwrap();
    let rows = async |ahead| subject.catalog.list_due_files(Lane::Drive, Slots::ALL, ahead, ALL).await.unwrap().value;
    subject.wait_until(due_at - subject.moment());
    assert!(rows(TimeSpan::ZERO).await.is_empty());
    let early = rows(subject.moment()).await;
    assert_eq!(early.iter().map(|row| &row.id).collect::<Vec<_>>(), [&file.id.to_string()]);
    subject.wait(subject.moment());
    let [row] = &rows(TimeSpan::ZERO).await[..] else { panic!("one row is due") };
    assert_eq!((row.fence, row.attempts, row.due_at), (file.fence, 0, due_at));
    assert_eq!(row.row.as_ref().unwrap(), &file);
}

pub(crate) async fn what_waits_longest_comes_first(subject: Subject) {
    let mut ids = Vec::new();
    for owner in ["mina", "juno", "abel", "mina"] {
        let asset = subject.reserved(owner, &["video"]).await;
        ids.push(subject.commit(pending(&asset, "video").id).await.id);
    }
    // The first is put off behind the last.
    let first = subject.file(ids[0]).await;
    let later = subject.file(ids[3]).await.due_at.unwrap() + subject.moment();
    subject.catalog.postpone(&[put_off(&first, Some(later), 1)]).await.unwrap();
    ids.rotate_left(1);
    subject.wait_until(later);
    assert_eq!(due(&subject, Lane::Drive).await, named(&ids));
    let page = subject.catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, 2).await.unwrap().value;
    assert_eq!(page.into_iter().map(|row| row.id).collect::<Vec<_>>(), named(&ids[..2]));
}

pub(crate) async fn a_server_sees_its_slots_only(subject: Subject) {
    let owners = ["mina", "juno", "abel", "42"];
    let mut ids = Vec::new();
    for name in owners {
        let asset = subject.reserved(name, &["video"]).await;
        ids.push((Slot::of(asset.shard()), subject.commit(pending(&asset, "video").id).await.id));
    }
    subject.wait(IDLE);
    let (one, two) = (Slots::of_member("one", ["two"]), Slots::of_member("two", ["one"]));
    let mut seen = Vec::new();
    for slots in [one, two, Slots::default()] {
        let files = subject.catalog.list_due_files(Lane::Drive, slots, TimeSpan::ZERO, ALL).await.unwrap().value;
        let expected: Vec<FileId> = ids.iter().filter(|(slot, _)| slots.contains(*slot)).map(|(_, id)| *id).collect();
        assert_eq!(files.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), named(&expected));
        let assets = subject.catalog.list_due_assets(slots, None, None, ALL).await.unwrap().value;
        assert_eq!(assets.len(), expected.len());
        seen.extend(expected);
    }
    assert_eq!(seen.len(), owners.len());
}

pub(crate) async fn what_is_put_off_is_due_then_with_its_failures(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.commit(pending(&asset, "video").id).await;
    subject.wait(STEP_GRACE);
    let later = subject.now() + TimeSpan::from_mins(5);
    subject.catalog.postpone(&[put_off(&file, Some(later), 3)]).await.unwrap();
    assert_eq!(due(&subject, Lane::Drive).await, Vec::<String>::new());
    subject.wait_until(later);
    let rows = subject.catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, ALL).await.unwrap().value;
    assert_eq!((rows[0].attempts, rows[0].fence, rows[0].due_at), (3, file.fence, later), "it raises no fence");
    // What is written is owed anew.
    subject.step(file.id, super::samples::right(&file)).await;
    subject.wait(STEP_GRACE);
    let rows = subject.catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, ALL).await.unwrap().value;
    assert_eq!(rows[0].attempts, 0);
}

pub(crate) async fn what_was_put_off_before_the_clock_was_set_back_comes_now(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.commit(pending(&asset, "video").id).await;
    let wait = Lane::Drive.longest_wait().unwrap();
    let put = async |due_at| subject.catalog.postpone(&[put_off(&file, Some(due_at), 1)]).await.unwrap();
    put(subject.now() + wait - subject.moment()).await;
    assert_eq!(due(&subject, Lane::Drive).await, Vec::<String>::new());
    put(subject.now() + wait + subject.moment()).await;
    assert_eq!(due(&subject, Lane::Drive).await, named(&[file.id]));
    let ahead = subject.catalog.list_due_files(Lane::Drive, Slots::ALL, wait * 2, ALL).await.unwrap().value;
    assert_eq!(ahead.len(), 1, "once");
}

pub(crate) async fn what_waits_for_others_is_not_due_until_it_is_written(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    let file = subject.verify(pending(&asset, "video").id).await;
    subject.catalog.postpone(&[put_off(&file, None, 0)]).await.unwrap();
    subject.wait(IDLE);
    assert!(!due(&subject, Lane::Drive).await.contains(&file.id.to_string()));
    assert_eq!(subject.file(file.id).await.due_at, None);
    let now = subject.now();
    let change = domain::change::withdraw(&subject.asset(asset.id).await, &super::samples::role("thumbnail"), now);
    subject.apply(&change.unwrap()).await;
    subject.wait(STEP_GRACE);
    assert!(due(&subject, Lane::Drive).await.contains(&file.id.to_string()));
}

pub(crate) async fn what_moved_meanwhile_is_not_put_off(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let old = subject.commit(pending(&asset, "video").id).await;
    let new = subject.step(old.id, super::samples::right(&old)).await;
    let far = subject.now() + IDLE;
    let expire = |from| Postponement {
        lane: Lane::Expire,
        id: asset.id.to_string(),
        fence: from,
        due_at: Some(far + IDLE),
        attempts: 1,
    };
    subject.catalog.postpone(&[put_off(&old, Some(far), 1), expire(asset.revision.next())]).await.unwrap();
    assert_eq!(subject.file(old.id).await, new);
    subject.wait(IDLE);
    assert_eq!(subject.catalog.list_due_assets(Slots::ALL, None, None, ALL).await.unwrap().value.len(), 1);
    subject.catalog.postpone(&[expire(asset.revision)]).await.unwrap();
    assert!(subject.catalog.list_due_assets(Slots::ALL, None, None, ALL).await.unwrap().value.is_empty());
    // A run goes by an older time, and by now for what has failed in it.
    subject.wait_until(far + IDLE);
    let read = subject.catalog.list_due_assets(Slots::ALL, Some(far), None, ALL).await.unwrap().value;
    assert_eq!(read.iter().map(|row| row.attempts).collect::<Vec<_>>(), [1]);
    let off = Postponement { attempts: 0, ..expire(asset.revision) };
    subject.catalog.postpone(&[off]).await.unwrap();
    assert!(subject.catalog.list_due_assets(Slots::ALL, Some(far), None, ALL).await.unwrap().value.is_empty());
}

pub(crate) async fn assets_are_due_at_their_deadline_or_before(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    subject.created("mina", &["video"]).await;
    let deadline = asset.due_at().unwrap();
    let list = async |as_of| {
        let read = subject.catalog.list_due_assets(Slots::ALL, as_of, None, ALL).await.unwrap();
        assert!(subject.is_now(read.now));
        read.value.into_iter().map(|row| (row.row.unwrap(), row.due_at, row.fence)).collect::<Vec<_>>()
    };
    assert_eq!(list(None).await, []);
    assert_eq!(list(Some(deadline - subject.moment())).await, []);
    assert_eq!(list(Some(deadline)).await, [(asset.clone(), deadline, asset.revision)]);
    // A grant moves the file and not its asset: early, never late.
    let video = subject.open(pending(&asset, "video").id).await;
    let moved = File { deadline: video.deadline + IDLE, fence: video.fence.next(), ..video.clone() };
    assert_eq!(subject.catalog.advance(&video, &moved, &[]).await.unwrap(), Written::Done);
    subject.wait_until(deadline);
    let [(found, due_at, _)] = &list(None).await[..] else { panic!("it is due by its old time") };
    assert_eq!((*due_at, found.due_at()), (deadline, Some(moved.deadline)));
    // What is over or published is due no more.
    subject.delete(asset.id).await;
    assert_eq!(list(None).await, []);
}

pub(crate) async fn due_assets_go_on_after_a_cursor(subject: Subject) {
    let mut expected = Vec::new();
    for owner in ["mina", "juno", "mina", "abel", "mina"] {
        expected.push(subject.reserved(owner, &["video", "thumbnail"]).await);
    }
    subject.wait(IDLE);
    let (mut paged, mut after): (Vec<domain::Asset>, Option<DueCursor>) = (Vec::new(), None);
    loop {
        let page = subject.catalog.list_due_assets(Slots::ALL, None, after.as_ref(), 2).await.unwrap().value;
        assert!(page.len() <= 2, "a page counts assets, not files");
        let Some(last) = page.last() else { break };
        after = Some(DueCursor { due_at: last.due_at, id: last.id.clone() });
        paged.extend(page.into_iter().map(|row| row.row.unwrap()));
    }
    assert_eq!(paged, expected);
}

pub(crate) async fn backlogs_are_measured_by_lane(subject: Subject) {
    let measure = async |lane| subject.catalog.measure_backlog(lane).await.unwrap().value;
    for lane in Lane::ALL {
        assert_eq!(measure(lane).await, Backlog::default(), "{lane}");
    }
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    let file = subject.commit(pending(&asset, "video").id).await;
    assert_eq!(measure(Lane::Drive).await, Backlog { due: 0, oldest: file.due_at });
    assert_eq!(measure(Lane::Expire).await, Backlog { due: 0, oldest: asset.due_at() });
    subject.wait(STRAY_LOOK_AFTER);
    assert_eq!(measure(Lane::Drive).await.due, 2);
    subject.step(file.id, domain::Event::Ended(Reason::Deleted)).await;
    assert_eq!(measure(Lane::Drive).await.due, 1);
    assert_eq!(measure(Lane::Destroy).await, Backlog { due: 0, oldest: subject.file(file.id).await.due_at });
    subject.wait(IDLE);
    assert_eq!((measure(Lane::Destroy).await.due, measure(Lane::Expire).await.due), (1, 1));
}

pub(crate) async fn members_are_those_that_said_so_lately(subject: Subject) {
    let renew = async |name: &str| subject.catalog.renew_member(name, LIFE).await.unwrap();
    assert_eq!(renew("b").await, ["b"]);
    assert_eq!(renew("a").await, ["a", "b"]);
    subject.wait(LIFE - subject.moment());
    assert_eq!(renew("a").await, ["a", "b"]);
    subject.wait(subject.moment());
    assert_eq!(renew("a").await, ["a"], "the other fell silent");
    assert_eq!(renew("b").await, ["a", "b"]);
    subject.catalog.remove_member("a").await.unwrap();
    assert_eq!(renew("b").await, ["b"], "it said that it goes");
}

/// Not a case of the suite, which sets no clock: backends whose clock is the host's call it themselves.
pub(crate) async fn a_member_of_a_clock_that_was_set_back_lapses(subject: Subject, clock: &ManualClock) {
    let renew = async |name: &str| subject.catalog.renew_member(name, LIFE).await.unwrap();
    assert_eq!(renew("dead").await, ["dead"]);
    clock.set(subject.now() - TimeSpan::from_hours(6));
    assert_eq!(renew("living").await, ["living"]);
}

pub(crate) async fn schedules_are_written_by_compare_and_set(subject: Subject) {
    let find = async || subject.catalog.find_schedule("expire").await.unwrap();
    assert_eq!(find().await.value, None);
    let first = Schedule {
        name: "expire".to_owned(),
        revision: Fence::default(),
        due_at: subject.now(),
        attempts: 0,
        run: None,
    };
    let run = ScheduledRun { as_of: subject.now(), verdict: Verdict::Go };
    let second = Schedule { revision: Fence(1), due_at: subject.now() + LIFE, run: Some(run), ..first.clone() };
    let write = async |next: &Schedule| subject.catalog.write_schedule(next).await.unwrap();
    assert_eq!(write(&second).await, Written::Stale, "there is nothing to replace");
    assert_eq!(write(&first).await, Written::Done);
    assert_eq!(write(&first).await, Written::Stale);
    let found = find().await;
    assert!(subject.is_now(found.now));
    assert_eq!(found.value, Some(first));
    assert_eq!(write(&second).await, Written::Done);
    assert_eq!(write(&second).await, Written::Stale);
    assert_eq!(find().await.value, Some(second));
    assert_eq!(subject.catalog.find_schedule("reconcile").await.unwrap().value, None);
}
