//! What is read, what is refused and with which words, and that printing loses nothing.

use domain::{ByteCount, MediaType, RoleName, TimeSpan, Visibility};

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Environment {
    Environment::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn load(toml: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("landfall.toml");
    std::fs::write(&path, toml).unwrap();
    Config::load(Some(&path), &variables(pairs), &Flags::default())
}

/// The error without the folder's changing name, and its hint.
fn complaint(toml: &str, pairs: &[(&str, &str)]) -> (String, String) {
    let error = load(toml, pairs).unwrap_err();
    let text = error.to_string();
    let words = text.split(' ').map(|word| match word.rfind("landfall.toml") {
        Some(at) => word[at..].to_owned(),
        None => word.to_owned(),
    });
    (words.collect::<Vec<_>>().join(" "), error.hint())
}

#[test]
fn nothing_written_means_the_defaults() {
    let config = Config::load(None, &variables(&[("HOME", "/home/you")]), &Flags::default()).unwrap();
    assert_eq!(config, Config::with_data("/home/you/.local/share/landfall"));
    assert_eq!(load("", &[]).unwrap(), Config::with_data("landfall-data"));
    let xdg = variables(&[("HOME", "/home/you"), ("XDG_DATA_HOME", "/data")]);
    assert_eq!(xdg.data_folder(), Path::new("/data/landfall"));
    assert_eq!(variables(&[("XDG_DATA_HOME", "relative")]).data_folder(), Path::new("landfall-data"));
}

#[test]
fn flags_win_over_variables_over_the_file() {
    let toml = "[server]\nlisten = \"127.0.0.1:1\"\n[store]\nlisten = \"127.0.0.1:1\"\n[uploads]\nidle = \"3h\"";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("landfall.toml");
    std::fs::write(&path, toml).unwrap();
    let environment =
        variables(&[("LANDFALL_SERVER__LISTEN", "127.0.0.1:2"), ("LANDFALL_STORE__LISTEN", "127.0.0.1:2")]);
    let flags = Flags { listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
    let config = Config::load(Some(&path), &environment, &flags).unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.store.listen.port(), 2);
    assert_eq!(config.uploads.idle, TimeSpan::from_hours(3));
}

#[test]
fn variables_take_lists_numbers_flags_and_names() {
    let config = load(
        "",
        &[
            ("LANDFALL_WEB__ORIGINS", "https://a.example.com, https://b.example.com:8443"),
            ("LANDFALL_LIMITS__BURST", "7"),
            ("LANDFALL_STORE__HASH_OWNERS", "true"),
            ("LANDFALL_COLLECTIONS__VIDEOS__ROLES__VIDEO__MAX_SIZE", "1 GiB"),
            ("LANDFALL_COLLECTIONS__CLIPS__ROLES__CLIP__MEDIA_TYPES", "video/mp4,video/webm"),
            ("LANDFALL_PORT", "tcp://10.0.0.1:80"),
        ],
    )
    .unwrap();
    assert_eq!(config.web.origins, ["https://a.example.com", "https://b.example.com:8443"]);
    assert_eq!((config.limits.burst, config.store.hash_owners), (7, true));
    assert_eq!(config.collections.0["videos"].roles["video"].max_size, ByteCount::gib(1));
    assert_eq!(config.collections.0["clips"].roles["clip"].media_types, [MediaType::Mp4, MediaType::WebM]);
}

#[test]
fn unknown_keys_are_refused_with_the_likely_one() {
    for (toml, variable, expected) in [
        ("[uploads]\nidel = \"1h\"", None, ("unknown key uploads.idel in landfall.toml", "did you mean uploads.idle?")),
        ("[upload]\nidle = \"1h\"", None, ("unknown key upload in landfall.toml", "did you mean uploads?")),
        (
            "[server]\nidle = \"1h\"",
            None,
            ("unknown key server.idle in landfall.toml", "did you mean connections.idle?"),
        ),
        ("listen = \"x\"", None, ("unknown key listen in landfall.toml", "did you mean server.listen?")),
        (
            "[collections.videos.roles.video]\nmaxsize = \"1 B\"",
            None,
            (
                "unknown key collections.videos.roles.video.maxsize in landfall.toml",
                "did you mean collections.videos.roles.video.max_size?",
            ),
        ),
        (
            "[redis]\nurl = \"x\"",
            None,
            ("unknown key redis in landfall.toml", "`landfall config --defaults` prints every key there is"),
        ),
        (
            "",
            Some("LANDFALL_UPLOADS__IDEL"),
            ("unknown key LANDFALL_UPLOADS__IDEL in the environment", "did you mean LANDFALL_UPLOADS__IDLE?"),
        ),
    ] {
        let pairs: Vec<_> = variable.map(|name| (name, "1h")).into_iter().collect();
        let (text, hint) = complaint(toml, &pairs);
        assert_eq!((text.as_str(), hint.as_str()), expected, "{toml}");
    }
}

#[test]
fn wrong_values_are_refused_with_what_is_accepted() {
    for (toml, expected) in [
        (
            "[uploads]\nidle = \"48\"",
            "uploads.idle in landfall.toml: \"48\" is not a time span such as \"48h\", \"90s\" or \"1h 30m\"",
        ),
        ("[uploads]\nidle = 48", "uploads.idle in landfall.toml: 48 must be written as text, in quotes"),
        ("[uploads]\nurl_ttl = \"8d\"", "uploads.url_ttl in landfall.toml: \"8d\" is not 1s to 7d"),
        ("[uploads]\npart_size = \"1 MiB\"", "uploads.part_size in landfall.toml: \"1 MiB\" is not 5 MiB to 5 GiB"),
        (
            "[uploads]\npart_size = \"8 Mb/s\"",
            "uploads.part_size in landfall.toml: \"8 Mb/s\" is not a size such as \"8 MiB\" or \"500 MB\"",
        ),
        ("[uploads]\nidle = \"30m\"", "uploads.idle: idle must not be shorter than url_ttl"),
        ("[limits]\nburst = 0", "limits.burst in landfall.toml: 0 is not a whole number from 1 to 1000000"),
        ("[limits]\nburst = -1", "limits.burst in landfall.toml: -1 is not a whole number from 1 to 1000000"),
        ("[store]\nkind = \"disk\"", "store.kind in landfall.toml: \"disk\" is not one of \"embedded\", \"s3\""),
        (
            "[store]\nhash_owners = \"yes\"",
            "store.hash_owners in landfall.toml: \"yes\" is neither true nor false (without quotes)",
        ),
        (
            "[store]\nprivate_bucket = \"A\"",
            "store.private_bucket in landfall.toml: \"A\" is no bucket name: 3 to 63 of a-z, 0-9, - and .",
        ),
        (
            "[store]\npublic_bucket = \"landfall-private\"",
            "store.public_bucket: must be another bucket than private_bucket: everybody can read what is in it",
        ),
        ("[store]\naccess_key_id = \"AK\"", "store.secret_access_key: is missing beside access_key_id"),
        (
            "[server]\nlisten = \"8080\"",
            "server.listen in landfall.toml: \"8080\" is not an IP address and a port such as \"127.0.0.1:8080\" or \"[::]:8080\"",
        ),
        ("server = 1", "server in landfall.toml: must be a table, in a section of its own"),
        (
            "[collections.videos]\nroles = 1",
            "collections.videos.roles in landfall.toml: must be a table, in a section of its own",
        ),
        (
            "[collections.X.roles.a]\nmedia_types = [\"video/mp4\"]",
            "collections.X: names have 1 to 32 characters: a-z first, then a-z, 0-9 and _",
        ),
        ("[collections.clips]", "collections.clips: has no role; write [collections.NAME.roles.ROLE]"),
        ("[collections.clips.roles.clip]", "collections.clips.roles.clip.media_types: must name at least one type"),
        (
            "[collections.admin.roles.a]\nmedia_types = [\"video/mp4\"]",
            "collections.admin: is the name of another part of the API; choose another",
        ),
        (
            "[auth]\nhs256_secret = \"short\"",
            "auth.hs256_secret: has 5 bytes; HS256 needs at least 32 (RFC 7518, section 3.2)",
        ),
        ("[auth]\nhs256_secret_file = \"/nonexistent/secret\"", "cannot read /nonexistent/secret"),
        ("[delivery]\nttl = \"7d\"", "delivery.ttl: and delivery.window together must not be over 7d, SigV4's limit"),
        (
            "[web]\norigins = [\"https://a.example.com/\"]",
            "web.origins in landfall.toml: \"https://a.example.com/\" is not an origin such as \"https://app.example.com\"",
        ),
        (
            "[telemetry]\nlog = \"x=y=z\"",
            "telemetry.log in landfall.toml: \"x=y=z\" is not a level (error, warn, info, debug, trace) or a list of module=level",
        ),
    ] {
        assert_eq!(complaint(toml, &[]).0, expected, "{toml}");
    }
    let never = complaint("[expire]\ncron = \"0 0 30 2 *\"", &[]).0;
    assert_eq!(never, "expire.cron: \"0 0 30 2 *\" names no time that ever comes");
    let cron = complaint("[expire]\ncron = \"every night\"", &[]).0;
    assert!(cron.starts_with("expire.cron: \"every night\" is not a cron expression"), "{cron}");
    let zone = complaint("[expire]\ntime_zone = \"Mars/Olympus\"", &[]).0;
    assert!(zone.starts_with("expire.time_zone: \"Mars/Olympus\" is not a time zone"), "{zone}");
    let syntax = complaint("[server]\nlisten = ", &[]).0;
    assert!(syntax.starts_with("landfall.toml:2: not valid TOML: "), "{syntax}");
}

#[test]
fn secrets_are_shown_nowhere() {
    let secret = "a very secret text of at least 32 bytes";
    let toml = format!(
        "[auth]\nhs256_secret = \"{secret}\"\n[store]\naccess_key_id = \"AK\"\nsecret_access_key = \"{secret}\""
    );
    let config = load(&toml, &[]).unwrap();
    assert_eq!(config.auth.secret().unwrap().unwrap().expose(), secret);
    for shown in [format!("{config:?}"), config.to_toml()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let twice = format!("[auth]\nhs256_secret = \"{secret}\"\nhs256_secret_file = \"x\"");
    let broken = format!("[auth]\nhs256_secret = \"{secret}\n");
    let typed = "[auth]\nhs256_secret = 5550123".to_owned();
    for toml in [twice, broken, typed] {
        let error = load(&toml, &[]).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(secret) && !shown.contains("5550123"), "{shown}");
    }
}

#[test]
fn secrets_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
    let config = load("", &[("LANDFALL_AUTH__HS256_SECRET_FILE", path.to_str().unwrap())]).unwrap();
    assert_eq!(config.auth.secret().unwrap().unwrap().expose(), "0123456789abcdef0123456789abcdef");
}

