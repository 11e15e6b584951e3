//! Reconcile with the real binary over the real embedded store, a day later: what nobody owns goes, to the last upload,
//! and nothing else is touched.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::support::films;
use crate::support::server::{Server, Setup};

/// More than two pages of a listing.
const OBJECTS: usize = 2_500;
/// Of these every other one is nobody's.
const UPLOADS: usize = 1_000;
/// Ids of uploads are not those of films.
const ELSEWHERE: usize = 500_000_000;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 16;
/// What nobody owns is left alone for a day.
const A_DAY: u32 = 25;

/// Uploads live for longer than the day that passes, and no nightly run is made up for after it: what these tests look for is
/// there until they ask.
const ON_DEMAND: &str = "[uploads]\nidle = \"7d\"\nmax_age = \"30d\"\n[reconcile]\ncron = \"0 0 29 2 *\"";

/// How many, unless a person wants to know how long more take.
#[expect(clippy::disallowed_methods, reason = "a person gives another number by variable")]
fn objects() -> usize {
    std::env::var("LANDFALL_TEST_OBJECTS").ok().map_or(OBJECTS, |text| text.parse().expect("a number"))
}

/// A row that is there already, to be repeated under other names.
struct Template {
    asset: String,
    file: String,
    key: String,
}

impl Template {
    async fn of(catalog: &mut SqliteConnection, asset: &str) -> Self {
        let row = sqlx::query("SELECT id, object_key FROM files WHERE asset = ?").bind(asset);
        let row = row.fetch_one(catalog).await.expect("its row");
        Self { asset: asset.to_owned(), file: row.get(0), key: row.get(1) }
    }

    /// The `n`th name like this one: ids and keys keep their length and their alphabet.
    fn nth(&self, name: &str, n: usize) -> String {
        format!("{}{n:09}{}", &name[..name.len() - 10], &name[name.len() - 1..])
    }

    fn asset(&self, n: usize) -> String {
        self.nth(&self.asset, n)
    }

    fn key(&self, n: usize) -> String {
        self.key.replace(&self.asset, &self.asset(n))
    }

    /// Its state, with what the store says of an object that was put in one piece.
    async fn created_with(&self, catalog: &mut SqliteConnection, etag: &str) -> String {
        let state = sqlx::query("SELECT state_data FROM files WHERE id = ?").bind(&self.file);
        let state: String = state.fetch_one(catalog).await.expect("its row").get(0);
        let mut state: Value = serde_json::from_str(&state).expect("a document");
        let object = &mut state["object"];
        assert!(object["etag"].is_string(), "{object}");
        (object["etag"], object["checksum"]) = (etag.trim_matches('"').into(), Value::Null);
        state.to_string()
    }

    /// Repeats the asset, its file and what points at it.
    async fn repeat(&self, catalog: &mut SqliteConnection, n: usize, other: &[(&str, &str)]) {
        let (asset, file) = (self.asset(n), self.nth(&self.file, n));
        copy(catalog, "assets", "id", &self.asset, &[("id", &asset)]).await;
        let mut changed = vec![("id", file.as_str()), ("asset", &asset)];
        let key = self.key(n);
        changed.push(("object_key", &key));
        changed.extend(other);
        copy(catalog, "files", "id", &self.file, &changed).await;
        let place = "INSERT INTO places SELECT shard, ?, role, iif(published_file IS NULL, NULL, ?), \
                     iif(pending_file IS NULL, NULL, ?) FROM places WHERE asset = ?";
        let place = sqlx::query(place).bind(&asset).bind(&file).bind(&file).bind(&self.asset);
        place.execute(catalog).await.expect("a place");
    }
}

/// What the one owner has, counted from the rows.
async fn recount(catalog: &mut SqliteConnection) {
    let count = "UPDATE owners SET \
        open_uploads = (SELECT COUNT(*) FROM assets WHERE status = 'UPLOADING'), \
        reserved_bytes = (SELECT COALESCE(SUM(size_bytes), 0) FROM files WHERE state IN ('RESERVED', 'UPLOADING')), \
        stored_bytes = (SELECT COALESCE(SUM(size_bytes), 0) FROM files WHERE state = 'CREATED')";
    sqlx::query(count).execute(catalog).await.expect("the owner's row");
}

