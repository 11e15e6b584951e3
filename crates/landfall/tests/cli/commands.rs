//! Commands that need no server: token, config, openapi, completions, migrate, and what every command shares.

use std::fs;
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::Value;

use super::process::{Running, finish, json, landfall, run};

#[test]
fn a_token_before_the_first_start_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let said = run(home.path(), &["token", "--data", "data", "--owner", "42"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("error: data/secret does not exist\n"), "{said:?}");
    let program = env!("CARGO_BIN_EXE_landfall");
    let hint = format!("hint: nothing has run there yet: start `{program} serve` first");
    assert!(said.err.contains(&hint), "{said:?}");
    assert_eq!(said.out, "");
    assert!(!home.path().join("data").exists(), "asking for a token makes nothing");
}

#[test]
fn tokens_need_a_sensible_owner_life_and_scope() {
    let home = tempfile::tempdir().unwrap();
    for wrong in [
        &["token"][..],
        &["token", "--owner", ""],
        &["token", "--owner", "42", "--ttl", "90"],
        &["token", "--owner", "42", "--ttl", "0s"],
        &["token", "--owner", "42", "--ttl", "367d"],
        &["token", "--owner", "42", "--scope", "root"],
        &["token", "--owner", "42", "--capability"],
        &["token", "--owner", "42", "--collection", "videos"],
        &["token", "--owner", "42", "--max-size", "1 GiB"],
        &["token", "--owner", "42", "--capability", "--collection", "Videos"],
        &["token", "--owner", "42", "--capability", "--collection", "videos", "--max-size", "0 B"],
        &["token", "--owner", "42", "--capability", "--collection", "videos", "--scope", "admin"],
        &["token", "--owner", "42", "--capability", "--collection", "videos", "--ttl", "59s"],
        &["token", "--owner", "42", "--capability", "--collection", "videos", "--ttl", "8d"],
    ] {
        let said = run(home.path(), wrong);
        assert_eq!(said.code, 2, "{wrong:?}: {said:?}");
    }
}

#[test]
fn a_configured_secret_needs_no_first_start() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("secret"), "0123456789abcdef0123456789abcdef\n").unwrap();
    fs::write(home.path().join("landfall.toml"), "[auth]\nhs256_secret_file = \"secret\"").unwrap();
    let arguments =
        ["token", "--config", "landfall.toml", "--owner", "42", "--scope", "admin", "--ttl", "2h", "--json"];
    let minted = json(home.path(), &arguments);
    assert_eq!((minted["owner"].as_str(), minted["scope"].as_str()), (Some("42"), Some("admin")));
    assert_eq!(minted["token"].as_str().unwrap().split('.').count(), 3);
    assert!(minted["expires_at"].as_str().unwrap().ends_with('Z'), "{minted}");
}

#[test]
fn a_capability_opens_configured_collections() {
    let home = tempfile::tempdir().unwrap();
    let config = "[server]\npublic_url = \"https://up.example.com\"\n\
                  [auth]\nhs256_secret = \"0123456789abcdef0123456789abcdef\"";
    fs::write(home.path().join("landfall.toml"), config).unwrap();
    let with = |more: &[&'static str]| {
        let first = ["token", "--config", "landfall.toml", "--owner", "42", "--capability", "--collection"];
        [&first[..], more].concat()
    };
    let minted = json(home.path(), &with(&["videos", "--max-size", "1 MiB", "--ttl", "2h", "--json"]));
    let token = minted["token"].as_str().unwrap();
    assert!(token.starts_with("cap_"), "{minted}");
    assert_eq!(minted["endpoint"].as_str(), Some(format!("https://up.example.com/c/{token}").as_str()));
    assert_eq!(
        (minted["collections"].to_string(), minted["max_size"].as_u64()),
        ("[\"videos\"]".into(), Some(1 << 20))
    );
    let said = run(home.path(), &with(&["videos", "--collection", "images"]));
    assert!(said.code == 0 && said.out.starts_with("cap_") && said.out.lines().count() == 1, "{said:?}");
    let wrong = run(home.path(), &with(&["nothing"]));
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("there is no collection nothing") && wrong.err.contains("hint: "), "{wrong:?}");
}

#[test]
fn the_printed_configuration_can_be_given_back() {
    let home = tempfile::tempdir().unwrap();
    let first = run(home.path(), &["config", "--listen", "127.0.0.1:7070"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.out.contains("listen = \"127.0.0.1:7070\""), "{}", first.out);
    let data = home.path().join(".local/share/landfall");
    assert!(first.out.contains(&format!("data = \"{}\"", data.display())), "{}", first.out);
    fs::write(home.path().join("landfall.toml"), &first.out).unwrap();
    let again = finish(landfall(home.path()).arg("config").env("LANDFALL_CONFIG", "landfall.toml"));
    assert_eq!((again.code, again.out), (0, first.out));
}

#[test]
fn variables_and_flags_reach_the_configuration_and_secrets_do_not_show() {
    let home = tempfile::tempdir().unwrap();
    let secret = "a secret of at least thirty-two bytes";
    let mut command = landfall(home.path());
    command.env("LANDFALL_UPLOADS__IDLE", "5h").env("LANDFALL_AUTH__HS256_SECRET", secret);
    command.env("LANDFALL_LISTEN", "127.0.0.1:7071").env("LANDFALL_DATA", "elsewhere");
    let said = finish(command.args(["config", "--json"]));
    let config: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(config["uploads"]["idle"], "5h");
    assert_eq!(config["server"]["listen"], "127.0.0.1:7071");
    assert_eq!(config["server"]["data"], "elsewhere");
    assert!(!said.out.contains(secret) && !said.err.contains(secret), "{said:?}");
}

#[test]
fn a_wrong_configuration_stops_every_command_with_the_key_and_a_hint() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("landfall.toml"), "[uploads]\nidel = \"48h\"").unwrap();
    for command in ["serve", "config", "migrate", "reap"] {
        let said = run(home.path(), &[command, "--config", "landfall.toml"]);
        assert_eq!(said.code, 3, "{command}: {said:?}");
        let expected = "error: unknown key uploads.idel in landfall.toml\nhint: did you mean uploads.idle?\n";
        assert_eq!(said.err, expected, "{command}");
    }
    assert_eq!(run(home.path(), &["config", "--config", "landfall.toml", "--defaults"]).code, 0);
    let absent = run(home.path(), &["config", "--config", "absent.toml"]);
    assert_eq!(absent.code, 3, "{absent:?}");
    assert!(absent.err.starts_with("error: cannot read absent.toml: "), "{absent:?}");
}