#[test]
fn collections_are_laid_over_the_defaults() {
    let toml = "[collections.images]\nenabled = false\n\
        [collections.videos.roles.preview]\nenabled = false\n\
        [collections.videos.roles.thumbnail]\nrequired = true\n\
        [collections.clips.roles.clip]\nvisibility = \"public\"\nmax_size = \"20 MiB\"\nmedia_types = [\"video/mp4\"]";
    let collections = load(toml, &[]).unwrap().collections.collections().unwrap();
    let names: Vec<_> = collections.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["clips", "videos"]);
    let videos = collections.values().find(|collection| collection.name.as_str() == "videos").unwrap();
    let roles: Vec<_> = videos.roles.keys().map(RoleName::as_str).collect();
    assert_eq!(roles, ["thumbnail", "video"]);
    assert_eq!(videos.required_roles().count(), 2);
    let clip = collections.values().next().unwrap().roles.values().next().unwrap();
    assert_eq!((clip.visibility, clip.max_size), (Visibility::Public, ByteCount::mib(20)));
}

#[test]
fn what_is_printed_reads_back_as_the_same() {
    let everything = "[server]\ndata = \"/d\"\npublic_url = \"https://api.example.com\"\n\
        [web]\norigins = [\"https://a.example.com\"]\n[catalog]\nsqlite = \"/c.sqlite\"\n\
        [store]\nkind = \"s3\"\nendpoint = \"http://127.0.0.1:9000\"\nprefix = \"a/b/\"\npath_style = false\nhash_owners = true\n\
        [collections.images]\nenabled = false\n\
        [collections.clips.roles.clip]\nmax_size = \"500 MB\"\nmedia_types = [\"video/mp4\"]\n\
        [uploads]\nidle = \"90m\"\nurl_ttl = \"90s\"\npart_size = \"5242881 B\"\n\
        [expire]\ncron = \"*/5 2 * * 1\"\ntime_zone = \"UTC\"\n[delivery]\nwindow = \"1s\"\n\
        [auth]\nissuer = \"a \\\"quoted\\\" issuer\"\nleeway = \"0s\"\n[limits]\nreserved_bytes = \"1.5 TiB\"\n\
        [telemetry]\nlog_format = \"json\"\nlog = \"warn,server=debug\"\nprometheus = false";
    for config in [Config::with_data("/var/lib/landfall"), load(everything, &[]).unwrap()] {
        let printed = config.to_toml();
        assert_eq!(load(&printed, &[]).unwrap(), config, "{printed}");
    }
}