/// Inserts a row that differs from another in some columns.
async fn copy(catalog: &mut SqliteConnection, table: &str, id: &str, from: &str, changed: &[(&str, &str)]) {
    let columns = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(table);
    let columns = columns.fetch_all(&mut *catalog).await.expect("its columns");
    let names: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
    let is_changed = |name: &String| changed.iter().any(|(column, _)| column == name);
    let values: Vec<&str> = names.iter().map(|name| if is_changed(name) { "?" } else { name.as_str() }).collect();
    let text = format!("INSERT INTO {table} SELECT {} FROM {table} WHERE {id} = ?", values.join(", "));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
    for name in &names {
        if let Some((_, value)) = changed.iter().find(|(column, _)| column == name) {
            query = query.bind(*value);
        }
    }
    query.bind(from).execute(catalog).await.expect("a row");
}

async fn reconcile(server: &Server, words: &[&str]) -> Value {
    let words = [&["reconcile", "--json"], words].concat();
    server.command(&words).await.json()
}

fn keys(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["key"].as_str().expect("a key").to_owned()).collect()
}

#[tokio::test]
async fn orphans_among_many_are_found_exactly() {
    let mut server = Setup::default().config(ON_DEMAND).start().await;
    let (api, buckets, film) = (server.api("42").await, server.buckets().await, films::mp4(films::TINY));
    let published = api.send_all(&[("video", &film)]).await;
    api.complete(&published.id).await.expect(200);
    let begun = api.create(&[("video", &film)]).await;
    let path = server.data().join("catalog.sqlite");
    assert_eq!(server.terminate().await.code(), Some(0));
    let mut catalog = SqliteConnectOptions::new().filename(path).connect().await.expect("the catalog");
    let film_row = Template::of(&mut catalog, &published.id).await;
    let upload_row = Template::of(&mut catalog, &begun.id).await;
    server.start().await;

    let bytes = std::fs::read(&film.path).expect("a film");
    let put = async |n: usize| buckets.put(&film_row.key(n), bytes.clone()).await;
    let etags: BTreeSet<String> = stream::iter(1..objects()).map(put).buffer_unordered(SIDE_BY_SIDE).collect().await;
    let [etag] = &etags.into_iter().collect::<Vec<_>>()[..] else { panic!("the same bytes have one ETag") };
    let open = async |n: usize| buckets.open_upload(&upload_row.key(ELSEWHERE + n)).await;
    let uploads: Vec<String> = stream::iter(0..UPLOADS).map(open).buffered(SIDE_BY_SIDE).collect().await;
    let before = buckets.list().await;
    assert_eq!((before.objects.len(), before.uploads.len()), (objects(), UPLOADS + 1));

    assert_eq!(server.terminate().await.code(), Some(0));
    let mut rows = catalog.begin().await.expect("a transaction");
    let created = film_row.created_with(&mut rows, etag).await;
    for n in 1..objects() {
        film_row.repeat(&mut rows, n, &[("state_data", &created)]).await;
    }
    for (n, upload) in uploads.iter().enumerate().filter(|(n, _)| n % 2 == 0) {
        upload_row.repeat(&mut rows, ELSEWHERE + n, &[("upload_id", upload)]).await;
    }
    recount(&mut rows).await;
    rows.commit().await.expect("the rows");
    drop(catalog);
    let orphans: BTreeSet<String> =
        (0..UPLOADS).filter(|n| n % 2 == 1).map(|n| upload_row.key(ELSEWHERE + n)).collect();

    server.live_later(A_DAY);
    server.start().await;
    let dry = reconcile(&server, &["--dry-run"]).await;
    assert_eq!((&dry["found"], &dry["done"], keys(&dry)), (&(UPLOADS / 2).into(), &0.into(), orphans.clone()));
    server.command(&["audit"]).await.well();
    let strict = server.command(&["audit", "--grace", "24h", "--json"]).await;
    let seen: Value = serde_json::from_str(&strict.out).expect("a document");
    assert_eq!((strict.code, &seen["breach_count"]), (Some(1), &(UPLOADS / 2).into()));
    let run = reconcile(&server, &[]).await;
    assert_eq!(
        (&run["found"], &run["done"], keys(&run)),
        (&(UPLOADS / 2).into(), &(UPLOADS / 2).into(), orphans.clone())
    );
    assert_eq!(reconcile(&server, &[]).await["found"], 0);
    server.command(&["audit", "--grace", "0s"]).await.well();

    assert_eq!(server.terminate().await.code(), Some(0));
    server.live_later(0);
    server.start().await;
    let after = buckets.list().await;
    let kept: Vec<String> = before.uploads.into_iter().filter(|key| !orphans.contains(key)).collect();
    assert_eq!((after.objects, after.uploads), (before.objects, kept));
}

