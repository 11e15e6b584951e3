//! A row of steps with their times, so that a person watching sees progress.
//!
//! A failed step does not stop the row by itself: a wrong line break should not hide a wrong test.
//! The caller stops where the next step would make no sense.

use anyhow::Result;

use crate::console;
use crate::host::Stopwatch;

/// The steps done so far.
pub(crate) struct Steps {
    done: Vec<Step>,
    total: Stopwatch,
}

struct Step {
    name: &'static str,
    seconds: f64,
    code: u8,
}

impl Steps {
    /// An empty row; the total starts now.
    pub(crate) fn start() -> Self {
        Self { done: Vec::new(), total: Stopwatch::start() }
    }

    /// Runs one step and remembers its exit code. An error counts as code 1 and is printed.
    ///
    /// Returns whether the step passed.
    pub(crate) fn run(&mut self, name: &'static str, work: impl FnOnce() -> Result<u8>) -> bool {
        console::note(&format!("\n== {name}"));
        let watch = Stopwatch::start();
        let code = work().unwrap_or_else(|error| {
            console::note(&format!("error: {error:#}"));
            1
        });
        let seconds = watch.seconds();
        let word = result_word(code);
        console::note(&format!("== {name}: {word} after {seconds:.1} s"));
        self.done.push(Step { name, seconds, code });
        code == 0
    }

    /// Prints the closing table and gives the exit code: 0 when every step passed, otherwise the
    /// code of the last step that failed. The tests run last, so their own code wins.
    pub(crate) fn finish(self) -> u8 {
        console::note(&table(&self.done, self.total.seconds()));
        exit_code(&self.done)
    }
}

fn exit_code(steps: &[Step]) -> u8 {
    steps.iter().rev().map(|step| step.code).find(|code| *code != 0).unwrap_or(0)
}

fn result_word(code: u8) -> String {
    match code {
        0 => "ok".to_owned(),
        code => format!("FAILED (exit code {code})"),
    }
}

fn table(steps: &[Step], total_seconds: f64) -> String {
    let mut lines = vec![format!("\n{:<16} {:>8}  result", "step", "seconds")];
    for step in steps {
        let word = result_word(step.code);
        lines.push(format!("{:<16} {:>8.1}  {word}", step.name, step.seconds));
    }
    let word = result_word(exit_code(steps));
    lines.push(format!("{:<16} {total_seconds:>8.1}  {word}", "all"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, code: u8) -> Step {
        Step { name, seconds: 1.25, code }
    }

    #[test]
    fn all_green_is_zero() {
        assert_eq!(exit_code(&[step("format", 0), step("tests", 0)]), 0);
    }

    #[test]
    fn an_early_failure_is_not_forgotten() {
        assert_eq!(exit_code(&[step("format", 1), step("tests", 0)]), 1);
    }

    #[test]
    fn the_code_of_the_tests_wins() {
        assert_eq!(exit_code(&[step("format", 1), step("tests", 100)]), 100);
    }

    #[test]
    fn an_error_inside_a_step_fails_the_row() {
        let mut steps = Steps::start();
        assert!(!steps.run("broken", || anyhow::bail!("no")));
        assert!(steps.run("fine", || Ok(0)));
        assert_eq!(steps.finish(), 1);
    }

    #[test]
    fn the_table_names_every_step() {
        let table = table(&[step("format", 0), step("tests", 100)], 2.5);
        assert!(table.contains("format                1.2  ok"), "{table}");
        assert!(table.contains("FAILED (exit code 100)"), "{table}");
    }
}
