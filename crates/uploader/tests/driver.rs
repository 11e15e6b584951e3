//! The driver over real sockets and files, against a server that fails by script.

mod fake;

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use domain::{CollectionName, RoleName, TimeSpan};
use uploader::client::{Client, Token};
use uploader::driver::{LocalFile, Published, Settings, UploadError, UploadRequest, upload};
use uploader::journal::Journal;
use uploader::progress::{News, Observer};
use uploader::session::{Backoff, Rules};

use fake::{Fake, Fault, Route};

const MIB: usize = 1 << 20;

#[derive(Default)]
struct Heard(Mutex<Vec<News>>);

impl Observer for Heard {
    fn note(&self, news: &News) {
        self.0.lock().unwrap().push(news.clone());
    }
}

impl Heard {
    fn count(&self, is: impl Fn(&News) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|news| is(news)).count()
    }

    fn already_bytes(&self) -> Option<u64> {
        self.0.lock().unwrap().iter().find_map(|news| match news {
            News::Begun { already_bytes, .. } => Some(*already_bytes),
            _ => None,
        })
    }
}

/// A person's machine: files, a state folder, and a server to upload to.
struct Machine {
    fake: Fake,
    folder: tempfile::TempDir,
    heard: Heard,
    settings: Settings,
}

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

impl Machine {
    async fn start() -> Self {
        let backoff = Backoff { first: TimeSpan::from_millis(4), cap: TimeSpan::from_millis(20) };
        let rules = Rules { backoff, poll: backoff, patience: TimeSpan::from_secs(60), ..Rules::default() };
        Self {
            fake: Fake::start().await,
            folder: tempfile::tempdir().unwrap(),
            heard: Heard::default(),
            settings: Settings { rules, stall: TimeSpan::from_secs(30), ..Settings::default() },
        }
    }

    fn file(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.folder.path().join(name);
        // A prime period: no two parts are alike, and none is a shifted other.
        let period: Vec<u8> = (0..65_521_usize).map(|i| (i * i / 7 + name.len()) as u8).collect();
        let content = period.repeat(bytes / period.len() + 1);
        std::fs::write(&path, &content[..bytes]).unwrap();
        path
    }

    fn client(&self) -> Client {
        let server = format!("http://{}", self.fake.address).parse().unwrap();
        Client::new(server, Token::parse("secret-token").unwrap(), CollectionName::parse("videos").unwrap()).unwrap()
    }

    fn request(&self, files: &[(&str, &Path)]) -> UploadRequest {
        let files = files.iter().map(|(name, path)| (role(name), path.to_path_buf().into())).collect();
        UploadRequest { title: "A film".to_owned(), description: None, files }
    }

    async fn run(&self, request: &UploadRequest) -> Result<Published, UploadError> {
        let journal = Journal::open(self.state()).unwrap();
        upload(request, &self.client(), &journal, &self.settings, &self.heard).await
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn journal_is_empty(&self) -> bool {
        std::fs::read_dir(self.state()).unwrap().next().is_none()
    }

    /// What the server has is what the files hold, once.
    fn assert_published(&self, published: &Published, request: &UploadRequest) {
        assert_eq!(published.asset.status, "CREATED");
        let facts = self.fake.facts();
        let asset = &facts.assets[&published.asset.id];
        for (role, LocalFile { path, .. }) in &request.files {
            let parts: Vec<_> = asset.files[role.as_str()].parts.values().cloned().collect();
            assert!(parts.concat() == std::fs::read(path).unwrap(), "{role} has arrived as it is");
        }
        assert!(facts.most_puts <= self.settings.rules.parallel.get());
        drop(facts);
        assert!(self.journal_is_empty());
    }
}

#[tokio::test]
async fn uploads_several_files_together() {
    let machine = Machine::start().await;
    let (film, poster) = (machine.file("film.mp4", 31 * MIB + 17), machine.file("poster.png", 3));
    let request = machine.request(&[("video", &film), ("thumbnail", &poster)]);
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(published.already_bytes, 0);
    let facts = machine.fake.facts();
    assert_eq!(facts.taken.len(), 8, "no part was sent twice");
    assert!(facts.most_puts > 1, "parts are sent in parallel");
    let file = &facts.assets[&published.asset.id].request.files.0["video"];
    assert_eq!((file.file_name.as_str(), file.content_type.as_str()), ("film.mp4", "video/mp4"));
}

#[tokio::test]
async fn survives_every_passing_fault() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 40 * MIB);
    let request = machine.request(&[("video", &film)]);
    for route in [Route::Create, Route::PartUrls, Route::Parts, Route::Complete] {
        machine
            .fake
            .script(route, [Fault::Cut, Fault::Busy, Fault::Problem(503, "catalog_unavailable"), Fault::CutAfter]);
    }
    machine.fake.script(Route::Create, [Fault::Problem(409, "idempotency_key_in_progress")]);
    machine
        .fake
        .script(Route::Put, [Fault::Cut, Fault::CutAfter, Fault::Busy, Fault::Expired, Fault::Cut, Fault::Busy]);
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.facts().assets.len(), 1, "a repeated create made one asset");
    assert!(machine.heard.count(|news| matches!(news, News::Waiting { .. })) > 0);
    assert!(machine.heard.count(|news| *news == News::Recovered) > 0);
}