/// Neighbours whose names begin alike: a run below a prefix finds what is its own to the last key, and nothing else.
#[tokio::test]
async fn a_run_below_a_prefix_keeps_to_it() {
    const OWNERS: [&str; 3] = ["4", "42", "421"];
    let mut server = Setup::default().config(ON_DEMAND).start().await;
    let (buckets, film) = (server.buckets().await, films::mp4(films::TINY));
    let mut published = Vec::new();
    for owner in OWNERS {
        let api = server.api(owner).await;
        let [kept, lost] = [api.send_all(&[("video", &film)]).await, api.send_all(&[("video", &film)]).await];
        for asset in [&kept, &lost] {
            api.complete(&asset.id).await.expect(200);
        }
        published.push((kept.id, lost.id));
    }
    let catalog = SqliteConnectOptions::new().filename(server.data().join("catalog.sqlite"));
    let mut catalog = catalog.connect().await.expect("the catalog");
    let mut wrong = BTreeSet::new();
    for (kept, lost) in &published {
        let [kept, lost] = [Template::of(&mut catalog, kept).await, Template::of(&mut catalog, lost).await];
        buckets.put(&kept.key(1), film.bytes()).await;
        buckets.open_upload(&kept.key(2)).await;
        buckets.remove_objects(&lost.asset).await;
        wrong.extend([kept.key(1), kept.key(2), lost.key]);
    }
    drop(catalog);
    let before = buckets.list().await;
    assert_eq!((before.objects.len(), before.uploads.len()), (2 * OWNERS.len(), OWNERS.len()));
    assert_eq!(server.terminate().await.code(), Some(0));
    server.live_later(A_DAY);

    let of =
        |prefix: &str| -> BTreeSet<String> { wrong.iter().filter(|key| key.starts_with(prefix)).cloned().collect() };
    let audited = async |server: &Server, prefix: &str| {
        let said = server.command(&["audit", "--grace", "24h", "--prefix", prefix, "--json"]).await;
        let seen: Value = serde_json::from_str(&said.out).expect("a document");
        (said.code, seen["breach_count"].as_u64())
    };
    // Without a server and through one.
    assert_eq!(audited(&server, "42/").await, (Some(1), Some(3)));
    assert_eq!(keys(&reconcile(&server, &["--prefix", "42/", "--dry-run"]).await), of("42/"));
    server.start().await;
    assert_eq!(audited(&server, "42/").await, (Some(1), Some(3)));
    assert_eq!(audited(&server, "42/images/").await, (Some(0), Some(0)));
    let run = reconcile(&server, &["--prefix", "42/"]).await;
    assert_eq!(
        (keys(&run), &run["done"], &run["objects"], &run["uploads"]),
        (of("42/"), &3.into(), &2.into(), &1.into())
    );
    assert_eq!(audited(&server, "42/").await, (Some(1), Some(1)), "what is lost stays lost");
    assert_eq!(keys(&reconcile(&server, &["--prefix", "4/videos/", "--dry-run"]).await), of("4/"));
    let (left, right) =
        tokio::join!(reconcile(&server, &["--prefix", "4/"]), reconcile(&server, &["--prefix", "421/"]));
    assert_eq!((keys(&left), keys(&right)), (of("4/"), of("421/")));
    let whole = reconcile(&server, &["--dry-run"]).await;
    assert_eq!((&whole["found"], &whole["objects"], &whole["uploads"]), (&3.into(), &3.into(), &0.into()), "{whole}");
}