#[test]
fn a_configuration_that_is_no_file_is_refused_and_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    mkfifoat(CWD, at("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
    mkfifoat(CWD, at("fifo\u{202e}\u{1b}[2J"), Mode::RUSR).unwrap();
    fs::create_dir(at("folder")).unwrap();
    let _listener = UnixListener::bind(at("socket")).unwrap();
    fs::write(at("secret in a fifo"), "[auth]\nhs256_secret_file = \"fifo\"").unwrap();
    fs::write(at("large"), "#".repeat(2 << 20)).unwrap();
    for (name, why) in [
        ("fifo", "cannot read fifo: it is a FIFO, not a regular file"),
        ("fifo\u{202e}\u{1b}[2J", "cannot read fifo\\u{202e}\\u{1b}[2J: it is a FIFO"),
        ("folder", "cannot read folder: it is a folder, not a regular file"),
        ("socket", "cannot read socket: it is a socket, not a regular file"),
        ("/dev/zero", "cannot read /dev/zero: it is a device, not a regular file"),
        ("large", "cannot read large: it has more than 1048576 bytes"),
        ("secret in a fifo", "cannot read fifo: it is a FIFO, not a regular file"),
    ] {
        let said = run(home.path(), &["config", "--config", name]);
        assert_eq!(said.code, 3, "{name}: {said:?}");
        assert!(said.err.contains(why), "{name}: {said:?}");
    }
}

#[test]
fn the_api_describes_itself() {
    let home = tempfile::tempdir().unwrap();
    let document = json(home.path(), &["openapi"]);
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/healthz"].is_object(), "{document}");
}

#[test]
fn shells_learn_the_commands() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let said = run(home.path(), &["completions", shell]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("serve") && said.out.contains("reap"), "{shell}");
    }
}

#[test]
fn help_documents_exit_codes_and_has_no_colours_in_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let help = run(home.path(), &["--help"]);
    assert!(help.out.contains("Exit codes:\n  0  done\n"), "{}", help.out);
    let wrong = run(home.path(), &["token", "--data", "data", "--owner", "42"]);
    assert!(!help.out.contains('\x1b') && !wrong.err.contains('\x1b'), "{wrong:?}");
    assert_eq!(run(home.path(), &["sevre"]).code, 2);
}

#[test]
fn migrate_says_what_it_did_and_does_it_once() {
    let home = tempfile::tempdir().unwrap();
    let first = json(home.path(), &["migrate", "--data", "data", "--json"]);
    assert!(!first["applied"].as_array().unwrap().is_empty(), "{first}");
    let second = json(home.path(), &["migrate", "--data", "data", "--json"]);
    assert_eq!(second["applied"].as_array().unwrap().len(), 0, "{second}");
    let server = Running::serve(home.path(), &[]);
    let busy = run(home.path(), &["migrate", "--data", "data"]);
    assert_eq!(busy.code, 4, "{busy:?}");
    server.stop();
}

#[test]
fn an_audit_needs_a_grace_that_says_its_unit() {
    let home = tempfile::tempdir().unwrap();
    for wrong in ["0", "48", "-1h", "367d", "500ms", "tomorrow", ""] {
        let said = run(home.path(), &["audit", "--data", "data", &format!("--grace={wrong}")]);
        assert_eq!(said.code, 2, "{wrong}: {said:?}");
        assert!(said.err.contains("--grace"), "{wrong}: {said:?}");
    }
    let said = run(home.path(), &["audit", "--data", "data", "--grace", "0s"]);
    assert_eq!(said.code, 0, "an installation that is new breaks nothing: {said:?}");
}

#[test]
fn a_prefix_is_whole_segments_of_keys() {
    let home = tempfile::tempdir().unwrap();
    for command in ["reconcile", "audit"] {
        for (wrong, advice) in [
            ("", "leave it out for all keys"),
            ("42", "write `42/`"),
            ("42/videos", "write `42/videos/`"),
            ("42/videos/ast_1/", "write `42/videos/`"),
            ("ann@example.com/", "write `~"),
        ] {
            let said = run(home.path(), &[command, "--data", "data", "--prefix", wrong]);
            assert_eq!(said.code, 2, "{wrong}: {said:?}");
            assert!(said.err.contains(advice), "{wrong}: {said:?}");
        }
        let said = run(home.path(), &[command, "--data", "data", "--prefix", "42/videos/", "--json"]);
        assert_eq!(said.code, 0, "{command}: {said:?}");
    }
}
