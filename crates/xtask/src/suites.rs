//! Runs tests with nextest and says how long each suite took.
//!
//! A suite is one test binary. nextest itself prints only the whole run and single tests; what each took together
//! stands in the report it writes beside (`junit` in the nextest configuration).

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{console, host, process};

/// Where nextest writes its report, below the root: its own folder, wherever cargo builds.
const REPORT: &str = "target/nextest/default/junit.xml";

/// What a suite took.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Suite {
    tests: u32,
    /// Of all its tests together; they run side by side.
    seconds: f64,
    /// Of the longest of them.
    longest_seconds: f64,
}

/// Runs a nextest command and prints the table of its suites. The exit code is nextest's.
///
/// # Errors
/// When it cannot be started, or writes no report although tests ran.
pub(crate) fn run(command: &mut Command) -> Result<u8> {
    let report = host::root().join(REPORT);
    // A run that is ended early must not show the figures of the one before.
    let _ = std::fs::remove_file(&report);
    let code = process::status(command)?;
    match std::fs::read_to_string(&report) {
        Ok(text) => console::note(&table(&read(&text))),
        Err(error) if code == 0 => return Err(error).with_context(|| format!("no report in {}", report.display())),
        // Nothing was run; nextest has said why.
        Err(_) => {}
    }
    Ok(code)
}

/// Reads what JUnit's XML says of each test: `<testcase classname="SUITE" time="SECONDS" ...>`. Text of tests is escaped
/// in it, so a tag is a tag wherever it stands.
fn read(report: &str) -> BTreeMap<String, Suite> {
    let mut suites: BTreeMap<String, Suite> = BTreeMap::new();
    for tag in report.split("<testcase ").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let seconds = attribute(tag, " time=\"").and_then(|text| text.parse::<f64>().ok());
        let (Some(name), Some(seconds)) = (attribute(tag, " classname=\""), seconds) else { continue };
        let suite = suites.entry(name.to_owned()).or_default();
        suite.tests += 1;
        suite.seconds += seconds;
        suite.longest_seconds = suite.longest_seconds.max(seconds);
    }
    suites
}

fn attribute<'a>(tag: &'a str, opening: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(opening)?;
    rest.split('"').next()
}

fn table(suites: &BTreeMap<String, Suite>) -> String {
    let mut lines = vec![format!("\n{:<24} {:>6} {:>9} {:>9}", "suite", "tests", "seconds", "longest")];
    for (name, suite) in suites {
        let Suite { tests, seconds, longest_seconds } = suite;
        lines.push(format!("{name:<24} {tests:>6} {seconds:>9.1} {longest_seconds:>9.1}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_counts_in_its_suite() {
        let report = r#"<testsuites name="nextest-run" tests="3" time="2.5">
    <testsuite name="landfall::crash" tests="2" failures="1">
        <testcase name="kill::cancel" classname="landfall::crash" timestamp="2026-11-22T00:00:00Z" time="1.500">
            <failure message="&lt;testcase classname=&quot;x&quot;">no</failure>
        </testcase>
        <testcase name="kill::expire" classname="landfall::crash" timestamp="2026-11-22T00:00:01Z" time="0.250"/>
    </testsuite>
    <testsuite name="domain" tests="1"><testcase name="a" classname="domain" time="0.125"/></testsuite>
</testsuites>"#;
        let suites = read(report);
        assert_eq!(suites["landfall::crash"], Suite { tests: 2, seconds: 1.75, longest_seconds: 1.5 });
        assert_eq!(suites.keys().collect::<Vec<_>>(), ["domain", "landfall::crash"]);
        assert!(table(&suites).contains("landfall::crash               2       1.8       1.5"), "{}", table(&suites));
    }
}
