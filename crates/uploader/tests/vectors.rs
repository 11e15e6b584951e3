//! The vectors of `vectors/`, which the TypeScript client's tests read too: both clients do the same.
//!
//! The session cases are played here against the real session; their language is told in `vectors/README.md`.

#[path = "vectors/language.rs"]
mod language;

use std::num::{NonZeroU16, NonZeroUsize};
use std::path::Path;

use crc_fast::{CrcAlgorithm, checksum};
use domain::{ByteCount, MediaType, PartNumber, PartPlan, TimeSpan, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uploader::session::{Action, Backoff, Rules, Session};

use language::{at, event, opening, sizes, written};

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn cases(name: &str) -> Vec<Value> {
    let mut file: Value = read(name);
    let cases: Vec<Value> = serde_json::from_value(file["cases"].take()).unwrap();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn media_types() {
    let vectors: Value = read("media_types.json");
    let row = |media: MediaType| json!({"names": media.names(), "extensions": media.extensions()});
    assert_eq!(vectors["types"], Value::from(MediaType::ALL.map(row).to_vec()));
}

#[test]
fn part_plans() {
    for case in cases("part_plans.json") {
        let bytes = |name: &str| ByteCount(case[name].as_u64().unwrap());
        let plan = PartPlan::with_preferred(bytes("size_bytes"), bytes("preferred_bytes")).ok();
        let expected = &case["plan"];
        assert_eq!(plan.is_none(), expected.is_null(), "{case}");
        let Some(plan) = plan else { continue };
        assert_eq!(plan.part_size().get(), expected["part_bytes"], "{case}");
        assert_eq!(plan.part_count(), expected["part_count"], "{case}");
        for part in expected["parts"].as_array().unwrap() {
            let number = PartNumber::new(part[0].as_u64().unwrap()).unwrap();
            assert_eq!(plan.offset_of(number), part[1].as_u64(), "{case}");
            assert_eq!(plan.length_of(number).map(ByteCount::get), part[2].as_u64(), "{case}");
        }
    }
}

#[test]
fn backoff() {
    for case in cases("backoff.json") {
        let number = |name: &str| case[name].as_u64().unwrap();
        let span = |name: &str| TimeSpan::from_millis(number(name).try_into().unwrap());
        let backoff = Backoff { first: span("first_ms"), cap: span("cap_ms") };
        let delay = backoff.delay(number("failures").try_into().unwrap(), number("jitter") << 32);
        assert_eq!(delay.as_millis(), i128::from(number("delay_ms")), "{case}");
    }
}

/// This client knows files by their paths, but what a content's fingerprint is must not be one language's secret.
#[test]
fn fingerprints() {
    const SAMPLE: usize = 64 << 10;
    for case in cases("fingerprints.json") {
        let number = |name: &str| usize::try_from(case[name].as_u64().unwrap()).unwrap();
        let (size, seed) = (number("size_bytes"), number("seed"));
        let content: Vec<u8> = (0..size).map(|i| ((i * 31 + seed + (i >> 8)) % 251) as u8).collect();
        let samples: Vec<&[u8]> = if size <= 3 * SAMPLE {
            vec![&content]
        } else {
            [0, (size - SAMPLE) / 2, size - SAMPLE].map(|from| &content[from..from + SAMPLE]).to_vec()
        };
        let sums = samples.iter().map(|sample| format!("{:08x}", checksum(CrcAlgorithm::Crc32IsoHdlc, sample)));
        let fingerprint =
            ["content1".to_owned(), size.to_string()].into_iter().chain(sums).collect::<Vec<_>>().join("-");
        assert_eq!(case["fingerprint"], fingerprint);
    }
}

#[test]
fn sessions() {
    let file: Map<String, Value> = read("sessions.json");
    for case in file["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let mut session = Session::new(sizes(case), opening(case), rules(&file["rules"], &case["rules"]));
        for (index, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let now = at(&step["at"]);
            if let Some(heard) = step.get("hear") {
                let jitter = step.get("jitter").map_or(0, |jitter| jitter.as_u64().unwrap());
                session.on_event(event(heard, case), now, jitter << 32);
            }
            let expected: Vec<&str> =
                step["expect"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
            assert_eq!(drain(&mut session, now), expected, "{name}, step {index}");
        }
    }
}

/// Every action until there is none.
fn drain(session: &mut Session, now: Timestamp) -> Vec<String> {
    let mut actions = Vec::new();
    loop {
        let action = session.next_action(now);
        actions.push(written(&action));
        if matches!(action, Action::Wait(_) | Action::Finish(_)) {
            return actions;
        }
    }
}

/// The rules of all cases, with what differs in this one.
fn rules(common: &Value, own: &Value) -> Rules {
    let value = |name: &str| own.get(name).unwrap_or(&common[name]);
    let number = |name: &str| value(name).as_u64().unwrap();
    let span = |value: &Value| TimeSpan::from_millis(value.as_i64().unwrap());
    let backoff = |name: &str| Backoff { first: span(&value(name)[0]), cap: span(&value(name)[1]) };
    Rules {
        parallel: NonZeroUsize::new(number("parallel").try_into().unwrap()).unwrap(),
        batch: NonZeroU16::new(number("batch").try_into().unwrap()).unwrap(),
        patience: span(value("patience_ms")),
        first_contact: None,
        max_refusals: number("max_refusals").try_into().unwrap(),
        max_repairs: number("max_repairs").try_into().unwrap(),
        backoff: backoff("backoff_ms"),
        url_margin: span(value("url_margin_ms")),
        poll: backoff("poll_ms"),
    }
}
