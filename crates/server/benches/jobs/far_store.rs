//! A store in a process of its own that speaks as much S3 as the lanes need and keeps nothing but its markers: there is no
//! object and no upload. It tells the time that it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use domain::Timestamp;

use crate::site;

/// Where it takes the time: no bucket is called so.
const CLOCK: &str = "/.clock";

const NO_OBJECTS: &str = "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>";
const NO_UPLOADS: &str = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
const NO_SUCH_KEY: &str = "<Error><Code>NoSuchKey</Code><Message>nothing is here</Message></Error>";

#[derive(Default)]
struct Kept {
    markers: BTreeMap<String, Bytes>,
    seconds: i64,
}

type Shared = Arc<Mutex<Kept>>;

/// Says where it is on the first line of its output, and serves until its input ends.
pub(crate) fn serve() {
    site::runtime().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("http://{}", listener.local_addr().expect("it has an address"));
        let router = Router::new().fallback(answer).with_state(Shared::default());
        let ended = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        tokio::select! {
            served = async { axum::serve(listener, router).await } => served.expect("it serves"),
            _ = ended => {}
        }
    });
}

/// Tells it what time it is.
pub(crate) async fn set_clock(address: &str, now: Timestamp) {
    let request = reqwest::Client::new().put(format!("{address}{CLOCK}")).body(now.as_second().to_string());
    let answer = request.send().await.expect("the store answers");
    assert!(answer.status().is_success(), "the store takes the time");
}

async fn answer(State(kept): State<Shared>, method: Method, uri: Uri, body: Bytes) -> Response {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let names_object = path.trim_matches('/').contains('/');
    let mut answer = match method {
        Method::PUT if path == CLOCK => {
            kept.seconds = std::str::from_utf8(&body).ok().and_then(|text| text.parse().ok()).expect("seconds");
            StatusCode::OK.into_response()
        }
        Method::PUT => {
            kept.markers.insert(path.to_owned(), body);
            StatusCode::OK.into_response()
        }
        Method::DELETE => StatusCode::NO_CONTENT.into_response(),
        Method::HEAD if !names_object => StatusCode::OK.into_response(),
        Method::GET if !names_object && query.contains("uploads") => xml(StatusCode::OK, NO_UPLOADS),
        Method::GET if !names_object => xml(StatusCode::OK, NO_OBJECTS),
        _ => match kept.markers.get(path) {
            Some(marker) => marker.clone().into_response(),
            None => xml(StatusCode::NOT_FOUND, NO_SUCH_KEY),
        },
    };
    let date = Timestamp::from_second(kept.seconds).expect("a time").strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answer.headers_mut().insert(header::DATE, date.parse().expect("a date is a header"));
    answer
}

fn xml(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/xml")], text).into_response()
}
