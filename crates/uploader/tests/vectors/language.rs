//! The language of `vectors/sessions.json`: what a session hears is read from JSON, what it wants is written as words.
//!
//! No judgement is made here. What a vector leaves out of a wire body is filled in with something plain.

use std::collections::BTreeMap;

use domain::{PartNumber, RoleName, TimeSpan, Timestamp};
use serde_json::{Value, json};
use uploader::client::ApiError;
use uploader::session::{Action, Event, Opening, Outcome, PartFailure};
use wire::{AssetBody, PartBody, PartUrlBody};

/// Milliseconds since 1970.
pub(crate) fn at(value: &Value) -> Timestamp {
    Timestamp::from_millisecond(value.as_i64().unwrap()).unwrap()
}

pub(crate) fn opening(case: &Value) -> Opening {
    match case["opening"].as_str().unwrap() {
        "create" => Opening::Create,
        "resume" => Opening::Resume,
        other => panic!("no opening {other}"),
    }
}

pub(crate) fn sizes(case: &Value) -> BTreeMap<RoleName, u64> {
    let sizes = case["sizes"].as_object().unwrap();
    sizes.iter().map(|(name, size)| (RoleName::parse(name).unwrap(), size.as_u64().unwrap())).collect()
}

/// What a step hears.
pub(crate) fn event(heard: &Value, case: &Value) -> Event {
    let heard_of = |word: &str| heard.get(word);
    let role = |value: &Value| RoleName::parse(value.as_str().unwrap()).unwrap();
    let asset = |name: &Value| answer(heard, || Box::new(asset(name, case)));
    if let Some(name) = heard_of("opened") {
        Event::Opened(asset(name))
    } else if let Some(name) = heard_of("completed") {
        Event::Completed(asset(name))
    } else if let Some(name) = heard_of("polled") {
        Event::Polled(asset(name))
    } else if let Some(name) = heard_of("summed") {
        Event::Summed(role(name), heard["value"].as_str().unwrap().to_owned())
    } else if let Some(name) = heard_of("listed") {
        Event::Listed(role(name), answer(heard, || list(&heard["parts"]).iter().map(part).collect()))
    } else if let Some(name) = heard_of("signed") {
        let urls = || list(&heard["parts"]).iter().map(|part| serde_json::from_value(url(part)).unwrap()).collect();
        Event::Signed(role(name), answer::<Vec<PartUrlBody>>(heard, urls))
    } else if let Some(name) = heard_of("part") {
        let number = PartNumber::new(heard["number"].as_u64().unwrap()).unwrap();
        Event::PartEnded(role(name), number, failure(heard).map_or(Ok(()), Err))
    } else {
        panic!("the language has no {heard}")
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn answer<T>(heard: &Value, ok: impl FnOnce() -> T) -> Result<T, ApiError> {
    let Some(error) = heard.get("error") else { return Ok(ok()) };
    let retry_after = error.get("retry_after_ms").map(|wish| TimeSpan::from_millis(wish.as_i64().unwrap()));
    Err(if let Some(detail) = error.get("unreachable") {
        ApiError::Unreachable { detail: detail.as_str().unwrap().to_owned() }
    } else if let Some(status) = error.get("foreign") {
        let status = status.as_u64().unwrap().try_into().unwrap();
        ApiError::Foreign { status, detail: String::new(), retry_after }
    } else {
        let plain = json!({"type": "", "title": "", "detail": "", "instance": "", "message": "", "request_id": "", "errors": []});
        let problem = serde_json::from_value(merged(plain, &error["problem"])).unwrap();
        ApiError::Problem { problem: Box::new(problem), retry_after }
    })
}

fn failure(heard: &Value) -> Option<PartFailure> {
    if let Some(detail) = heard.get("refused") {
        return Some(PartFailure::Refused { detail: detail.as_str().unwrap().to_owned() });
    }
    let detail = heard.get("weather")?.as_str().unwrap().to_owned();
    let retry_after = heard.get("retry_after_ms").map(|wish| TimeSpan::from_millis(wish.as_i64().unwrap()));
    Some(PartFailure::Weather { detail, retry_after })
}

fn part(part: &Value) -> PartBody {
    serde_json::from_value(json!({"number": part[0], "size": part[1], "etag": "e"})).unwrap()
}

fn url(part: &Value) -> Value {
    let expires_at = at(&part[3]).to_string();
    json!({"number": part[0], "size": part[1], "url": part[2], "headers": {}, "expires_at": expires_at})
}

fn asset(name: &Value, case: &Value) -> AssetBody {
    let asset = &case["assets"][name.as_str().unwrap()];
    let files = asset["files"].as_object().unwrap().iter().map(|(role, file)| {
        let plain = json!({"file_name": "f", "content_type": "video/mp4", "visibility": "private", "verified": []});
        let mut file = merged(plain, file);
        if let Some(upload) = file.get_mut("upload") {
            let signed = list(&asset["files"][role]["signed"]);
            upload["parts"] = signed.iter().map(url).collect();
        }
        (role.clone(), file)
    });
    let body = json!({
        "id": asset.get("id").map_or("ast_0000000000e1g00000000000a0", |id| id.as_str().unwrap()),
        "collection": "videos", "owner": "42", "status": asset["status"], "title": "t", "description": "",
        "metadata": {}, "created_at": Timestamp::UNIX_EPOCH.to_string(), "files": Value::Object(files.collect()),
    });
    serde_json::from_value(body).unwrap()
}

/// Fields of one object over those of another.
fn merged(mut under: Value, over: &Value) -> Value {
    let fields = over.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone()));
    under.as_object_mut().unwrap().extend(fields);
    under
}

/// An action in the vectors' words.
pub(crate) fn written(action: &Action) -> String {
    match action {
        Action::Create => "create".to_owned(),
        Action::Show => "show".to_owned(),
        Action::ListParts(role) => format!("list {role}"),
        Action::SignParts(role, numbers) => {
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            format!("sign {role} {}", numbers.join(","))
        }
        Action::SendPart(ticket) => {
            let (role, number, url) = (&ticket.role, ticket.number, &ticket.url);
            format!("send {role} {number} {}+{} {url}", ticket.offset, ticket.length)
        }
        Action::Complete(checksums) => {
            let sums: Vec<_> = checksums.iter().map(|(role, sum)| format!("{role}={sum}")).collect();
            format!("complete {}", sums.join(" "))
        }
        Action::Poll => "poll".to_owned(),
        Action::Wait(None) => "wait".to_owned(),
        Action::Wait(Some(until)) => format!("wait {}", until.as_millisecond()),
        Action::Finish(outcome) => format!("finish {}", ended(outcome)),
    }
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Published(_) => "published".to_owned(),
        Outcome::Rejected { role, reason, .. } => format!("rejected {} {reason}", role.as_deref().unwrap_or("-")),
        Outcome::Gone(_) => "gone".to_owned(),
        Outcome::Unknown(_) => "unknown".to_owned(),
        Outcome::Refused(_) => "refused".to_owned(),
        Outcome::PartRefused { role, number, .. } => format!("part_refused {role} {number}"),
        Outcome::BeyondRepair { .. } => "beyond_repair".to_owned(),
        Outcome::OutOfPatience { .. } => "out_of_patience".to_owned(),
        Outcome::StillCommitting => "still_committing".to_owned(),
        Outcome::Contradiction { .. } => "contradiction".to_owned(),
    }
}
