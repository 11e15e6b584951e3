//! A run follows from its seed, is as large as it must be, and breaks no law.

use sim::{Assets, Campaign, Endless, Plan, Trace, kept_seeds, run};

fn plan(seed: u64) -> Plan {
    Plan { seed, ablation: None, trace: Trace::Kept }
}

#[test]
fn a_seed_is_a_run() {
    for seed in [0, 1, 17, 4_711] {
        let (first, second) = (run(plan(seed)), run(plan(seed)));
        assert!(first.trace.len() > 200, "{} steps", first.trace.len());
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.tally, second.tally);
    }
    assert_ne!(run(plan(0)).trace, run(plan(1)).trace);
}

#[test]
fn kept_seeds_keep_every_law() {
    for kept in kept_seeds() {
        assert_eq!(run(plan(kept.seed)).breach, None, "{kept:?}");
    }
}

#[test]
fn a_seed_is_as_large_as_it_must_be() {
    let findings = Campaign { first: 0, seeds: 300, ablation: None }.run(&Endless);
    assert_eq!(findings.failures, []);
    assert_eq!(findings.seeds, 300);
    assert!(findings.tally.port_calls >= 200 * findings.seeds, "{}", findings.report());
    assert!(findings.tally.faults >= 5 * findings.seeds, "{}", findings.report());
    assert!(findings.tally.crashes >= findings.seeds, "{}", findings.report());
    assert!(findings.coverage.surprising().is_empty(), "{}", findings.report());
    // The storm leaves room for success: a simulation in which nothing is ever published proves nothing.
    let Assets { reserved, created, undeclared, left_alone } = findings.assets;
    // Where a clock is hours off, the store takes no URL of the server's.
    assert!(reserved >= 3 * findings.seeds && created * 10 >= reserved * 3, "{}", findings.report());
    assert!(undeclared * 10 >= findings.seeds && left_alone * 10 >= findings.seeds, "{}", findings.report());
}