#[test]
fn the_printed_defaults_explain_themselves() {
    insta::assert_snapshot!(Config::with_data("/var/lib/landfall").to_toml());
}

#[test]
fn an_address_is_written_as_browsers_write_it_or_refused() {
    let public = |url: &str| load(&format!("[server]\npublic_url = {}", toml::Value::from(url)), &[]);
    for url in [
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com:443",
        "http://localhost:80/landfall/",
        "http://[::1]:8080/a/b-c_d.e~f",
    ] {
        assert_eq!(public(url).unwrap().server.public_url.as_deref(), Some(url));
    }
    for (url, wrong) in [
        (" https://api.example.com", "holds blanks or control characters"),
        ("https://api.example.com/a b", "holds blanks or control characters"),
        ("https://api.example.com/a\n", "holds blanks or control characters"),
        ("https://api.example.com/\u{1b}[2J", "holds blanks or control characters"),
        ("api.example.com", "is not a URL"),
        ("https://", "is not a URL"),
        ("ftp://api.example.com", "must be http:// or https:// with a host"),
        ("HTTPS://api.example.com", "must be http:// or https:// with a host"),
        ("https:api.example.com", "must be http:// or https:// with a host"),
        ("https:\\\\api.example.com", "must be http:// or https:// with a host"),
        ("https://ann:s3cret@api.example.com", "no user, query or fragment"),
        ("https://api.example.com?", "no user, query or fragment"),
        ("https://api.example.com/#", "no user, query or fragment"),
        ("https://api.example.com/?s3cret=1", "no user, query or fragment"),
        ("https://API.example.com", "must name its host as browsers do: api.example.com"),
        ("https://예.kr", "must name its host as browsers do: xn--"),
        ("https://0x7f.1", "must name its host as browsers do: 127.0.0.1"),
        ("https://api.example.com:0443", "must name its host"),
        ("https://api.example.com:", "must name its host"),
        ("https:///api.example.com", "must name its host"),
        ("https://api.example.com//", "between single slashes"),
        ("https://api.example.com/a//b", "between single slashes"),
        ("https://api.example.com/a/../b", "between single slashes"),
        ("https://api.example.com/./a", "between single slashes"),
        ("https://api.example.com/%zz", "between single slashes"),
        ("https://api.example.com/%2e%2e", "between single slashes"),
        ("https://api.example.com/a\\b", "between single slashes"),
        ("https://api.example.com/영상", "between single slashes"),
    ] {
        let (told, _) = complaint(&format!("[server]\npublic_url = {}", toml::Value::from(url)), &[]);
        assert!(told.starts_with("server.public_url in landfall.toml: ") && told.contains(wrong), "{url}: {told}");
        assert!(!told.contains("s3cret") && !told.contains(char::is_control), "{url}: {told}");
    }
}