#[tokio::test]
async fn a_hanging_part_is_sent_again() {
    let mut machine = Machine::start().await;
    machine.settings.stall = TimeSpan::from_millis(300);
    let film = machine.file("film.mp4", 12 * MIB);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Put, [Fault::Hang, Fault::Hang]);
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
}

#[tokio::test]
async fn expired_urls_are_asked_for_again() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 60 * MIB);
    let request = machine.request(&[("video", &film)]);
    machine.fake.facts().expired_up_to = 3;
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.facts().taken.len(), 12);
}

#[tokio::test]
async fn parts_lost_by_the_store_are_sent_again() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 30 * MIB);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Put, [Fault::Lose, Fault::Lose]);
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.facts().taken.len(), 8);
    assert_eq!(machine.heard.count(|news| *news == News::Repairing { parts: 2 }), 1);
}

#[tokio::test]
async fn waits_for_a_slow_commit() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Complete, [Fault::Slow]);
    machine.fake.script(Route::Show, [Fault::Cut]);
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.calls(Route::Show), 4);
    assert_eq!(machine.heard.count(|news| *news == News::Verifying), 1);
}

/// Stops an upload in the middle, as Ctrl-C does, once the server has some parts.
async fn interrupt(machine: &Machine, request: &UploadRequest, parts: usize) {
    let enough = async {
        while machine.fake.facts().taken.len() < parts {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        ended = machine.run(request) => panic!("it was to be stopped: {ended:?}"),
        () = enough => {}
    }
}

#[tokio::test]
async fn resumes_what_was_interrupted() {
    let mut machine = Machine::start().await;
    machine.settings.rules.parallel = NonZeroUsize::MIN;
    let film = machine.file("film.mp4", 60 * MIB);
    let mut request = machine.request(&[("video", &film)]);
    interrupt(&machine, &request, 5).await;
    assert!(!machine.journal_is_empty());

    machine.heard = Heard::default();
    request.title = "Another title".to_owned();
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert!(published.already_bytes >= 25 * MIB as u64);
    assert_eq!(machine.heard.already_bytes(), Some(published.already_bytes));
    let facts = machine.fake.facts();
    assert_eq!(facts.assets.len(), 1);
    assert_eq!(facts.assets[&published.asset.id].title, "Another title");
    assert!(facts.taken.len() <= 13, "at most the part in flight was sent twice: {}", facts.taken.len());
}

#[tokio::test]
async fn a_crash_after_create_makes_no_second_asset() {
    let mut machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    // The answer is lost, and then nobody answers: the journal has the key and not the id.
    machine.fake.script(Route::Create, [Fault::CutAfter]);
    machine.fake.script(Route::Create, std::iter::repeat_n(Fault::Cut, 1000));
    machine.settings.rules.patience = TimeSpan::from_millis(50);
    let error = machine.run(&request).await.unwrap_err();
    assert!(matches!(error, UploadError::OutOfPatience { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("same command"));

    machine.fake.facts().faults.clear();
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.facts().assets.len(), 1);
}

#[tokio::test]
async fn starts_afresh_when_the_asset_is_gone() {
    let mut machine = Machine::start().await;
    machine.settings.rules.parallel = NonZeroUsize::MIN;
    let film = machine.file("film.mp4", 40 * MIB);
    let request = machine.request(&[("video", &film)]);
    interrupt(&machine, &request, 2).await;
    machine.fake.facts().assets.clear();
    machine.fake.facts().keys.clear();
    machine.fake.script(Route::Show, [Fault::Problem(410, "gone")]);
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.heard.count(|news| *news == News::StartingAfresh), 1);
}

#[tokio::test]
async fn another_owners_token_does_not_start_afresh() {
    let mut machine = Machine::start().await;
    machine.settings.rules.parallel = NonZeroUsize::MIN;
    let film = machine.file("film.mp4", 40 * MIB);
    let request = machine.request(&[("video", &film)]);
    interrupt(&machine, &request, 2).await;
    machine.fake.script(Route::Show, [Fault::Problem(404, "not_found")]);
    let error = machine.run(&request).await.unwrap_err();
    assert!(matches!(error, UploadError::Unknown { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("token"));

    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert!(published.already_bytes > 0);
    assert_eq!(machine.fake.facts().assets.len(), 1);
}

#[tokio::test]
async fn resuming_a_published_upload_sends_nothing() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Complete, [Fault::CutAfter]);
    machine.fake.script(Route::Complete, std::iter::repeat_n(Fault::Hang, 1));
    let published = async {
        while machine.fake.calls(Route::Complete) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        ended = machine.run(&request) => panic!("it was to hang: {ended:?}"),
        () = published => {}
    }
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.facts().taken.len(), 1);
}

