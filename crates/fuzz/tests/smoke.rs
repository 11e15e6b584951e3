//! A short run of every target with a fixed seed, in every test run: the corpus with all that ever broke, and some
//! thousands of mutations of it.

use fuzz::TARGETS;

fn smoke(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let report = fuzz::run(target, 1, |inputs| inputs < target.smoke_inputs).expect("a corpus");
    if let Some(crash) = report.crash {
        panic!("{name} broke: {}\nby {:?}", crash.message, String::from_utf8_lossy(&crash.input));
    }
    // A target that only ever refuses is not tried at all.
    assert!(report.kinds >= 4, "{name} had {} kinds of outcome", report.kinds);
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            smoke(stringify!($name));
        })*

        #[test]
        fn every_target_is_tried() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

targets!(keys, parts, bodies, answers, signer, doors, journal);

/// The driver finds what is there to be found, and makes it short.
#[test]
fn a_planted_defect_is_found_and_shortened() {
    let planted = fuzz::Target {
        name: "keys",
        law: "no input holds a tilde after a slash",
        run: |input| {
            assert!(!input.windows(2).any(|pair| pair == b"/~"), "planted");
            0
        },
        smoke_inputs: 0,
    };
    let crash = fuzz::run(&planted, 1, |inputs| inputs < 100_000).expect("a corpus").crash.expect("it is found");
    assert_eq!((crash.input.as_slice(), crash.message.as_str()), (b"/~".as_slice(), "planted"));
}
