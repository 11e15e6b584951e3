//! The report as a page: what was searched, what held, what breaks without a guard and how.
//!
//! Same results, same page: no seconds, no machine.

use std::fmt::Write as _;

use crate::ablation::Ablation;
use crate::invariant::Invariant;
use crate::profile::Profile;
use crate::search::Found;

/// Everything a page is made of.
#[derive(Debug, Default)]
pub struct Results {
    /// What was found in each profile, with every guard in place.
    pub profiles: Vec<(Profile, Found)>,
    /// What was found without a guard while one invariant was watched.
    pub ablations: Vec<(Ablation, Invariant, Found)>,
}

impl Results {
    /// Whether every invariant held in every profile, and every ablation was caught.
    pub fn are_as_they_must(&self) -> bool {
        let held = self.profiles.iter().all(|(_, found)| found.counterexample.is_none());
        held && self.ablations.iter().all(|(_, invariant, found)| {
            found.counterexample.as_ref().is_some_and(|caught| caught.invariant == *invariant)
        })
    }

    /// The page, in Markdown.
    pub fn page(&self) -> String {
        let mut page = String::from(INTRODUCTION);
        page.push_str(
            "\n## What was searched\n\n| profile | states | transitions | depth | held |\n|---|---|---|---|---|\n",
        );
        for (profile, found) in &self.profiles {
            let held = match &found.counterexample {
                None => "all".to_owned(),
                Some(breach) => format!("**{} breaks**", breach.invariant),
            };
            let (states, transitions) = (grouped(found.states), grouped(found.transitions));
            let name = profile.name;
            writeln!(page, "| `{name}` | {states} | {transitions} | {} | {held} |", found.depth).expect(TEXT);
        }
        page.push('\n');
        for (profile, found) in &self.profiles {
            writeln!(page, "- `{}`: {}.", profile.name, profile.says).expect(TEXT);
            if let Some(breach) = &found.counterexample {
                page.push_str(&listed(&breach.steps));
            }
        }
        page.push_str(
            "\n## What breaks without a guard\n\n| ablation | what is left out | breaks | steps |\n|---|---|---|---|\n",
        );
        for (ablation, invariant, found) in &self.ablations {
            let steps = match &found.counterexample {
                Some(caught) => caught.steps.len().to_string(),
                None => "**not caught**".to_owned(),
            };
            writeln!(page, "| `{}` | {} | {invariant} | {steps} |", ablation.name(), ablation.says()).expect(TEXT);
        }
        page.push_str("\n## Shortest counterexamples\n");
        for (ablation, invariant, found) in &self.ablations {
            let Some(caught) = &found.counterexample else { continue };
            let (name, profile) = (ablation.name(), ablation.shown_in().name);
            writeln!(page, "\n### `{name}` breaks {invariant} (profile `{profile}`)\n").expect(TEXT);
            page.push_str(&listed(&caught.steps));
        }
        page
    }
}

const TEXT: &str = "a String takes any text";

const INTRODUCTION: &str = "\
# The model

What `cargo xtask model` finds: an exhaustive search over the upload protocol whose decisions are those of
`domain::lifecycle::decide` and `domain::change`, the functions the server runs. Between any two calls of the catalog or
the store everything else may happen: crashes, lost answers, requests that land later, parts that are sent late or
again, deadlines that pass.

Held against every state: I1 (CREATED lies in the store as recorded), I2 (a visible object has a row that accounts for
it), I4 (states only move forward), I6 (destruction only under a row that has ended), I7 (one event, all announced roles
or none), I9 (what somebody must move has a time), rule 7 (HEAD decides: no commit is ended over its right object unless
by its owner). L1 is held against every state too: from there, with no more faults, the jobs do what `lifecycle::duty` says
they owe, and every file must end CREATED or CLOSED, what is closed with nothing left in the store. That is one fair
continuation of each state, not all.

Beyond the model: parts and openings that land after the last look at a closed file, eight days after it closed, and
second uploads on a published file's key are reconcile's; objects deleted by hand and catalogs that lose commits are
outside the assumptions.
";

fn listed(steps: &[String]) -> String {
    steps.iter().enumerate().fold(String::new(), |mut text, (index, step)| {
        writeln!(text, "{}. {step}", index + 1).expect(TEXT);
        text
    })
}

/// A number with a comma at every third digit.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([7, 123, 1_234, 1_234_567].map(grouped), ["7", "123", "1,234", "1,234,567"]);
    }
}