#[tokio::test]
async fn a_rejected_file_is_final_and_forgotten() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Complete, [Fault::Problem(422, "upload_rejected")]);
    let error = machine.run(&request).await.unwrap_err();
    assert!(matches!(error, UploadError::Rejected { asset_id: Some(_), .. }), "{error:?}");
    assert!(machine.journal_is_empty());
    assert_eq!(machine.fake.calls(Route::Complete), 1);
}

#[tokio::test]
async fn a_refused_create_is_forgotten_and_an_expired_token_is_not() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Create, [Fault::Problem(422, "invalid_request")]);
    assert!(matches!(machine.run(&request).await, Err(UploadError::Refused(_))));
    assert!(machine.journal_is_empty());

    machine.fake.script(Route::Complete, [Fault::Problem(401, "unauthorized")]);
    let error = machine.run(&request).await.unwrap_err();
    assert!(error.hint().unwrap().contains("resume"), "{error:?}");
    let published = machine.run(&request).await.unwrap();
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.facts().taken.len(), 1);
}

#[tokio::test]
async fn a_file_written_to_while_uploading_stops_it() {
    let mut machine = Machine::start().await;
    machine.settings.rules.parallel = NonZeroUsize::MIN;
    let film = machine.file("film.mp4", 40 * MIB);
    let request = machine.request(&[("video", &film)]);
    let grow = async {
        while machine.fake.facts().taken.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::OpenOptions::new().append(true).open(&film).unwrap().write_all(b"more").unwrap();
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = machine.run(&request) => ended,
        () = grow => unreachable!(),
    };
    assert!(matches!(ended, Err(UploadError::Changed { .. })), "{ended:?}");
    assert!(machine.journal_is_empty());
    assert_eq!(machine.fake.facts().assets.len(), 0, "the upload was cancelled");
}

#[tokio::test]
async fn a_file_touched_after_complete_deletes_nothing() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    // It is published, but the answer is lost, and for a while nobody answers.
    machine.fake.script(Route::Complete, [Fault::CutAfter]);
    machine.fake.script(Route::Complete, std::iter::repeat_n(Fault::Busy, 10_000));
    let calls = async |count| {
        while machine.fake.calls(Route::Complete) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let touch = async {
        calls(1).await;
        let file = std::fs::OpenOptions::new().write(true).open(&film).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        calls(machine.fake.calls(Route::Complete) + 2).await;
        machine.fake.facts().faults.clear();
        std::future::pending::<()>().await;
    };
    let published = tokio::select! {
        ended = machine.run(&request) => ended.unwrap(),
        () = touch => unreachable!(),
    };
    machine.assert_published(&published, &request);
    assert_eq!(machine.fake.calls(Route::Delete), 0);
}

#[tokio::test]
async fn two_processes_do_not_fight() {
    let machine = Machine::start().await;
    let film = machine.file("film.mp4", 9);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Create, [Fault::Hang]);
    let second = async {
        while machine.fake.calls(Route::Create) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        machine.run(&request).await
    };
    let ended = tokio::select! {
        ended = machine.run(&request) => panic!("the first was to hang: {ended:?}"),
        ended = second => ended,
    };
    assert!(matches!(ended, Err(UploadError::Journal(_))), "{ended:?}");
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused_before_any_call() {
    let machine = Machine::start().await;
    let cases = [
        (machine.file("empty.mp4", 0), "empty.mp4"),
        (machine.file("page.html", 9), "page.html"),
        (machine.folder.path().join("none.mp4"), "none.mp4"),
        (machine.folder.path().to_path_buf(), "opened"),
    ];
    for (path, named) in cases {
        let error = machine.run(&machine.request(&[("video", &path)])).await.unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
        assert!(error.hint().is_some());
    }
    assert!(machine.fake.facts().calls.is_empty());
}

#[tokio::test]
async fn nothing_told_or_written_holds_a_url_or_the_token() {
    let mut machine = Machine::start().await;
    machine.settings.rules.parallel = NonZeroUsize::MIN;
    let film = machine.file("film.mp4", 40 * MIB);
    let request = machine.request(&[("video", &film)]);
    machine.fake.script(Route::Put, [Fault::Cut, Fault::Busy, Fault::Expired]);
    interrupt(&machine, &request, 2).await;
    let mut text = format!("{:?} {:?}", machine.heard.0.lock().unwrap(), machine.client());
    let mut files = BTreeMap::new();
    for item in std::fs::read_dir(machine.state()).unwrap() {
        let path = item.unwrap().path();
        files.insert(path.clone(), std::fs::read_to_string(path).unwrap());
    }
    assert!(!files.is_empty());
    text.push_str(&format!("{files:?}"));
    for secret in ["Signature", "/store/", "secret-token"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