#[test]
fn a_drill_is_opened_by_its_variable_alone_and_on_loopback_alone() {
    let drill = ("LANDFALL_TEST_FAIL_POINTS", "a/folder");
    let config = load("", &[drill]).unwrap();
    assert_eq!(config.drill.as_deref(), Some(std::path::Path::new("a/folder")));
    assert!(!config.to_toml().contains("drill"), "nothing prints it");
    assert_eq!(load("", &[]).unwrap().drill, None);
    for key in ["server", "store"] {
        let (text, _) = complaint(&format!("[{key}]\nlisten = \"0.0.0.0:1\""), &[drill]);
        let wrong = format!("is for tests on this machine alone, and {key}.listen is 0.0.0.0:1");
        assert_eq!(text, format!("LANDFALL_TEST_FAIL_POINTS: {wrong}"));
    }
}

#[test]
fn any_address_is_reached_by_loopback() {
    let url = |text: &str| local_url(text.parse().unwrap());
    assert_eq!(url("0.0.0.0:80"), "http://127.0.0.1:80");
    assert_eq!(url("[::]:9000"), "http://[::1]:9000");
    assert_eq!(url("192.0.2.1:9000"), "http://192.0.2.1:9000");
}

#[test]
fn our_own_pages_may_use_the_store_beside_the_named_ones() {
    let named = "[web]\norigins = [\"https://a.example.com\"]\n";
    let public = "[server]\npublic_url = \"https://api.example.com/landfall\"\n";
    let local = ["https://a.example.com", "http://127.0.0.1:8080", "http://localhost:8080"];
    for (text, origins) in [
        (String::new(), &[][..]),
        (public.to_owned(), &[]),
        (named.to_owned(), &local),
        (format!("{named}{public}"), &["https://a.example.com", "https://api.example.com"]),
        (format!("{named}[server]\nlisten = \"127.0.0.1:0\"\n"), &[]),
    ] {
        assert_eq!(load(&text, &[]).unwrap().page_origins(), origins, "{text}");
    }
}

#[test]
fn addresses_that_only_this_machine_reaches_are_told() {
    let told = |text: &str| {
        let warnings = load(text, &[]).unwrap().warnings();
        let keys = warnings.iter().map(|warning| warning.rsplit("; set ").next().unwrap().split(' ').next().unwrap());
        keys.map(str::to_owned).collect::<Vec<_>>()
    };
    let (api, store) = ("server.public_url", "store.public_endpoint");
    for (text, keys) in [
        ("", &[][..]),
        ("[server]\nlisten = \"0.0.0.0:8080\"", &[api, store]),
        ("[server]\nlisten = \"[::]:8080\"\npublic_url = \"https://a.example.com\"", &[store]),
        ("[server]\npublic_url = \"https://a.example.com/x\"", &[store]),
        ("[server]\npublic_url = \"http://localhost:80\"", &[]),
        ("[store]\nlisten = \"0.0.0.0:9000\"", &[store]),
        ("[server]\nlisten = \"192.0.2.1:80\"\n[store]\nlisten = \"192.0.2.1:90\"", &[]),
        ("[store]\nkind = \"s3\"\n[server]\nlisten = \"0.0.0.0:80\"", &[api]),
        (
            "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"http://a.test\"\n[store]\npublic_endpoint = \"http://s.test\"",
            &[],
        ),
    ] {
        assert_eq!(told(text), keys, "{text}");
    }
    let warnings = load("[server]\nlisten = \"0.0.0.0:8080\"", &[]).unwrap().warnings();
    assert!(warnings[0].contains("http://127.0.0.1:8080"), "{warnings:?}");
}

/// Types in both ends of every range that the comments name.
#[test]
fn what_the_comments_accept_is_accepted() {
    let printed = Config::with_data("/d").to_toml();
    let (mut section, mut comment, mut tried) = (String::new(), String::new(), 0);
    for line in printed.lines() {
        let unset = line.strip_prefix("# ").filter(|line| {
            line.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        });
        if let (None, Some(words)) = (unset, line.strip_prefix('#')) {
            comment.push_str(words);
            continue;
        }
        if line.starts_with('[') {
            section = line.to_owned();
            continue;
        }
        let comment = std::mem::take(&mut comment);
        let Some((key, value)) = unset.unwrap_or(line).split_once(" = ") else { continue };
        let Some((_, accepts)) = comment.rsplit_once(" Accepts ") else { continue };
        let Some((low, high)) = accepts.trim_end_matches('.').split_once(" to ") else { continue };
        for end in [low, high] {
            let written = if value.starts_with('"') { format!("\"{end}\"") } else { end.to_owned() };
            match load(&format!("{section}\n{key} = {written}"), &[]) {
                // By itself it is right; beside the defaults of other keys it may not be.
                Ok(_) | Err(ConfigError::Relation { .. }) => tried += 1,
                Err(wrong) => panic!("{key} = {written}: {wrong}"),
            }
        }
    }
    assert!(tried > 20, "only {tried} ends of ranges were found");
}
